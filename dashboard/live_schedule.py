"""The schedule beside the live pictures: what is on now to choose from, what comes and what was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.access import Viewer, may_watch
from dashboard.db import read_fresh
from dashboard.i18n import t
from dashboard.navigation import file_of
from dashboard.parts import facts, local_time, plain, time_range
from data_access.schedule_view import LotLine, ScheduledSession, just_ended, next_up, on_now, session_with_id
from data_access.settings import settings
from domain.periods import SHANGHAI

_CHOICE = "live_choice"
_LINK = "session"
_LOTS_SHOWN = 3
_LISTED = 4


def chosen_session(person: Viewer) -> ScheduledSession | None:
    """The session that the link names; without one the first on now that the person may watch, put there."""
    named = st.query_params.get(_LINK, "")
    if named.isdecimal() and int(named) < 1 << 31:
        found = read_fresh(session_with_id, int(named))
        if found is not None:
            return found
    on = read_fresh(on_now, datetime.now(UTC))
    first = next((held for held in on if _may_watch(person, held)), next(iter(on), None))
    if first is not None:
        st.query_params[_LINK] = str(first.id)
    return first


def _may_watch(person: Viewer, held: ScheduledSession) -> bool:
    return may_watch(person.role, held.room_type or "")


def choose_session(shown: ScheduledSession | None) -> None:
    """The sessions on now; choosing another one plays it."""
    now = datetime.now(UTC)
    on = {held.id: held for held in read_fresh(on_now, now)}
    with _titled(t("live.on_now", sessions=len(on))):
        _follow(shown, tuple(on))
        if not on:
            st.caption(t("live.nothing_on"))
            return
        st.session_state[_CHOICE] = shown.id if shown and shown.id in on else None
        st.radio(
            t("live.choose"),
            list(on),
            format_func=lambda one: _line(on[one], on[one].actual_start or on[one].planned_start, now),
            captions=[plain(_projects(held)) for held in on.values()],
            key=_CHOICE,
            on_change=_keep_in_link,
            label_visibility="collapsed",
        )


def _keep_in_link() -> None:
    st.query_params[_LINK] = str(st.session_state[_CHOICE])


@st.fragment(run_every="10s")
def _follow(shown: ScheduledSession | None, listed: tuple[int, ...]) -> None:
    """Shows the page anew when a session has begun or ended."""
    on = {held.id: held for held in read_fresh(on_now, datetime.now(UTC))}
    status_now = on[shown.id].status if shown and shown.id in on else None
    if tuple(on) != listed or (shown and shown.id in on and status_now != shown.status):
        st.rerun()


def session_facts(person: Viewer, held: ScheduledSession) -> None:
    """Project, lots, room, type, method and times of a session, and the way to its footage while kept."""
    lots = "；".join(_lot(lot, held) for lot in held.lots[:_LOTS_SHOWN])
    if len(held.lots) > _LOTS_SHOWN:
        lots = t("live.more_lots", lots=lots, count=len(held.lots))
    method = t(f"method.{held.method or 'unknown'}")
    begun = local_time(held.actual_start) if held.actual_start else t("live.not_begun")
    facts(
        held.code,
        {
            t("column.project"): _projects(held),
            t("live.lots"): lots,
            t("column.room"): _room(held),
            t("column.type"): f"{t(f'session_type.{held.type}')} · {method}",
            t("live.planned"): time_range(held.planned_start, held.planned_end),
            t("live.actual"): time_range(held.actual_start, held.actual_end) if held.actual_end else begun,
        },
    )
    kept_since = datetime.now(UTC) - timedelta(days=settings().online_days)
    if held.actual_start and held.actual_start > kept_since and _may_watch(person, held):
        _footage_link(held, t("live.footage"))


def _lot(lot: LotLine, held: ScheduledSession) -> str:
    """Number and title; the number only when the project has the same title."""
    return lot.section_code if lot.title in held.projects else f"{lot.section_code} {lot.title}"


def _footage_link(held: ScheduledSession, label: str) -> None:
    st.page_link(
        file_of("footage"),
        label=label,
        icon=":material/history:",
        query_params={"session": str(held.id)},
        width="content",
    )


@st.fragment(run_every="30s")
def coming_up() -> None:
    """What comes next."""
    now = datetime.now(UTC)
    coming = read_fresh(next_up, now, _LISTED)
    with _titled(t("live.next")):
        for held in coming:
            _entry(held, _line(held, held.planned_start, now))
        if not coming:
            st.caption(t("live.none_planned"))


@st.fragment(run_every="30s")
def just_over(person: Viewer) -> None:
    """What has just ended, with the way to its footage."""
    now = datetime.now(UTC)
    over = read_fresh(just_ended, now, _LISTED)
    with _titled(t("live.ended")):
        for held in over:
            line = _line(held, held.actual_end or held.planned_start, now)
            _entry(held, line, with_footage=_may_watch(person, held))
        if not over:
            st.caption(t("live.none_ended"))


def _titled(title: str) -> DeltaGenerator:
    box = st.container(border=True, gap="xsmall")
    box.markdown(f"**{title}**")
    return box


def _entry(held: ScheduledSession, line: str, *, with_footage: bool = False) -> None:
    with st.container(gap=None):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f":small[{line}]", width="content")
            if with_footage:
                _footage_link(held, t("nav.footage"))
        st.caption(plain(_projects(held)))


def _line(held: ScheduledSession, when: datetime, now: datetime) -> str:
    same_day = when.astimezone(SHANGHAI).date() == now.astimezone(SHANGHAI).date()
    clock = local_time(when)[-5:] if same_day else local_time(when)[5:]
    return f"**{plain(_room(held))}** · {t(f'session_type.{held.type}')} · {clock}"


def _room(held: ScheduledSession) -> str:
    return held.room_name or t("word.off_site" if held.off_site else "live.no_room")


def _projects(held: ScheduledSession) -> str:
    return "；".join(held.projects) or held.code
