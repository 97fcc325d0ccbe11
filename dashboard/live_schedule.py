"""The schedule beside the live pictures: the session that is looked at, what comes and what was."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.access import Viewer, may_watch
from dashboard.db import read_fresh
from dashboard.i18n import t
from dashboard.links import to_page
from dashboard.parts import local_time, plain
from data_access.schedule_view import ScheduledSession, just_ended, next_up, on_now, session_with_id
from data_access.settings import settings
from domain.periods import SHANGHAI
from domain.vocabulary import SessionStatus

SESSION_IN_LINK = "session"
_LISTED = 4


def chosen_session() -> ScheduledSession | None:
    """The session that the link names; None for the wall of all."""
    named = st.query_params.get(SESSION_IN_LINK, "")
    if not named.isdecimal() or int(named) >= 1 << 31:
        return None
    return read_fresh(session_with_id, int(named))


def why_nothing(held: ScheduledSession, now: datetime, rooms: Collection[int]) -> tuple[str, str] | None:
    """Why there is no live picture of the session and what to do; None when there should be one.

    Args:
        rooms: those that have a camera.
    """
    if held.status in {SessionStatus.DONE, SessionStatus.CANCELLED}:
        return t("live.over"), t("live.over_help")
    if held.actual_start is None and held.planned_start > now:
        return t("live.not_yet", time=local_time(held.planned_start)), t("live.not_yet_help")
    if held.room_id not in rooms:
        return t("live.no_camera"), t("live.no_camera_help")
    return None


@st.fragment(run_every="10s")
def follow(shown: ScheduledSession | None, listed: Collection[tuple[int, str]]) -> None:
    """Shows the page anew when a session has begun or ended.

    Args:
        shown: the session that the page shows.
        listed: `sessions_on` when the page was made.
    """
    changed = shown is not None and read_fresh(session_with_id, shown.id) != shown
    if changed or sessions_on() != listed:
        st.rerun()


def sessions_on() -> list[tuple[int, str]]:
    """The sessions on now and their states."""
    return [(held.id, held.status) for held in read_fresh(on_now, datetime.now(UTC))]


def footage_of(person: Viewer, held: ScheduledSession) -> None:
    """The way to the session's footage, while it is kept and for who may see it."""
    kept_since = datetime.now(UTC) - timedelta(days=settings().online_days)
    if held.actual_start and held.actual_start > kept_since and _may_watch(person, held):
        to_page("footage", t("live.footage"), ":material/history:", session=str(held.id))


def _may_watch(person: Viewer, held: ScheduledSession) -> bool:
    return may_watch(person.role, held.room_type or "")


@st.fragment(run_every="30s")
def coming_up() -> None:
    """What comes next."""
    now = datetime.now(UTC)
    coming = read_fresh(next_up, now, _LISTED)
    with _titled(t("live.next")):
        for held in coming:
            _entry(held, held.planned_start, now)
        if not coming:
            st.caption(t("live.none_planned"))


@st.fragment(run_every="30s")
def just_over(person: Viewer) -> None:
    """What has just ended, with the way to its footage."""
    now = datetime.now(UTC)
    over = read_fresh(just_ended, now, _LISTED)
    with _titled(t("live.ended")):
        for held in over:
            _entry(held, held.actual_end or held.planned_start, now, with_footage=_may_watch(person, held))
        if not over:
            st.caption(t("live.none_ended"))


def _titled(title: str) -> DeltaGenerator:
    box = st.container(border=True, gap="xsmall")
    box.markdown(f"**{title}**")
    return box


def _entry(held: ScheduledSession, when: datetime, now: datetime, *, with_footage: bool = False) -> None:
    label = f"**{plain(room_of(held))}** · {t(f'session_type.{held.type}')} · {clock_of(when, now)}"
    with st.container(gap=None):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            to_page("live", label, session=str(held.id))
            if with_footage:
                to_page("footage", t("nav.footage"), session=str(held.id))
        st.caption(plain("；".join(held.projects) or held.code))


def room_of(held: ScheduledSession) -> str:
    """Where a session is held."""
    return held.room_name or t("word.off_site" if held.off_site else "live.no_room")


def clock_of(when: datetime, now: datetime) -> str:
    """The time, with the day when it is not today's."""
    same_day = when.astimezone(SHANGHAI).date() == now.astimezone(SHANGHAI).date()
    return local_time(when)[-5:] if same_day else local_time(when)[5:]
