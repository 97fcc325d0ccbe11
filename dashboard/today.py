"""The sessions of today: where and in what state they are, and the way to the live picture."""

from datetime import date, timedelta

import streamlit as st

from dashboard import tables
from dashboard.access import may_watch, viewer
from dashboard.db import read_fresh
from dashboard.i18n import t
from dashboard.parts import nothing_here
from dashboard.tables import Action, Column
from data_access.openings import ON_NOW, sessions_on
from domain.periods import Period
from domain.vocabulary import Role


@st.fragment(run_every="30s")
def sessions_of(day: date) -> None:
    """The table, read anew every half minute: states change while the page stands open."""
    sessions = read_fresh(sessions_on, Period(day, day + timedelta(days=1)))
    on_now = int(sessions["status"].isin(ON_NOW).sum())
    st.markdown(f"**{t('overview.today', sessions=len(sessions), on_now=on_now)}**")
    if sessions.empty:
        nothing_here(t("overview.nothing_today"), t("overview.nothing_today_help"))
        return
    role = viewer().role
    states = zip(sessions["status"], sessions["room_type"], strict=True)
    watch = [_live_label(status, room_type, role) for status, room_type in states]
    tables.show(
        sessions,
        {
            "planned_start": Column(t("column.planned"), "clock", 64),
            "status": Column(t("column.status"), "state", 90, codes="session_status"),
            "type": Column(t("column.type"), width=90, codes="session_type"),
            "room": Column(t("column.room"), width=110),
            "project": Column(t("column.project"), width="large"),
            "supervision": Column(t("column.supervised"), codes="supervision"),
        },
        key="today",
        alt=t("overview.today", sessions=len(sessions), on_now=on_now),
        actions=(
            Action("live", "session", watch),
            Action("opening", "id"),
        ),
        rows_shown=8,
    )


def _live_label(status: str, room_type: object, role: Role) -> str:
    """Only what is on now and the viewer may see can be watched."""
    watchable = status in ON_NOW and isinstance(room_type, str) and may_watch(role, room_type)
    return t("word.watch") if watchable else ""
