"""The recorder as a whole, in real time: real cameras, real processes, real signals."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest
from sqlalchemy import Engine, select, text, update

from data_access import cameras, footage, footage_gaps
from data_access.cameras import StatusRow
from data_access.engine import transaction
from data_access.footage import Segment
from data_access.footage_gaps import Gap
from data_access.models import Camera, TradingSession, WorkerHeartbeat
from domain.vocabulary import GapCause, RecordingPolicy, SessionStatus, SessionType
from media.camera_recorder import Surroundings
from media.fragmented_mp4 import scan
from media.open_gap import Why
from media.recorder import Obstacle, Recorder
from media.sample_index import SampleIndex
from tests.media import rtsp_server
from tests.media.camera_clip import clock_of, frames_of, install_camera, make_clip

HELD = "locktype = 'advisory' AND objid = :id"
GOP = 1.0  # seconds, of the RTSP camera
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def soon(condition: Callable[[], object], within: float = 60) -> None:
    """Waits until the condition holds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def segments_of(engine: Engine, camera_id: int) -> list[Segment]:
    """The closed ones."""
    with transaction(engine) as session:
        found = footage.segments_between(session, camera_id, LONG_AGO, datetime.now(UTC) + timedelta(days=1))
    return [segment for segment in found if not segment.open]


def gaps_of(engine: Engine, camera_id: int, start: datetime, end: datetime) -> list[Gap]:
    with transaction(engine) as session:
        return footage_gaps.gaps_between(session, camera_id, start, end)


def status_of(engine: Engine, camera_id: int) -> StatusRow | None:
    with transaction(engine) as session:
        return cameras.statuses(session).get(camera_id)


def pictures_of(folder: Path, segments: list[Segment]) -> list[tuple[float, float]]:
    """Of every decoded picture: its wall clock by the index of footage, and the clock that it shows."""
    found = []
    for segment in segments:
        with frames_of(folder / segment.path) as frames:
            for frame in frames:
                assert frame.time is not None
                found.append((segment.started_at.timestamp() + frame.time, clock_of(frame)))
    return found


@contextmanager
def recorder_process(database_url: str, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m media.recorder` with segments of four seconds."""
    process = subprocess.Popen(
        [sys.executable, "-m", "media.recorder"],
        env=os.environ
        | {"DATABASE_URL": database_url, "MINGJING_HOME": str(home), "MINGJING_SEGMENT_SECONDS": "4"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def rtsp_url() -> Iterator[str]:
    with rtsp_server.rtsp_camera() as url:
        yield url


@pytest.mark.rtsp
def test_an_rtsp_camera_is_recorded_and_a_killed_recorder_loses_one_gop_at_most(
    rtsp_url: str, engine: Engine, database_url: str, tmp_path: Path
) -> None:
    camera_id = install_camera(engine, rtsp_url).id
    folder = tmp_path / "footage"
    with recorder_process(database_url, tmp_path) as process:
        soon(lambda: len(segments_of(engine, camera_id)) == 1)
        soon(lambda: any(scan(part).fragment_count >= 3 for part in folder.rglob("*.part")))
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed_at = time.time()
    with recorder_process(database_url, tmp_path) as process:
        soon(lambda: (status := status_of(engine, camera_id)) and status.updated_at.timestamp() > killed_at)
        soon(lambda: segments_of(engine, camera_id)[-1].started_at.timestamp() > killed_at)
        process.send_signal(signal.SIGTERM)
        ended_at = time.time()
        assert process.wait(timeout=10) == 0
    segments = segments_of(engine, camera_id)
    before = [segment for segment in segments if segment.started_at.timestamp() < killed_at]
    after = segments[len(before) :]
    assert len(before) in {2, 3}

    pictures = pictures_of(folder, before)
    assert killed_at - pictures[-1][1] < GOP + 1  # the second is for what was on its way, on a busy machine
    # The source sends a picture every 40 ms: not one is missing.
    assert all(later[0] - earlier[0] < 0.065 for earlier, later in pairwise(pictures))
    assert abs(median(wall - shown for wall, shown in pictures)) < 0.1
    for earlier, later in pairwise(before):
        assert (earlier.ended_at, earlier.run_id) == (later.started_at, later.run_id)
        assert later.previous_sha256 == earlier.sha256
    for segment in before:
        index = SampleIndex.unpack(segment.index)
        audio = index.audio
        assert audio is not None
        assert len(audio.sizes) == pytest.approx(audio.timescale / 1024 * index.duration, abs=60)

    (gap,) = gaps_of(engine, camera_id, before[0].started_at, after[-1].ended_at)
    assert (gap.start, gap.end, gap.cause) == (before[-1].ended_at, after[0].started_at, GapCause.RECORDER)
    # A clean stop brings the open group of pictures to disk too.
    assert ended_at - after[-1].ended_at.timestamp() < GOP
    assert list(folder.rglob("*.part")) == []


@pytest.mark.rtsp
def test_a_camera_that_dies_and_returns_leaves_a_gap_that_is_its_own(engine: Engine, tmp_path: Path) -> None:
    port = rtsp_server.free_port()
    server = rtsp_server.start(port, audio="g711")
    camera_id = install_camera(engine, f"rtsp://127.0.0.1:{port}/camera").id
    with running(engine, tmp_path):
        soon(lambda: len(segments_of(engine, camera_id)) >= 1)
        server.kill()
        server.wait()
        died_at = datetime.now(UTC)
        soon(lambda: (status := status_of(engine, camera_id)) and not status.recording)
        assert "设备" in status_of(engine, camera_id).message  # type: ignore[union-attr]
        server = rtsp_server.start(port, audio="g711")
        try:
            soon(lambda: segments_of(engine, camera_id)[-1].started_at > died_at)
        finally:
            server.kill()
            server.wait()
    segments = segments_of(engine, camera_id)
    sound = SampleIndex.unpack(segments[0].index).audio
    assert sound is not None
    assert sound.timescale == 8000, "G.711 has become AAC of the same rate"
    before = [segment for segment in segments if segment.started_at < died_at]
    gaps = gaps_of(engine, camera_id, before[0].started_at, segments[-1].ended_at)
    assert gaps[0].start == before[-1].ended_at
    assert abs((gaps[0].start - died_at).total_seconds()) < GOP
    assert {gap.cause for gap in gaps} == {GapCause.CAMERA}


@contextmanager
def running(
    engine: Engine,
    folder: Path,
    segment_seconds: float = 2,
    clock_ahead: float = 0,
    obstacles: Sequence[Obstacle] = (),
) -> Iterator[Recorder]:
    """A recorder in a thread of this process."""
    stopped = threading.Event()
    around = Surroundings(engine, folder, segment_seconds, clock=lambda: time.time() + clock_ahead)
    recorder = Recorder(around, online_days=3650, obstacles=obstacles)
    thread = threading.Thread(target=recorder.run, args=(stopped, 0.1))
    thread.start()
    try:
        yield recorder
    finally:
        stopped.set()
        thread.join()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file that is played like a camera, for half a minute."""
    return str(make_clip(tmp_path_factory.mktemp("film") / "film.ts", 30))


def switch(engine: Engine, camera_id: int, *, enabled: bool) -> None:
    with transaction(engine) as session:
        session.execute(update(Camera).where(Camera.id == camera_id).values(enabled=enabled))


def is_recording(engine: Engine, camera_id: int) -> bool:
    status = status_of(engine, camera_id)
    return status is not None and status.recording


def test_cameras_are_followed_as_the_database_says(engine: Engine, film: str, tmp_path: Path) -> None:
    camera_id = install_camera(engine, film).id
    with running(engine, tmp_path):
        soon(lambda: is_recording(engine, camera_id))
        other_id = install_camera(engine, film, "开标一室-近景").id
        switch(engine, camera_id, enabled=False)
        soon(lambda: is_recording(engine, other_id))
        soon(lambda: not is_recording(engine, camera_id))
        soon(lambda: len(segments_of(engine, camera_id)) >= 1)
        switched_off = segments_of(engine, camera_id)[-1].ended_at
        soon(lambda: (status := status_of(engine, camera_id)) and "停用" in status.message)
        switch(engine, camera_id, enabled=True)
        soon(lambda: is_recording(engine, camera_id))
        with transaction(engine) as session:
            assert cameras.remove(session, "开标一室-近景", datetime.now(UTC)) is not None
        soon(lambda: len(segments_of(engine, other_id)) == 1)
    again = segments_of(engine, camera_id)[-1]
    (gap,) = gaps_of(engine, camera_id, switched_off - timedelta(seconds=0.5), again.ended_at)
    assert (gap.start, gap.end, gap.cause) == (switched_off, again.started_at, GapCause.PLANNED)
    with transaction(engine) as session:
        seen_at = session.scalar(select(WorkerHeartbeat.seen_at).where(WorkerHeartbeat.worker == "recorder"))
    assert seen_at is not None
    assert datetime.now(UTC) - seen_at < timedelta(seconds=5)


def test_a_camera_for_sessions_only_is_recorded_while_one_is_on_and_all_stop_while_the_disk_is_full(
    engine: Engine, film: str, tmp_path: Path
) -> None:
    camera = install_camera(engine, film)
    with transaction(engine) as session:
        cameras.change_recording(session, camera.id, RecordingPolicy.SESSIONS)
    full: list[Why] = []
    with running(engine, tmp_path, obstacles=[lambda _now: full[0] if full else None]):
        soon(lambda: (status := status_of(engine, camera.id)) and "场次" in status.message)
        with transaction(engine) as session:
            session.add(
                TradingSession(
                    code="KB1",
                    source_system="test",
                    source_key="KB1",
                    type=SessionType.OPENING,
                    room_id=camera.room_id,
                    planned_start=datetime.now(UTC) + timedelta(minutes=14),
                )
            )
        soon(lambda: is_recording(engine, camera.id))
        full.append((GapCause.DISK, "录像磁盘已满 / the disk is full"))
        soon(lambda: (status := status_of(engine, camera.id)) and "磁盘已满" in status.message)
        full.clear()
        soon(lambda: is_recording(engine, camera.id))
        with transaction(engine) as session:
            session.execute(update(TradingSession).values(status=SessionStatus.CANCELLED))
        soon(lambda: (status := status_of(engine, camera.id)) and "场次" in status.message)
    segments = segments_of(engine, camera.id)
    gaps = gaps_of(engine, camera.id, segments[0].started_at - timedelta(seconds=0.2), segments[-1].ended_at)
    assert [gap.cause for gap in gaps[-2:]] == [GapCause.PLANNED, GapCause.DISK]
    assert len({segment.run_id for segment in segments}) == 2


def test_a_second_recorder_writes_nothing_until_the_first_has_gone(
    engine: Engine, film: str, tmp_path: Path
) -> None:
    camera_id = install_camera(engine, film).id
    second_folder = tmp_path / "second"
    second_folder.mkdir()
    with running(engine, tmp_path / "first"):
        soon(lambda: is_recording(engine, camera_id))
        with running(engine, second_folder):
            soon(lambda: len(segments_of(engine, camera_id)) >= 1)
            assert list(second_folder.iterdir()) == []
    with running(engine, second_folder):
        soon(lambda: is_recording(engine, camera_id))
    runs = {segment.run_id for segment in segments_of(engine, camera_id)}
    assert len(runs) == 2


def test_a_recorder_that_lost_its_locks_takes_them_again(engine: Engine, film: str, tmp_path: Path) -> None:
    camera_id = install_camera(engine, film).id
    with running(engine, tmp_path):
        soon(lambda: is_recording(engine, camera_id))
        with transaction(engine) as session:
            held = (
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = :id"
            )
            assert session.scalar(text(held), {"id": camera_id}) is True
        taken = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = :id")
        soon(lambda: _scalar(engine, taken, camera_id) == 1)
        soon(lambda: len(segments_of(engine, camera_id)) >= 1)
    assert len({segment.run_id for segment in segments_of(engine, camera_id)}) == 1


def _scalar(engine: Engine, statement: object, camera_id: int) -> object:
    with transaction(engine) as session:
        return session.scalar(statement, {"id": camera_id})  # type: ignore[call-overload]


def test_the_demo_cameras_burnt_in_clock_agrees_within_a_picture(engine: Engine, tmp_path: Path) -> None:
    from media.demo_encoder import FRAME_RATE

    port = rtsp_server.free_port()
    server = subprocess.Popen([sys.executable, "-m", "media.demo_cameras", "--port", str(port)])
    try:
        camera_id = install_camera(engine, f"http://127.0.0.1:{port}/evaluation.ts").id
        with running(engine, tmp_path):
            soon(lambda: len(segments_of(engine, camera_id)) >= 2)
    finally:
        server.terminate()
        server.wait()
    pictures = pictures_of(tmp_path, segments_of(engine, camera_id))
    assert all(abs(wall - shown) < 1 / FRAME_RATE for wall, shown in pictures)
