"""Which sessions and cameras the footage page offers."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from data_access import cameras, footage, footage_lookup
from data_access.models import Lot, Project, SessionLot, TradingSession
from domain.vocabulary import RoomType, SessionStatus
from tests.media.made_footage import EPOCH

NOW = datetime(2025, 11, 20, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
OPENING_ROOMS = (RoomType.BID_OPENING.value,)
ALL_ROOMS = (*OPENING_ROOMS, RoomType.EVALUATION.value)


def recorded(session: Session, camera_id: int, start: datetime, end: datetime) -> None:
    """A run, without files."""
    run_id = footage.begin_run(session, camera_id, start)
    footage.publish(
        session,
        footage.Segment(
            camera_id=camera_id,
            started_at=start,
            ended_at=end,
            run_id=run_id,
            path="none.mp4",
            size=1,
            sha256=str(start - EPOCH).encode(),
            previous_sha256=bytes(32),
            index=b"",
        ),
    )


@pytest.fixture
def rooms(session: Session) -> dict[str, tuple[int, int]]:
    """Room and camera ids by room name."""
    made = {}
    for name, kind in (("开标一室", RoomType.BID_OPENING), ("评标室", RoomType.EVALUATION)):
        room = cameras.add_room(session, name, kind)
        camera = cameras.add(session, room_id=room.id, name=f"{name}-全景", url="x", at=NOW - 100 * HOUR)
        made[name] = room.id, camera.id
    return made


def held(session: Session, room_id: int, code: str, start: datetime, **more: object) -> TradingSession:
    made = TradingSession(
        **{
            "source_system": "test",
            "source_key": code,
            "code": code,
            "type": "BO",
            "room_id": room_id,
            "planned_start": start,
            "status": SessionStatus.DONE.value,
            **more,
        }
    )
    session.add(made)
    session.flush()
    return made


def about(session: Session, found: TradingSession, *projects: str) -> None:
    for number, name in enumerate(projects):
        key = f"{found.code}-{number}"
        project = Project(source_system="test", source_key=key, code=key, name=name, project_class="works")
        session.add(project)
        session.flush()
        for part in (1, 2):
            section = f"{key}-{part}"
            lot = Lot(
                source_system="test",
                source_key=section,
                project_id=project.id,
                section_code=section,
                title=name,
            )
            session.add(lot)
            session.flush()
            session.add(SessionLot(session_id=found.id, lot_id=lot.id))
    session.flush()


def codes(
    session: Session, since: datetime = NOW - 48 * HOUR, kinds: tuple[str, ...] = ALL_ROOMS
) -> list[str]:
    return [found.code for found in footage_lookup.sessions_with_footage(session, since, kinds)]


def test_only_sessions_with_footage_of_their_time_and_room_are_offered_latest_first(
    session: Session, rooms: dict[str, tuple[int, int]]
) -> None:
    room, camera = rooms["开标一室"]
    recorded(session, camera, NOW - 3 * HOUR, NOW - 2 * HOUR)
    recorded(session, camera, NOW - 1 * HOUR, NOW)
    held(session, room, "early", NOW - 3 * HOUR, planned_end=NOW - 2.5 * HOUR)
    held(session, room, "late", NOW - 1 * HOUR)
    held(session, room, "between", NOW - 2 * HOUR, planned_end=NOW - 1 * HOUR)
    held(session, rooms["评标室"][0], "elsewhere", NOW - 3 * HOUR)
    held(session, room, "cancelled", NOW - 1 * HOUR, status=SessionStatus.CANCELLED.value)
    assert codes(session) == ["late", "early"]
    assert codes(session, since=NOW - 2 * HOUR) == ["late"]


def test_sessions_in_rooms_that_may_not_be_watched_are_not_offered(
    session: Session, rooms: dict[str, tuple[int, int]]
) -> None:
    room, camera = rooms["评标室"]
    recorded(session, camera, NOW - 3 * HOUR, NOW)
    held(session, room, "secret", NOW - 2 * HOUR)
    assert codes(session) == ["secret"]
    assert codes(session, kinds=OPENING_ROOMS) == []


def test_a_session_is_looked_for_when_it_really_was(
    session: Session, rooms: dict[str, tuple[int, int]]
) -> None:
    room, camera = rooms["开标一室"]
    recorded(session, camera, NOW - 3 * HOUR, NOW)
    held(
        session,
        room,
        "moved",
        NOW - 40 * HOUR,
        planned_end=NOW - 39 * HOUR,
        actual_start=NOW - 2 * HOUR,
        actual_end=NOW - 1 * HOUR,
    )
    (found,) = footage_lookup.sessions_with_footage(session, NOW - 48 * HOUR, ALL_ROOMS)
    assert (found.start, found.end) == (NOW - 2 * HOUR, NOW - 1 * HOUR)


def test_a_session_that_goes_on_reaches_until_now(
    session: Session, rooms: dict[str, tuple[int, int]]
) -> None:
    room, _ = rooms["开标一室"]
    begun = datetime.now(UTC) - 5 * HOUR
    held(session, room, "long", begun, planned_end=begun + HOUR, status=SessionStatus.OPEN.value)
    (found,) = footage_lookup.sessions_in_room(session, room, begun, begun + 9 * HOUR)
    assert found.end - begun > 4.9 * HOUR


def test_each_project_of_a_session_is_named_once(session: Session, rooms: dict[str, tuple[int, int]]) -> None:
    room, _ = rooms["开标一室"]
    about(session, held(session, room, "KB1", NOW), "道路工程", "桥梁工程")
    (found,) = footage_lookup.sessions_in_room(session, room, NOW, NOW + HOUR)
    assert found.projects == "道路工程、桥梁工程"
    assert found.project_codes == "KB1-0、KB1-1"


def test_a_removed_camera_is_offered_while_there_is_footage_of_it(
    session: Session, rooms: dict[str, tuple[int, int]]
) -> None:
    _, camera = rooms["开标一室"]
    recorded(session, camera, NOW - 3 * HOUR, NOW - 2 * HOUR)
    cameras.remove(session, "开标一室-全景", NOW)
    found = footage_lookup.cameras_with_footage(session, NOW - 48 * HOUR, ALL_ROOMS)
    assert [(each.name, each.removed) for each in found] == [("开标一室-全景", True), ("评标室-全景", False)]
    found = footage_lookup.cameras_with_footage(session, NOW - 2 * HOUR, ALL_ROOMS)
    assert [each.name for each in found] == ["评标室-全景"]
    found = footage_lookup.cameras_with_footage(session, NOW - 48 * HOUR, OPENING_ROOMS)
    assert [each.name for each in found] == ["开标一室-全景"]


def test_the_state_of_a_range_changes_with_its_segments_only(
    session: Session, rooms: dict[str, tuple[int, int]]
) -> None:
    _, camera = rooms["开标一室"]
    recorded(session, camera, NOW - 3 * HOUR, NOW - 2.5 * HOUR)
    before = footage_lookup.state_of(session, camera, NOW - 4 * HOUR, NOW - 2 * HOUR)
    recorded(session, camera, NOW - 1 * HOUR, NOW - 0.5 * HOUR)
    assert footage_lookup.state_of(session, camera, NOW - 4 * HOUR, NOW - 2 * HOUR) == before
    assert footage_lookup.state_of(session, camera, NOW - 4 * HOUR, NOW) != before
