"""A session beside its live pictures: facts, people, what has happened so far, and the marks made of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import streamlit as st

from dashboard.access import Viewer, may_mark, may_watch
from dashboard.db import read_fresh
from dashboard.footage_range import replay_of
from dashboard.i18n import t
from dashboard.links import to_page
from dashboard.mark_routes import rooms_to_mark
from dashboard.parts import facts, local_time, plain, time_range
from data_access.marks import Mark, marks_of_session
from data_access.schedule_view import LotLine, ScheduledSession
from data_access.session_view import Course, RunningEvent, SessionPeople, course_of, people_of
from domain.periods import SHANGHAI
from domain.vocabulary import ParticipantRole, RoomType, SessionStatus

_LOTS_SHOWN = 3
_EVENTS_HEIGHT = 300  # pixels; more are scrolled
_ON_TIME = timedelta(minutes=1)


def session_panel(person: Viewer, held: ScheduledSession) -> None:
    """What a session is about and who is there, its running events and its marks.

    Everything that is secret yet is left out where it is read (data_access.session_view).
    """
    people = read_fresh(people_of, held.id)
    if people is None:
        return  # it was taken off the schedule a moment ago
    facts(f"{t(f'session_type.{held.type}')} · {held.code}", _facts(held, people))
    _running(person, held)


def _facts(held: ScheduledSession, people: SessionPeople) -> dict[str, str | None]:
    classes = "、".join(t(f"project_class.{each}") for each in people.classes)
    method = t(f"method.{held.method or 'unknown'}")
    return {
        t("live.session.status"): t(f"session_status.{held.status}"),
        t("live.session.project"): "；".join(held.projects),
        t("live.session.lots"): _lots(held),
        t("live.session.class"): f"{classes} · {method}" if classes else method,
        t("live.session.place"): _place(held),
        t("live.session.planned"): time_range(held.planned_start, held.planned_end),
        t("live.session.actual"): _actual(held, datetime.now(UTC)),
        t("live.session.monitors"): _names(people, ParticipantRole.MONITOR),
        t("live.session.supervisors"): _names(people, ParticipantRole.SUPERVISOR)
        or t("live.session.unsupervised"),
        t("live.session.panel"): t("live.session.panel_size", persons=people.panel_size)
        if people.panel_size
        else t("live.session.panel_none"),
        t("live.session.bidders"): _bidders(people),
    }


def _lots(held: ScheduledSession) -> str:
    lots = "；".join(_lot(lot, held) for lot in held.lots[:_LOTS_SHOWN])
    if len(held.lots) > _LOTS_SHOWN:
        return t("live.session.more_lots", lots=lots, count=len(held.lots))
    return lots


def _lot(lot: LotLine, held: ScheduledSession) -> str:
    """Number and title; the number only when the project has the same title."""
    return lot.section_code if lot.title in held.projects else f"{lot.section_code} {lot.title}"


def _place(held: ScheduledSession) -> str | None:
    if not held.off_site:
        return held.room_name
    return " · ".join(word for word in (held.room_name, t("live.session.off_site")) if word)


def _actual(held: ScheduledSession, now: datetime) -> str:
    """When it was or is held, and how far from its plan it began."""
    began = held.actual_start
    if began is None:
        overdue = now - held.planned_start
        waits = held.status == SessionStatus.SCHEDULED and overdue >= _ON_TIME
        late = t("live.session.overdue", minutes=overdue // _ON_TIME) if waits else ""
        return " · ".join(word for word in (t("live.session.not_begun"), late) if word)
    apart = began - held.planned_start
    name = "on_time" if abs(apart) < _ON_TIME else "late" if apart > timedelta(0) else "early"
    span = time_range(began, held.actual_end) if held.actual_end else local_time(began)
    return f"{span} · {t(f'live.session.{name}', minutes=abs(apart) // _ON_TIME)}"


def _names(people: SessionPeople, role: ParticipantRole) -> str:
    """Who is there in that role; of supervisors also whether on site or remote."""

    def name(who: str, remote: bool) -> str:
        where = t("live.session.remote" if remote else "live.session.on_site")
        return f"{who}（{where}）" if role is ParticipantRole.SUPERVISOR else who

    return "、".join(name(who.name, who.remote) for who in people.participants if who.role == role)


def _bidders(people: SessionPeople) -> str | None:
    if not people.opened:
        return t("live.session.bidders_hidden")
    if people.bidder_count is None:
        return None
    return t("live.session.bidders_count", enterprises=people.bidder_count)


@st.fragment(run_every="5s")
def _running(person: Viewer, held: ScheduledSession) -> None:
    """Events and marks, the newest first; both come in by themselves."""
    rooms = tuple(kind.value for kind in RoomType if may_watch(person.role, kind))
    course = read_fresh(course_of, held.id, datetime.now(UTC), rooms)
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{t('live.session.running')}**")
        _show_events(course)
    if may_mark(person.role, held.room_type or RoomType.BID_OPENING):
        marks = read_fresh(marks_of_session, held.id, rooms_to_mark(person.role))
        with st.container(border=True, gap="xsmall"):
            st.markdown(f"**{t('live.session.marks', count=len(marks))}**")
            _show_marks(marks)


def _show_events(course: Course) -> None:
    if not course.allowed:
        st.caption(t("live.session.not_allowed"))
        return
    if not course.opened:
        st.caption(t("live.session.before_opening"))
    elif not course.events:
        st.caption(t("live.session.no_events"))
    lines = [_event(event) for event in course.events]
    with st.container(height=_EVENTS_HEIGHT if len(lines) > 6 else "content", border=False, gap="xsmall"):
        for line in lines:
            st.markdown(line)


def _event(event: RunningEvent) -> str:
    words = " · ".join(plain(word) for word in (event.actor, event.note) if word)
    return f":small[**{_clock(event.at)}**  {t(f'event_kind.{event.kind}')}]  \n:small[:gray[{words}]]"


def _show_marks(marks: list[Mark]) -> None:
    if not marks:
        st.caption(t("live.session.no_marks"))
    for mark in reversed(marks):
        words = " · ".join(plain(word) for word in (mark.note, mark.camera_name, mark.author) if word)
        with st.container(gap=None):
            with st.container(horizontal=True, horizontal_alignment="distribute", gap="small"):
                kind = t(f"live.mark.kind.{mark.kind}")
                st.markdown(f":small[**{_clock(mark.at)}**  {kind}]", width="content")
                to_page("footage", t("live.session.play"), **replay_of(mark.camera_id, mark.at))
            st.caption(words)


def _clock(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%H:%M:%S}"
