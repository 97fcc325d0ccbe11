"""What is on now, what comes and what has ended, by the schedule."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from data_access.cameras import add_room
from data_access.models import Lot, Project, SessionLot, TradingSession
from data_access.schedule_view import just_ended, next_up, on_now, session_with_id
from domain.vocabulary import ProcurementMethod, ProjectClass, RoomType, SessionStatus, SessionType
from tests.data_access.small_cases import shanghai

NOW = shanghai("2025-03-05 10:00")
OPEN, DONE, PLANNED = SessionStatus.OPEN, SessionStatus.DONE, SessionStatus.SCHEDULED


class Schedule:
    """Adds sessions; times are minutes from now."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.room_id = add_room(session, "开标一室", RoomType.BID_OPENING).id

    def add(
        self,
        code: str,
        status: SessionStatus,
        start: float,
        end: float | None = None,
        *,
        begun: bool | None = None,
    ) -> TradingSession:
        begun = status is not PLANNED if begun is None else begun
        starts = NOW + timedelta(minutes=start)
        ends = None if end is None else NOW + timedelta(minutes=end)
        held = TradingSession(
            source_system="test",
            source_key=code,
            code=code,
            type=SessionType.OPENING,
            room_id=self.room_id,
            method=ProcurementMethod.OPEN,
            planned_start=starts,
            planned_end=ends,
            actual_start=starts if begun else None,
            actual_end=ends if status is DONE else None,
            status=status,
            bidder_count=7,
        )
        self.session.add(held)
        self.session.flush()
        return held

    def deal_with(self, held: TradingSession, code: str, titles: list[str]) -> None:
        project = Project(
            source_system="test",
            source_key=code,
            code=code,
            name=f"项目{code}",
            project_class=ProjectClass.WORKS,
        )
        self.session.add(project)
        self.session.flush()
        for number, title in enumerate(titles, 1):
            key = f"{code}-{number:02d}"
            lot = Lot(
                source_system="test", source_key=key, project_id=project.id, section_code=key, title=title
            )
            self.session.add(lot)
            self.session.flush()
            self.session.add(SessionLot(session_id=held.id, lot_id=lot.id))


@pytest.fixture
def schedule(session: Session) -> Schedule:
    return Schedule(session)


def test_on_now_are_open_sessions_and_those_that_are_due(session: Session, schedule: Schedule) -> None:
    schedule.add("open", OPEN, -30, 30)
    schedule.add("overrunning", OPEN, -90, -10)
    schedule.add("paused", SessionStatus.PAUSED, -20, 30)
    schedule.add("due", PLANNED, -5, 55)
    schedule.add("due-without-end", PLANNED, -100)
    schedule.add("ended", DONE, -60, -10)
    schedule.add("cancelled", SessionStatus.CANCELLED, -10, 50)
    schedule.add("never-begun", PLANNED, -200, -100)
    schedule.add("left-open", OPEN, -60 * 25)
    schedule.add("later", PLANNED, 10, 70)
    found = [held.code for held in on_now(session, NOW)]
    assert found == ["due", "paused", "open", "overrunning", "due-without-end"]


def test_a_session_begins_at_its_time_and_is_over_at_its_end(session: Session, schedule: Schedule) -> None:
    schedule.add("exactly", PLANNED, 0, 60)
    assert [held.code for held in on_now(session, NOW)] == ["exactly"]
    assert next_up(session, NOW) == []
    assert on_now(session, NOW + timedelta(minutes=60)) == []


def test_next_are_the_nearest_within_two_weeks(session: Session, schedule: Schedule) -> None:
    schedule.add("tomorrow", PLANNED, 60 * 24)
    schedule.add("soon", PLANNED, 5)
    schedule.add("next-month", PLANNED, 60 * 24 * 30)
    schedule.add("cancelled", SessionStatus.CANCELLED, 10)
    assert [held.code for held in next_up(session, NOW)] == ["soon", "tomorrow"]
    assert [held.code for held in next_up(session, NOW, 1)] == ["soon"]


def test_just_ended_are_those_of_the_last_day_latest_first(session: Session, schedule: Schedule) -> None:
    schedule.add("morning", DONE, -180, -120)
    schedule.add("a-moment-ago", DONE, -60, -1)
    schedule.add("the-day-before", DONE, -60 * 30, -60 * 25)
    assert [held.code for held in just_ended(session, NOW)] == ["a-moment-ago", "morning"]
    assert [held.code for held in just_ended(session, NOW, 1)] == ["a-moment-ago"]


def test_a_session_comes_with_its_projects_lots_and_room(session: Session, schedule: Schedule) -> None:
    held = schedule.add("S1", OPEN, -10, 50)
    schedule.deal_with(held, "A", ["土建", "安装"])
    schedule.deal_with(held, "B", ["监理"])
    found = session_with_id(session, held.id)
    assert found is not None
    assert (found.room_name, found.room_type, found.method) == ("开标一室", RoomType.BID_OPENING, "open")
    assert found.projects == ("项目A", "项目B")
    assert [(lot.section_code, lot.title) for lot in found.lots] == [
        ("A-01", "土建"),
        ("A-02", "安装"),
        ("B-01", "监理"),
    ]


def test_bidders_are_not_even_read(session: Session, schedule: Schedule) -> None:
    found = session_with_id(session, schedule.add("S1", PLANNED, 10, 50).id)
    assert not any("bidder" in name or "supplier" in name or "price" in name for name in vars(found))


def test_an_unknown_session_is_none(session: Session) -> None:
    assert session_with_id(session, 1) is None
