"""What the footage page says of keeping: ends, holds, open cases, and what each day has."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from data_access import footage_calendar, footage_gaps, footage_holds, footage_keeping_view
from data_access.footage import Stretch
from data_access.footage_keeping_view import Keeping
from data_access.models import Camera, Finding, TradingSession
from domain.vocabulary import FindingStatus, GapCause, RoomType, SessionType
from tests.data_access.a_floor import HOUR, Floor
from tests.data_access.small_cases import shanghai

NOW = shanghai("2025-11-20 18:00")
DAYS = 30
EVERYWHERE = tuple(kind.value for kind in RoomType)


@pytest.fixture
def floor(session: Session) -> Floor:
    return Floor(session, NOW)


def keeping(floor: Floor, held: TradingSession) -> Keeping:
    stretch = Stretch(held.planned_start, held.planned_start + HOUR)
    return footage_keeping_view.keeping_of(floor.session, [floor.opening.id], stretch, DAYS)


def hold(floor: Floor, held: TradingSession) -> list[int]:
    return footage_holds.hold_session(
        floor.session, held.id, reason="投诉", case_no="7", made_by=floor.author.account_id, at=NOW
    )


def ending(floor: Floor, kinds: tuple[str, ...] = EVERYWHERE) -> list[str]:
    found = footage_keeping_view.ending_sessions(floor.session, NOW, kinds, DAYS)
    return [each.session.code for each in found]


def test_a_session_ends_after_the_days_of_its_camera_and_says_whose_rule_that_is(floor: Floor) -> None:
    held = floor.held("KB1", "2025-11-19 09:00", "道路工程")
    found = keeping(floor, held)
    assert (found.ends_at, found.policy.days, found.policy.origin) == (
        held.planned_start + timedelta(days=30),
        30,
        "installation",
    )
    floor.session.get_one(Camera, floor.opening.id).online_days = 10
    floor.session.flush()
    found = keeping(floor, held)
    assert (found.ends_at, found.policy.origin) == (held.planned_start + timedelta(days=10), "camera")


def test_what_is_held_does_not_end_until_it_is_released(floor: Floor) -> None:
    held = floor.held("KB1", "2025-11-19 09:00", "道路工程")
    (hold_id,) = hold(floor, held)
    found = keeping(floor, held)
    assert (found.ends_at, [each.reason for each in found.holds], found.in_open_case) == (
        None,
        ["投诉"],
        False,
    )
    footage_holds.release(floor.session, hold_id, by=floor.author.account_id, reason="办结", at=NOW)
    assert keeping(floor, held).ends_at is not None


def test_an_open_case_keeps_a_session_without_a_hold(floor: Floor) -> None:
    held = floor.held("KB1", "2025-11-19 09:00", "道路工程")
    mark = floor.mark(floor.opening, held.planned_start + HOUR / 2, "离席")
    assert keeping(floor, held).ends_at is not None  # a draft is no case
    floor.session.get_one(Finding, mark.finding_id).status = FindingStatus.NEW.value
    floor.session.flush()
    found = keeping(floor, held)
    assert (found.ends_at, found.in_open_case, found.holds) == (None, True, ())


def test_sessions_that_end_within_three_days_are_listed_unless_they_are_held(floor: Floor) -> None:
    floor.held("KB1", "2025-10-20 09:00", "已到期工程")
    second = floor.held("KB2", "2025-10-23 09:00", "道路工程")
    first = floor.held("KB3", "2025-10-22 09:00", "桥梁工程")
    floor.held("KB4", "2025-10-25 09:00", "隧道工程")
    floor.held("PB5", "2025-10-22 14:00", "评审工程", kind=SessionType.EVALUATION)
    assert ending(floor) == [first.code, "PB5", second.code]
    assert ending(floor, ("bid_opening",)) == [first.code, second.code]
    hold(floor, first)
    assert ending(floor) == ["PB5", second.code]


def test_open_cases_tell_whether_they_are_held_and_are_hidden_with_their_room(floor: Floor) -> None:
    opening = floor.held("KB1", "2025-11-19 09:00", "道路工程")
    closed = floor.held("PB2", "2025-11-19 14:00", "评审工程", kind=SessionType.EVALUATION)
    marks = [
        floor.mark(camera, held.planned_start + HOUR / 2, "离席")
        for camera, held in ((floor.opening, opening), (floor.evaluation, closed))
    ]
    assert footage_keeping_view.open_cases(floor.session, EVERYWHERE) == []  # drafts
    for mark in marks:
        floor.session.get_one(Finding, mark.finding_id).status = FindingStatus.VERIFYING.value
    floor.session.flush()
    hold(floor, opening)
    cases = footage_keeping_view.open_cases(floor.session, EVERYWHERE)
    assert [(case.session_code, case.held) for case in cases] == [("PB2", False), ("KB1", True)]
    cases = footage_keeping_view.open_cases(floor.session, ("bid_opening",))
    assert [case.session_code for case in cases] == ["KB1"]
    assert footage_keeping_view.open_cases(floor.session, ()) == []


def test_the_calendar_tells_sessions_and_coverage_of_each_day(floor: Floor) -> None:
    floor.session.get_one(Camera, floor.opening.id).added_at = shanghai("2025-11-18 12:00")
    floor.session.flush()
    floor.recorded(floor.opening, shanghai("2025-11-18 18:00"), shanghai("2025-11-19 03:00"))
    for code, when in (("KB1", "2025-11-19 09:00"), ("KB2", "2025-11-19 14:00")):
        floor.held(code, when, "道路工程")
    start, end = shanghai("2025-11-19 20:00"), shanghai("2025-11-20 00:00")
    footage_gaps.record_gap(floor.session, floor.opening.id, start, end, cause=GapCause.PLANNED)
    first = shanghai("2025-11-18 00:00").date()
    days = footage_calendar.calendar(
        floor.session, [floor.opening.id], first, NOW, room_types=("bid_opening",)
    )
    assert [(day.day.day, day.sessions, day.recorded, day.missing) for day in days] == [
        (18, 0, 6 * HOUR, 6 * HOUR),
        (19, 2, 5 * HOUR, 15 * HOUR),
        (20, 0, 0 * HOUR, 18 * HOUR),
    ]
    assert days[0].coverage == 0.5


def test_the_calendar_counts_no_session_of_a_room_that_may_not_be_watched(floor: Floor) -> None:
    floor.held("PB1", "2025-11-19 09:00", "评审工程", kind=SessionType.EVALUATION)
    first = shanghai("2025-11-19 00:00").date()
    for kinds, sessions in ((EVERYWHERE, 1), (("bid_opening",), 0)):
        days = footage_calendar.calendar(floor.session, [floor.opening.id], first, NOW, room_types=kinds)
        assert days[0].sessions == sessions
