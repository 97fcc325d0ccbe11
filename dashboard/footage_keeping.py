"""How long what is looked at is kept, with the way to hold it and to release it again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import streamlit as st
from sqlalchemy.orm import Session

from dashboard.access import Viewer, may_mark
from dashboard.db import read_fresh
from dashboard.evidence_request import evidence_button
from dashboard.footage_choice import Choice, linked_range
from dashboard.footage_range import text_of
from dashboard.i18n import language, t
from dashboard.parts import local_time, plain
from data_access import audit, footage_holds, footage_keeping_view
from data_access.engine import transaction
from data_access.footage import Stretch
from data_access.footage_holds import HoldRow, WrongHold
from data_access.footage_keeping_view import ENDS_SOON, Keeping
from data_access.footage_lookup import SessionOnFloor
from data_access.settings import settings
from domain.periods import day_of

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def keeping(person: Viewer, choice: Choice) -> None:
    """A line: until when, by whose rule, what holds it; with a button for those who supervise."""
    stretch = _looked_at(choice)
    ids = [camera.id for camera in choice.cameras]
    found = read_fresh(footage_keeping_view.keeping_of, ids, stretch, settings().online_days)
    supervises = may_mark(person.role, choice.cameras[0].room_type)
    may_hold = supervises and found.ends_at is not None
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="footage_keeping"):
        _until(found)
        if supervises and found.holds:
            if st.button(t("footage.keep.release"), icon=":material/lock_open:", type="tertiary"):
                _release(person, list(found.holds))
        elif may_hold and st.button(t("footage.keep.hold"), icon=":material/lock:"):
            _hold(person, choice, found, stretch)
        session_id = choice.session.id if choice.session else None
        evidence_button(person, [(each, stretch.start, stretch.end) for each in found.cameras], session_id)
    if supervises and found.holds:
        st.caption("　".join(dict.fromkeys(_told(held) for held in found.holds)))


def _looked_at(choice: Choice) -> Stretch:
    """The session as far as it has come, or the range that is open."""
    if choice.session:
        end = min(choice.session.end, datetime.now(UTC))
        return Stretch(choice.session.start, max(end, choice.session.start + _SECOND))
    linked = linked_range()
    return linked[1] if linked else choice.window


def _until(found: Keeping) -> None:
    rule = t(f"footage.keep.rule_{found.policy.origin.value}", days=found.policy.days)
    if found.holds:
        st.badge(t("footage.keep.held"), icon=":material/lock:", color="green")
    if found.in_open_case:
        st.badge(t("footage.keep.in_case"), icon=":material/folder_open:", color="green")
    if found.ends_at is None:
        st.caption(rule, width="content")
        return
    left = found.ends_at - datetime.now(UTC)
    st.badge(
        _left(found.ends_at, left),
        icon=":material/schedule:",
        color="orange" if left <= ENDS_SOON else "gray",
    )
    st.caption(f"{t('footage.keep.ends', time=local_time(found.ends_at))} · {rule}", width="content")


def _left(ends_at: datetime, left: timedelta) -> str:
    """In how many days, by the calendar; in the last 24 hours, in how many hours."""
    if left >= _DAY:
        return t("footage.keep.in_days", days=(day_of(ends_at) - day_of(datetime.now(UTC))).days)
    if left > timedelta():
        return t("footage.keep.in_hours", hours=left // timedelta(hours=1))
    return t("footage.keep.over")


def _told(held: HoldRow) -> str:
    """Why, for which case, by whom."""
    case = t("footage.keep.case", number=plain(held.case_no)) if held.case_no else ""
    by = t("footage.keep.by", name=plain(held.author), time=local_time(held.made_at))
    return " · ".join(part for part in (plain(held.reason), case, by) if part)


def _hold(person: Viewer, choice: Choice, found: Keeping, stretch: Stretch) -> None:
    """Asks why, and then holds the session, or else the stretch on the cameras that have some of it."""
    held = choice.session
    what = "session" if held else "range"
    times = f"{local_time(stretch.start)} → {local_time(stretch.end)}"

    @st.dialog(t("footage.keep.hold_title"))
    def ask() -> None:
        st.caption(t(f"footage.keep.hold_{what}_help", times=times))
        with st.form("footage_hold", border=False):
            reason = st.text_area(t("footage.keep.reason"), max_chars=footage_holds.LONGEST_REASON)
            number = st.text_input(t("footage.keep.case_no"), max_chars=100)
            if st.form_submit_button(t("footage.keep.hold"), type="primary"):
                why = {"reason": reason, "case_no": number, "made_by": person.account_id}
                if held:
                    _done(lambda: _hold_session(person, held, why))
                else:
                    _done(lambda: _hold_range(person, choice, found, stretch, why))

    ask()


Why = dict[str, Any]  # the words of the dialog, and who says them


def _hold_session(person: Viewer, held: SessionOnFloor, why: Why) -> None:
    with transaction() as session:
        made = footage_holds.hold_session(session, held.id, at=datetime.now(UTC), **why)
        _note(session, person, "hold_footage", held.code, {"holds": made, "session": held.code, **why})


def _hold_range(person: Viewer, choice: Choice, found: Keeping, stretch: Stretch, why: Why) -> None:
    room = choice.cameras[0].room_name
    with transaction() as session:
        made = [
            footage_holds.hold(
                session, camera_id=each, start=stretch.start, end=stretch.end, at=datetime.now(UTC), **why
            )
            for each in found.cameras
        ]
        told = {"from": text_of(stretch.start), "to": text_of(stretch.end)}
        _note(session, person, "hold_footage", room, {"holds": made, **told, **why})


def _release(person: Viewer, holds: list[HoldRow]) -> None:
    @st.dialog(t("footage.keep.release_title"))
    def ask() -> None:
        st.caption(t("footage.keep.release_help"))
        for told in dict.fromkeys(_told(held) for held in holds):
            st.markdown(told)
        with st.form("footage_release", border=False):
            reason = st.text_area(t("footage.keep.release_reason"), max_chars=footage_holds.LONGEST_REASON)
            if st.form_submit_button(t("footage.keep.release"), type="primary"):
                _done(lambda: _release_now(person, holds, reason))

    ask()


def _release_now(person: Viewer, holds: list[HoldRow], reason: str) -> None:
    at = datetime.now(UTC)
    with transaction() as session:
        for held in holds:
            footage_holds.release(session, held.id, by=person.account_id, reason=reason, at=at)
            told = {"from": text_of(held.start), "to": text_of(held.end)}
            detail = {"hold": held.id, **told, "reason": reason}
            _note(session, person, "release_footage", held.camera_name, detail)


def _note(session: Session, person: Viewer, action: str, subject: str, detail: Why) -> None:
    address = st.context.ip_address or ""
    audit.record(session, actor=person.name, action=action, subject=subject, detail=detail, address=address)


def _done(act: Callable[[], None]) -> None:
    """Does it and closes the dialog, or says in it why that cannot be."""
    try:
        act()
    except WrongHold as wrong:
        chinese, _, english = str(wrong).partition(" / ")
        st.error(english if language() == "en" else chinese)
        return
    st.rerun()
