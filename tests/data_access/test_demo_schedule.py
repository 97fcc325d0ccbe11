"""The demo's schedule: always on, at any hour, and calling it again changes nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from data_access.demo import history, schedule
from data_access.demo.rooms import OFF_SITE_ROOM, WATCHED_ROOMS
from data_access.demo.timetable import Slot, slot_at
from data_access.demo.workdays import is_workday
from data_access.models import (
    Expert,
    ExpertDrawMember,
    ExpertPenalty,
    Room,
    SessionEvent,
    TradingSession,
)
from data_access.session_view import people_of
from domain.periods import SHANGHAI, day_of, midnight
from domain.vocabulary import RoomType, SessionStatus
from tests.data_access.small_cases import SmallCases

INSTANTS = st.integers(0, 4 * 365 * 86_400).map(
    lambda second: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
)

on_one_database = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@contextmanager
def _undone(session: Session) -> Iterator[None]:
    savepoint = session.begin_nested()
    yield
    savepoint.rollback()
    session.expunge_all()


def _sessions(session: Session) -> list[tuple[Any, ...]]:
    """Room, state and times of all sessions."""
    session.flush()
    rows = session.execute(
        select(
            Room.name,
            TradingSession.status,
            TradingSession.planned_start,
            TradingSession.actual_start,
            TradingSession.actual_end,
            TradingSession.code,
            TradingSession.bidder_count,
        )
        .join(Room, Room.id == TradingSession.room_id)
        .order_by(TradingSession.planned_start, Room.name)
    )
    return [tuple(row) for row in rows]


def _everything(session: Session) -> list[str]:
    session.flush()
    return [
        str(session.execute(text(f"SELECT t::text FROM {table} t ORDER BY 1")).all())
        for table in (
            "trading_session",
            "project",
            "lot",
            "session_lot",
            "session_participant",
            "session_event",
        )
    ]


@on_one_database
@given(now=INSTANTS)
def test_at_any_instant_one_session_is_on_in_each_of_the_four_rooms(session: Session, now: datetime) -> None:
    with _undone(session):
        schedule.keep_current(session, now)
        rows = _sessions(session)
    on_now = [row for row in rows if row[1] == "open" and row[0] != OFF_SITE_ROOM]
    assert sorted(row[0] for row in on_now) == sorted(WATCHED_ROOMS)
    for _room, _status, planned, started, ended, _code, bidders in on_now:
        assert timedelta(0) <= started - planned <= timedelta(minutes=5)
        assert planned <= started <= now
        assert ended is None
        assert bidders is not None


@on_one_database
@given(now=INSTANTS)
def test_sessions_just_ended_more_follow_today_and_the_week_is_planned(
    session: Session, now: datetime
) -> None:
    with _undone(session):
        schedule.keep_current(session, now)
        rows = _sessions(session)
    ended = [row for row in rows if row[1] == "done" and now - timedelta(hours=36) < row[4] <= now]
    assert {row[0] for row in ended} - {OFF_SITE_ROOM} == set(WATCHED_ROOMS)
    today = day_of(now)
    to_come = [row for row in rows if row[1] == "scheduled"]
    assert all(row[6] is None for row in to_come), "the number of bidders is confidential until the opening"
    if now.astimezone(SHANGHAI).hour < 20:
        assert sum(day_of(row[2]) == today for row in to_come) >= 4
    planned_days = {day_of(row[2]) for row in to_come}
    rest_of_week = {today + timedelta(days=n) for n in range(1, 7 - today.weekday())}
    assert {day for day in rest_of_week if is_workday(day)} <= planned_days
    assert len(planned_days - {today}) >= 3


@on_one_database
@given(now=INSTANTS)
def test_calling_again_changes_nothing(session: Session, now: datetime) -> None:
    with _undone(session):
        schedule.keep_current(session, now)
        before = _everything(session)
        schedule.keep_current(session, now)
        assert _everything(session) == before


@on_one_database
@given(
    now=INSTANTS,
    steps=st.lists(st.timedeltas(timedelta(minutes=1), timedelta(days=4)), min_size=1, max_size=4),
)
def test_as_time_goes_on_past_sessions_are_done_and_never_overlap_in_a_room(
    session: Session, now: datetime, steps: list[timedelta]
) -> None:
    with _undone(session):
        schedule.keep_current(session, now)
        for step in steps:
            now += step
            schedule.keep_current(session, now)
        rows = _sessions(session)
    for room in WATCHED_ROOMS:
        held = [row for row in rows if row[0] == room and row[3] is not None]
        assert [row[1] for row in held] == ["done"] * (len(held) - 1) + ["open"]
        for one, following in pairwise(held):
            assert one[4] <= following[3]
    assert all(row[1] != "scheduled" or row[2] >= now - timedelta(minutes=5) for row in rows)


@given(room=st.integers(0, 3), instant=INSTANTS)
def test_every_instant_lies_in_exactly_one_slot_of_a_room(room: int, instant: datetime) -> None:
    slot = slot_at(room, instant)
    assert slot.starts_at <= instant < slot.ends_at
    assert slot.preceding.ends_at == slot.starts_at
    assert slot.following.preceding == slot
    assert Slot.of_key(slot.key) == slot


def test_events_appear_as_the_session_goes_on(session: Session) -> None:
    opening = Slot(date(2026, 11, 24), 0, 3)
    seen = []
    for minutes in (1, 20, 50):
        schedule.keep_current(session, opening.starts_at + timedelta(minutes=minutes))
        session.flush()
        seen.append(
            list(
                session.scalars(
                    text(
                        "SELECT kind FROM session_event e JOIN trading_session s ON s.id = session_id "
                        "WHERE s.code = :code AND kind IN ('check_in', 'decryption', 'price_read') "
                        "ORDER BY at"
                    ),
                    {"code": opening.code},
                )
            )
        )
    assert seen == [
        ["check_in"],
        ["check_in", "decryption"],
        ["check_in", "decryption", "price_read"],
    ]


def test_openings_away_from_the_centre_come_now_and_then_every_day(session: Session) -> None:
    day = midnight(date(2026, 11, 24))
    on = []
    for hours in range(24):
        schedule.keep_current(session, day + timedelta(hours=hours, minutes=45))
        session.flush()
        found = session.execute(
            select(TradingSession.code, TradingSession.off_site, Room.type)
            .join(Room, Room.id == TradingSession.room_id)
            .where(TradingSession.status == SessionStatus.OPEN, Room.name == OFF_SITE_ROOM)
        ).all()
        assert len(found) <= 1
        assert all(row.off_site and row.type == RoomType.OFF_SITE for row in found)
        on.append(bool(found))
    assert 8 <= sum(on) <= 16


def test_an_evaluation_has_a_panel_while_it_is_on_and_none_drowns_the_figures(session: Session) -> None:
    cases = SmallCases(session)
    for _ in range(9):
        cases.expert()
    session.execute(update(Expert).values(source_system="demo"))
    evaluation = Slot(date(2026, 11, 24), 2, 3)
    for minutes, drawn in ((30, 5), (60, 5)):
        schedule.keep_current(session, evaluation.starts_at + timedelta(minutes=minutes))
        assert session.scalar(select(func.count()).select_from(ExpertDrawMember)) == drawn
        held = session.scalars(select(TradingSession).where(TradingSession.code == evaluation.code)).one()
        people = people_of(session, held.id)
        assert people is not None
        assert people.panel_size == 5
    schedule.keep_current(session, evaluation.ends_at + timedelta(days=5))
    assert session.scalar(select(func.count()).select_from(ExpertDrawMember)) == 5


@pytest.mark.parametrize("room", range(4))
def test_every_session_has_something_to_follow_beyond_its_check_in(session: Session, room: int) -> None:
    slot = Slot(date(2026, 11, 24), room, 4)
    schedule.keep_current(session, slot.ends_at - timedelta(minutes=1))
    held = session.scalars(select(TradingSession).where(TradingSession.code == slot.code)).one()
    kinds = session.scalars(select(SessionEvent.kind).where(SessionEvent.session_id == held.id)).all()
    assert len(set(kinds)) >= 2


def test_sessions_of_the_night_go_after_two_days_and_office_hours_after_eight(session: Session) -> None:
    tuesday = midnight(date(2026, 11, 24)) + timedelta(hours=12)
    schedule.keep_current(session, tuesday)
    for days in (2, 3):
        schedule.keep_current(session, tuesday + timedelta(days=days))
    kept = [row for row in _sessions(session) if day_of(row[2]) == date(2026, 11, 24)]
    assert kept
    assert all(8 <= row[2].astimezone(SHANGHAI).hour < 16 for row in kept)
    assert {row[0] for row in kept} == {*WATCHED_ROOMS, OFF_SITE_ROOM}
    schedule.keep_current(session, tuesday + timedelta(days=10))
    assert not [row for row in _sessions(session) if day_of(row[2]) == date(2026, 11, 24)]
    lots = session.scalar(text("SELECT count(*) FROM lot WHERE section_code LIKE 'SFQ20261124%'"))
    assert lots == 0


def test_a_session_that_something_refers_to_stays(session: Session) -> None:
    now = midnight(date(2026, 11, 24))
    schedule.keep_current(session, now)
    held = session.scalars(
        select(TradingSession).where(TradingSession.status == SessionStatus.DONE).order_by(TradingSession.id)
    ).first()
    assert held is not None
    cases = SmallCases(session)
    cases.penalised(cases.expert(), "2026-11-25 10:00")
    session.scalars(select(ExpertPenalty)).one().session_id = held.id
    session.flush()
    schedule.keep_current(session, now + timedelta(days=30))
    assert session.get(TradingSession, held.id) is not None


def test_history_and_schedule_never_share_a_room(session: Session) -> None:
    """Started on a Tuesday, left running, started again on the Friday."""
    history.fill(session, date(2026, 11, 17))
    for hours in range(0, 72, 3):
        schedule.keep_current(session, midnight(date(2026, 11, 17)) + timedelta(hours=hours, minutes=30))
    history.fill(session, date(2026, 11, 20))
    session.flush()
    shared = session.execute(
        text(
            "SELECT a.code, b.code FROM trading_session a JOIN trading_session b "
            "ON a.room_id = b.room_id AND a.id < b.id "
            "AND a.actual_start < b.actual_end AND b.actual_start < a.actual_end"
        )
    ).all()
    assert shared == []


@pytest.mark.parametrize("now", [datetime(2030, 5, 1, 3, tzinfo=UTC)])
def test_beyond_the_published_holidays_weekdays_are_working_days(session: Session, now: datetime) -> None:
    schedule.keep_current(session, now)
    assert sum(row[1] == "open" and row[0] != OFF_SITE_ROOM for row in _sessions(session)) == 4
