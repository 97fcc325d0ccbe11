from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from data_access import footage
from data_access.engine import transaction
from data_access.finished_sessions import FinishedSession, last_finished
from data_access.footage import Segment
from data_access.models import Room, TradingSession
from domain.vocabulary import SessionStatus, SessionType
from media import demo_footage
from media.camera_locks import DEMO, CameraLocks
from tests.media.camera_clip import clock_of, frames_of, install_camera

START = datetime(2024, 3, 5, 1, 30, 0, 123_000, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def camera_id(engine: Engine) -> int:
    return install_camera(engine, "http://127.0.0.1/demo.ts").id


def lay_down(engine: Engine, folder: Path, camera_id: int, seconds: float) -> bool:
    return demo_footage.lay_down(
        engine, folder, camera_id, "开标一室", start=START, seconds=seconds, segment_seconds=4
    )


def segments_of(engine: Engine, camera_id: int) -> list[Segment]:
    with transaction(engine) as session:
        return footage.segments_between(session, camera_id, START - HOUR, START + HOUR)


def test_the_past_is_drawn_with_the_clock_of_then(engine: Engine, camera_id: int, tmp_path: Path) -> None:
    assert lay_down(engine, tmp_path, camera_id, 10)
    segments = segments_of(engine, camera_id)
    assert [round((segment.ended_at - segment.started_at).total_seconds()) for segment in segments] == [
        4,
        4,
        2,
    ]
    assert segments[0].started_at == START
    for segment in segments:
        with frames_of(tmp_path / segment.path) as frames:
            for frame in frames:
                assert frame.time is not None
                assert abs(segment.started_at.timestamp() + frame.time - clock_of(frame)) < 0.01


def test_it_is_laid_down_once_and_carried_on_where_it_was_interrupted(
    engine: Engine, camera_id: int, tmp_path: Path
) -> None:
    assert lay_down(engine, tmp_path, camera_id, 4)
    assert not lay_down(engine, tmp_path, camera_id, 4)
    assert lay_down(engine, tmp_path, camera_id, 8)
    first, second = segments_of(engine, camera_id)
    assert abs(second.started_at - first.ended_at) < timedelta(milliseconds=2)
    assert second.previous_sha256 == first.sha256


def test_nothing_is_laid_over_recorded_footage_or_beside_another_process(
    engine: Engine, camera_id: int, tmp_path: Path
) -> None:
    other = CameraLocks(engine, DEMO)
    assert other.take(camera_id)
    assert not lay_down(engine, tmp_path, camera_id, 4)
    other.close()
    with transaction(engine) as session:
        end = START + timedelta(seconds=2)
        run_id = footage.begin_run(session, camera_id, START)
        footage.publish(session, Segment(camera_id, START, end, run_id, "1/a.mp4", 0, b"", b"", b""))
    assert not lay_down(engine, tmp_path, camera_id, 4)
    assert len(segments_of(engine, camera_id)) == 1


def test_the_last_finished_sessions_in_front_of_a_camera_are_chosen(engine: Engine, camera_id: int) -> None:
    with transaction(engine) as session:
        elsewhere = Room(name="无摄像头", type="negotiation")
        session.add(elsewhere)
        session.flush()
        here = session.query(Room.id).filter(Room.name == "开标一室").scalar()
        for number, (room_id, status) in enumerate(
            [(here, "done"), (here, "done"), (here, "open"), (elsewhere.id, "done"), (here, "done")]
        ):
            begin = START + number * HOUR
            session.add(
                TradingSession(
                    source_system="test",
                    source_key=str(number),
                    code=str(number),
                    type=SessionType.OPENING,
                    room_id=room_id,
                    planned_start=begin,
                    actual_start=begin,
                    actual_end=begin + HOUR / 2,
                    status=SessionStatus(status),
                )
            )
        session.flush()
        chosen = last_finished(session, 2)
    assert chosen == [
        FinishedSession(camera_id, "开标一室", START + number * HOUR, START + number * HOUR + HOUR / 2)
        for number in (4, 1)
    ]
