"""A session beside its pictures: what may not be known yet is not read."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from data_access import cameras
from data_access.models import (
    Award,
    Expert,
    ExpertDrawMember,
    Lot,
    Project,
    SessionEvent,
    SessionLot,
    SessionParticipant,
    TradingSession,
)
from data_access.session_view import Course, course_of, people_of
from domain.vocabulary import (
    DrawResponse,
    ParticipantRole,
    ProjectClass,
    RoomType,
    SessionStatus,
    SessionType,
)
from tests.data_access.small_cases import shanghai

NOW = shanghai("2025-03-05 10:30")
NINE = shanghai("2025-03-05 09:00")
EVERYWHERE = tuple(RoomType)
NOT_CLOSED = tuple(set(RoomType) - {RoomType.EVALUATION, RoomType.NEGOTIATION, RoomType.EXPERT_DRAW})
ALL_KINDS = (
    "check_in",
    "decryption",
    "price_read",
    "objection",
    "pause",
    "expert_left",
    "device_lost",
    "finding",
)
SECRETS = ("甲建设公司", "七家", "880 万元")


class Floor:
    """One session with one lot, and whatever happens."""

    def __init__(
        self,
        session: Session,
        kind: SessionType = SessionType.OPENING,
        *,
        room: RoomType | None = RoomType.BID_OPENING,
        begun: bool = True,
    ) -> None:
        self.session = session
        source = {"source_system": "test", "source_key": "1"}
        project = Project(**source, code="P1", name="道路工程", project_class=ProjectClass.WORKS)
        session.add(project)
        session.flush()
        self.lot = Lot(**source, project_id=project.id, section_code="P1-01", title="道路工程")
        self.held = TradingSession(
            **source,
            code="S1",
            type=kind,
            room_id=cameras.add_room(session, "房间", room).id if room else None,
            planned_start=NINE,
            actual_start=NINE if begun else None,
            status=SessionStatus.OPEN if begun else SessionStatus.SCHEDULED,
            bidder_count=7,
        )
        session.add_all([self.lot, self.held])
        session.flush()
        session.add(SessionLot(session_id=self.held.id, lot_id=self.lot.id))
        session.flush()

    def note(self, kind: str, at: datetime = NINE, actor: str = "", note: str = "") -> None:
        self.session.add(SessionEvent(session_id=self.held.id, at=at, kind=kind, actor=actor, note=note))
        self.session.flush()

    def draw(self, number: int, name: str, response: DrawResponse = DrawResponse.ACCEPTED) -> None:
        source = {"source_system": "test", "source_key": str(number)}
        expert = Expert(**source, code=f"ZJ{number}", name=name)
        self.session.add(expert)
        self.session.flush()
        self.session.add(
            ExpertDrawMember(
                **source, lot_id=self.lot.id, expert_id=expert.id, drawn_at=NINE, response=response
            )
        )
        self.session.flush()

    def award(self) -> None:
        self.session.add(
            Award(source_system="test", source_key="1", lot_id=self.lot.id, amount=1, decided_at=NINE)
        )
        self.session.flush()

    def course(self, rooms: Sequence[RoomType] = EVERYWHERE, now: datetime = NOW) -> Course:
        return course_of(self.session, self.held.id, now, rooms)


def note_everything(floor: Floor) -> None:
    for minute, kind in enumerate(ALL_KINDS):
        floor.note(kind, NINE + timedelta(minutes=minute - 30), SECRETS[0], " ".join(SECRETS))


def test_before_the_opening_no_bidder_can_be_told_from_the_events(session: Session) -> None:
    floor = Floor(session, begun=False)
    note_everything(floor)
    course = floor.course()
    assert not course.opened
    assert {found.kind for found in course.events} == {
        "objection",
        "pause",
        "expert_left",
        "device_lost",
        "finding",
    }
    assert all((found.actor, found.note) == ("", "") for found in course.events)
    people = people_of(session, floor.held.id)
    assert people is not None
    assert (people.opened, people.bidder_count) == (False, None)
    assert not any(secret in repr((course, people)) for secret in SECRETS)


def test_before_the_opening_they_are_not_even_read(session: Session) -> None:
    floor = Floor(session, begun=False)
    note_everything(floor)
    asked: list[str] = []
    connection = session.connection()

    def listening(*told: object) -> None:
        asked.append(str(told[2]))

    event.listen(connection, "before_cursor_execute", listening)
    floor.course()
    event.remove(connection, "before_cursor_execute", listening)
    of_events = [statement for statement in asked if "FROM session_event" in statement]
    assert of_events
    for statement in of_events:
        columns = statement.partition("FROM")[0]
        assert "note" not in columns
        assert "actor" not in columns
        assert "session_event.kind IN" in statement


def test_after_the_opening_all_is_told_the_newest_first_and_how_many_bidders(session: Session) -> None:
    floor = Floor(session)
    note_everything(floor)
    floor.note("pause", NOW + timedelta(minutes=1))
    course = floor.course()
    assert [found.kind for found in course.events] == list(reversed(ALL_KINDS))
    assert course.events[-1].actor == SECRETS[0]
    people = people_of(session, floor.held.id)
    assert people is not None
    assert people.bidder_count == 7


def test_an_opening_that_is_entered_for_later_has_not_begun(session: Session) -> None:
    floor = Floor(session, begun=False)
    note_everything(floor)
    floor.held.actual_start = datetime.now(NOW.tzinfo) + timedelta(hours=1)
    session.flush()
    assert not floor.course().opened
    people = people_of(session, floor.held.id)
    assert people is not None
    assert people.bidder_count is None


@pytest.mark.parametrize(
    ("kind", "room", "allowed"),
    [
        (SessionType.EVALUATION, RoomType.EVALUATION, False),
        (SessionType.EVALUATION, RoomType.OFF_SITE, False),
        (SessionType.EVALUATION, None, False),
        (SessionType.NEGOTIATION, RoomType.NEGOTIATION, False),
        (SessionType.NEGOTIATION, None, False),
        (SessionType.EXPERT_DRAW, None, False),
        (SessionType.OPENING, RoomType.BID_OPENING, True),
        (SessionType.OPENING, RoomType.OFF_SITE, True),
        (SessionType.OPENING, None, True),
    ],
)
def test_what_goes_on_in_an_evaluation_is_for_who_may_watch_it(
    session: Session, kind: SessionType, room: RoomType | None, allowed: bool
) -> None:
    floor = Floor(session, kind, room=room)
    floor.note("pause", note="五位专家")
    course = floor.course(NOT_CLOSED)
    assert course.allowed == allowed
    assert bool(course.events) == allowed
    assert floor.course(EVERYWHERE).events


@pytest.mark.parametrize("kind", [SessionType.EVALUATION, SessionType.OPENING])
def test_no_expert_is_named_before_the_award(session: Session, kind: SessionType) -> None:
    floor = Floor(session, kind, room=RoomType.EVALUATION)
    floor.draw(1, "欧阳文")
    floor.draw(2, "欧阳文博")
    floor.note("expert_left", actor="欧阳文博", note="欧阳文博离场，欧阳文继续")
    floor.note("check_in", actor="评标委员会", note="欧阳文到场")
    assert "欧阳" not in repr(floor.course())
    left = next(found for found in floor.course().events if found.kind == "expert_left")
    assert left.note == "□□□离场，□□□继续"
    floor.award()
    after = next(found for found in floor.course().events if found.kind == "expert_left")
    assert after.note == "欧阳文博离场，欧阳文继续"
    assert after.actor == "", "who acts as an expert stays unnamed all the same"


def test_the_panel_is_a_number_of_those_who_accepted(session: Session) -> None:
    floor = Floor(session, SessionType.EVALUATION, room=RoomType.EVALUATION)
    for number in range(5):
        floor.draw(number, f"专家{number}")
    floor.draw(5, "拒绝者", DrawResponse.DECLINED)
    people = people_of(session, floor.held.id)
    assert people is not None
    assert people.panel_size == 5
    assert "专家" not in repr(people)


def test_monitors_and_supervisors_are_told_and_from_where(session: Session) -> None:
    floor = Floor(session)
    for role, name, remote in (
        (ParticipantRole.SUPERVISOR, "陈", True),
        (ParticipantRole.MONITOR, "周", False),
        (ParticipantRole.SUPERVISOR, "黄", False),
    ):
        session.add(SessionParticipant(session_id=floor.held.id, role=role, name=name, remote=remote))
    session.flush()
    people = people_of(session, floor.held.id)
    assert people is not None
    assert [(who.role, who.name, who.remote) for who in people.participants] == [
        ("monitor", "周", False),
        ("supervisor", "陈", True),
        ("supervisor", "黄", False),
    ]
    assert people.classes == (ProjectClass.WORKS,)


def test_a_session_that_is_not_there_has_nobody_and_no_course(session: Session) -> None:
    assert people_of(session, 4711) is None
    assert course_of(session, 4711, NOW, EVERYWHERE).events == ()
