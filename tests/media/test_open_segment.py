"""The open segment is footage already, and what was opened of it stays what it is when it closes."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from data_access import footage, footage_calendar, footage_gaps, footage_lookup, footage_open
from data_access.engine import transaction
from data_access.footage import Segment
from data_access.models import Camera, FootageOpenSegment, FootageRun, TradingSession
from domain.vocabulary import RoomType, SessionStatus, SessionType
from media import retention
from media.publisher import Publisher
from media.segment_writer import SegmentWriter
from media.stream_reader import Sample, StreamReader
from media.virtual_mp4 import NothingRecorded, VirtualFile, build
from tests.installation import until
from tests.media import rtsp_server
from tests.media.camera_clip import BEGUN, ClipCamera, Clock, as_container, install_camera, make_clip, picture

HOUR = timedelta(hours=1)
GOP = 1.0  # seconds, of the RTSP camera


@dataclass(frozen=True)
class Stream:
    """What a camera sent."""

    samples: list[Sample]
    header: bytes
    audio_timescale: int


@pytest.fixture(scope="module", params=[0, 2], ids=["plain", "b-frames"])
def stream(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Stream:
    """Five seconds with sound, a key picture every second."""
    clip = make_clip(tmp_path_factory.mktemp("clip") / "clip.ts", 5, b_frames=request.param)
    clock = Clock()
    with ClipCamera(clip, clock) as camera:
        reader = StreamReader(as_container(camera), clock)
        samples = list(reader.samples())
        # All came in time, whatever the clip's clock says of the burst in which it is read.
        return Stream(samples, reader.header(), reader.audio_timescale)


@dataclass
class Recording:
    """A camera that is being recorded into one long segment."""

    engine: Engine
    folder: Path
    stream: Stream
    camera_id: int
    writer: SegmentWriter = field(init=False)

    def __post_init__(self) -> None:
        self.writer = SegmentWriter(
            Publisher(self.engine, self.camera_id, live=True),
            folder=self.folder,
            shelf=str(self.camera_id),
            header=self.stream.header,
            audio_timescale=self.stream.audio_timescale,
            segment_seconds=60,
        )

    def segments(self) -> list[Segment]:
        with transaction(self.engine) as session:
            return footage.segments_between(session, self.camera_id, BEGUN - HOUR, BEGUN + HOUR)

    def file(self, start: datetime, end: datetime) -> VirtualFile:
        return build(self.segments(), start, end, self.folder)

    def state(self, start: datetime, end: datetime) -> bytes:
        with transaction(self.engine) as session:
            return footage_lookup.state_of(session, self.camera_id, start, end)


def whole(file: VirtualFile) -> bytes:
    return b"".join(file.read())


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=4))
def test_a_file_cut_inside_an_open_segment_has_the_same_bytes_after_it_is_published(
    engine: Engine, stream: Stream, tmp_path_factory: pytest.TempPathFactory, cuts: list[tuple[float, float]]
) -> None:
    folder = tmp_path_factory.mktemp("footage")
    camera_id = install_camera(engine, "rtsp://camera", name=folder.name).id
    recording = Recording(engine, folder, stream, camera_id)
    opened: list[tuple[datetime, datetime, VirtualFile, bytes, bytes]] = []
    reached = None
    for sample in stream.samples:
        recording.writer.write(sample)
        if not (sample.video and sample.sync) or not (found := recording.segments()):
            continue
        (growing,) = found
        assert growing.open
        assert reached is None or growing.ended_at > reached
        reached = growing.ended_at
        for low, high in cuts:
            length = reached - growing.started_at
            start, end = sorted((growing.started_at + low * length, growing.started_at + high * length))
            for to in (end, reached):
                try:
                    file = recording.file(start, to)
                except NothingRecorded:
                    continue
                opened.append((start, to, file, whole(file), recording.state(start, to)))
    recording.writer.close()
    (closed,) = recording.segments()
    assert not closed.open
    assert list(folder.rglob("*.part")) == []
    for start, end, before, content, state in opened:
        assert whole(before) == content, "opened before, read on after"
        after = recording.file(start, end)
        assert (after.size, after.etag, after.starts_at, after.ends_at) == (
            before.size,
            before.etag,
            before.starts_at,
            before.ends_at,
        )
        assert whole(after) == content
        assert recording.state(start, end) == state, "it need not even be built anew"


@pytest.fixture
def recording(engine: Engine, stream: Stream, tmp_path: Path) -> Recording:
    """Three whole groups of pictures and the beginning of a fourth."""
    made = Recording(engine, tmp_path, stream, install_camera(engine, "rtsp://camera").id)
    for sample in stream.samples:
        if sample.seconds - stream.samples[0].seconds < 3.5:
            made.writer.write(sample)
    return made


def test_runs_days_and_sessions_reach_into_the_open_segment_and_it_is_no_gap(recording: Recording) -> None:
    (growing,) = recording.segments()
    assert (growing.ended_at - growing.started_at).total_seconds() == pytest.approx(3, abs=0.1)
    with transaction(recording.engine) as session:
        camera, end = recording.camera_id, BEGUN + timedelta(seconds=2)
        (run,) = footage.runs_between(session, camera, BEGUN - HOUR, BEGUN + HOUR)
        assert (run.start, run.end) == (growing.started_at, growing.ended_at)
        assert footage_gaps.gaps_between(session, camera, growing.started_at, end) == []
        days = footage_calendar.calendar(session, [camera], BEGUN.date(), BEGUN + HOUR, room_types=())
        assert sum((each.recorded for each in days), timedelta()) == run.end - run.start
        held = TradingSession(
            source_system="test",
            source_key="KB1",
            code="KB1",
            type=SessionType.OPENING,
            room_id=session.get_one(Camera, camera).room_id,
            planned_start=BEGUN + timedelta(seconds=1),
            actual_start=BEGUN + timedelta(seconds=1),
            status=SessionStatus.OPEN,
        )
        session.add(held)
        session.flush()
        found = footage_lookup.sessions_with_footage(session, BEGUN - HOUR, tuple(RoomType))
        assert [each.id for each in found] == [held.id]


def test_the_row_goes_with_the_transaction_that_publishes_the_segment(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    publish = footage.publish

    def watching(session: Session, segment: Segment) -> None:
        publish(session, segment)
        seen.append(len(recording.segments()))  # by another transaction, before this one ends

    monkeypatch.setattr(footage, "publish", watching)
    recording.writer.close()
    assert seen == [1]
    (closed,) = recording.segments()
    assert not closed.open
    with transaction(recording.engine) as session:
        assert session.scalars(select(FootageOpenSegment)).all() == []


def test_a_database_that_is_away_does_not_stop_the_recording(
    engine: Engine, stream: Stream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("INSERT", {}, Exception("the server closed the connection"))

    recording = Recording(engine, tmp_path, stream, install_camera(engine, "rtsp://camera").id)
    monkeypatch.setattr(footage_open, "grow", away)
    for sample in stream.samples[:-1]:
        recording.writer.write(sample)
    assert recording.segments() == []
    recording.writer.close()
    (closed,) = recording.segments()
    assert (closed.ended_at - closed.started_at).total_seconds() == pytest.approx(5, abs=0.1)


def test_the_next_segment_is_not_shown_before_the_one_that_waits_for_the_database(
    engine: Engine, stream: Stream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("INSERT", {}, Exception("the server closed the connection"))

    camera_id = install_camera(engine, "rtsp://camera").id
    publisher = Publisher(engine, camera_id, live=True)
    writer = SegmentWriter(
        publisher, folder=tmp_path, shelf="1", header=stream.header, audio_timescale=0, segment_seconds=2
    )
    publish = footage.publish
    monkeypatch.setattr(footage, "publish", away)
    for number in range(101):
        writer.write(picture(number))
    with transaction(engine) as session:
        (open_one,) = footage.segments_between(session, camera_id, BEGUN - HOUR, BEGUN + HOUR)
    assert (open_one.started_at, open_one.open) == (BEGUN, True)
    monkeypatch.setattr(footage, "publish", publish)
    for number in range(101, 126):
        writer.write(picture(number))
    with transaction(engine) as session:
        found = footage.segments_between(session, camera_id, BEGUN - HOUR, BEGUN + HOUR)
    assert [segment.open for segment in found] == [False, False, True]
    writer.close()


def test_an_open_segment_that_nobody_came_back_to_expires_with_its_file(recording: Recording) -> None:
    (part,) = recording.folder.rglob("*.part")
    later = BEGUN + timedelta(days=31)
    retention.expire(recording.engine, recording.folder, later, 30)
    assert not part.exists()
    assert recording.segments() == []
    with transaction(recording.engine) as session:
        runs = select(FootageRun.id).where(FootageRun.camera_id == recording.camera_id)
        assert session.scalar(runs) is None


def test_a_footage_that_is_being_laid_down_elsewhere_does_not_touch_the_open_segment(
    recording: Recording, tmp_path: Path
) -> None:
    """The demo's past is made beside the recorder of the same camera."""
    early = [replace(picture(n), arrived_at=picture(n).arrived_at - 7200) for n in range(26)]
    writer = SegmentWriter(
        Publisher(recording.engine, recording.camera_id),
        folder=tmp_path,
        shelf="demo-1",
        header=recording.stream.header,
        audio_timescale=0,
        segment_seconds=2,
    )
    for sample in early:
        writer.write(sample)
    writer.close()
    assert [segment.open for segment in recording.segments()] == [True]


@contextmanager
def recorder_process(database_url: str, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m media.recorder` with segments of a minute."""
    process = subprocess.Popen(
        [sys.executable, "-m", "media.recorder"],
        env=os.environ | {"DATABASE_URL": database_url, "MINGJING_HOME": str(home)},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.rtsp
def test_footage_reaches_to_a_gop_and_two_seconds_behind_live_and_a_kill_leaves_no_stale_row(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    with rtsp_server.rtsp_camera() as url:
        camera_id = install_camera(engine, url).id
        long_ago = datetime.now(UTC) - HOUR

        def reached() -> datetime | None:
            with transaction(engine) as session:
                runs = footage.runs_between(session, camera_id, long_ago, datetime.now(UTC) + HOUR)
            return runs[-1].end if runs else None

        def rows() -> list[tuple[datetime, str]]:
            with transaction(engine) as session:
                return [(row.started_at, row.path) for row in session.scalars(select(FootageOpenSegment))]

        with recorder_process(database_url, tmp_path) as process:
            until(reached, 60, "the first group of pictures is footage")
            behind = []
            for _ in range(40):
                threading.Event().wait(0.1)
                end = reached()
                assert end is not None
                behind.append((datetime.now(UTC) - end).total_seconds())
            assert max(behind) < GOP + 2
            process.send_signal(signal.SIGKILL)
            process.wait()
        ((started_at, path),) = rows()
        file = tmp_path / "footage" / path
        with transaction(engine) as session:
            found = footage.segments_between(session, camera_id, long_ago, datetime.now(UTC))
        left = build(found, started_at, datetime.now(UTC), tmp_path / "footage")
        content = whole(left)
        assert file.exists(), "it is the killed recorder's"
        begun = time.time()
        with recorder_process(database_url, tmp_path):
            until(lambda: not file.exists(), 30, "the recorder that starts has closed it")
            until(lambda: rows() and rows()[0][0].timestamp() > begun, 60, "it shows a segment of its own")
        with transaction(engine) as session:
            segments = footage.segments_between(session, camera_id, long_ago, datetime.now(UTC))
        assert (segments[0].started_at, segments[0].open) == (started_at, False)
        assert whole(left) == content
        assert whole(build(segments, started_at, left.ends_at, tmp_path / "footage")) == content
