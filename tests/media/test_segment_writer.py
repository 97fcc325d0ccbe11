import errno
import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from data_access import footage
from data_access.engine import transaction
from data_access.footage import Segment
from media.fragmented_mp4 import scan
from media.publisher import Publisher
from media.sample_index import SampleIndex, TrackSamples
from media.segment_file import DiskFailed, left_behind, path_of
from media.segment_writer import SegmentWriter
from media.stream_reader import Sample, StreamReader, TimestampsJumped
from tests.media.camera_clip import (
    BEGUN,
    FRAME_RATE,
    SOUND_RATE,
    ClipCamera,
    Clock,
    as_container,
    clock_of,
    frames_of,
    install_camera,
    make_clip,
    picture,
)

HOUR = timedelta(hours=1)
FRAME = 90_000 // FRAME_RATE


@pytest.fixture
def camera_id(engine: Engine) -> int:
    return install_camera(engine, "rtsp://camera").id


@pytest.fixture
def record(engine: Engine, camera_id: int, tmp_path: Path) -> Callable[[Path], list[Segment]]:
    """Records a clip into two-second segments below `tmp_path`."""

    def run(clip: Path) -> list[Segment]:
        clock = Clock()
        with ClipCamera(clip, clock) as camera:
            reader = StreamReader(as_container(camera), clock)
            writer: SegmentWriter | None = None
            for sample in reader.samples():
                if writer is None:
                    header, timescale = reader.header(), reader.audio_timescale
                    writer = new_writer(engine, camera_id, tmp_path, header, timescale)
                writer.write(sample)
            assert writer is not None
            writer.close()
            assert reader.dropped == writer.dropped == 0
        return published(engine, camera_id)

    return run


def new_writer(
    engine: Engine, camera_id: int, folder: Path, header: bytes, audio_timescale: int = 0
) -> SegmentWriter:
    return SegmentWriter(
        Publisher(engine, camera_id),
        folder=folder,
        shelf=str(camera_id),
        header=header,
        audio_timescale=audio_timescale,
        segment_seconds=2,
    )


def published(engine: Engine, camera_id: int) -> list[Segment]:
    with transaction(engine) as session:
        return footage.segments_between(session, camera_id, BEGUN - HOUR, BEGUN + HOUR)


def decode_times(track: TrackSamples) -> list[int]:
    starts = np.cumsum(track.sample_counts) - track.sample_counts
    times: list[int] = []
    for start, count, first in zip(starts, track.sample_counts, track.decode_times, strict=True):
        durations = track.durations[start : start + count]
        times += (first + np.cumsum(durations) - durations).astype(int).tolist()
    return times


@pytest.mark.parametrize(("codec", "b_frames"), [("libx264", 0), ("libx264", 2), ("libx265", 0)])
def test_every_picture_and_every_sound_is_kept_at_its_time(
    tmp_path: Path, record: Callable[[Path], list[Segment]], codec: str, b_frames: int
) -> None:
    clip = make_clip(tmp_path / "clip.ts", 5, codec=codec, b_frames=b_frames)
    segments = record(clip)
    assert [round((segment.ended_at - segment.started_at).total_seconds()) for segment in segments] == [
        2,
        2,
        1,
    ]
    pictures: list[tuple[bytes, float]] = []
    sounds: list[tuple[bytes, float]] = []
    for segment in segments:
        index, data = SampleIndex.unpack(segment.index), (tmp_path / segment.path).read_bytes()
        assert index.audio is not None
        for track, found in ((index.video, pictures), (index.audio, sounds)):
            shown = np.array(decode_times(track)) + track.composition_offsets
            ends = np.cumsum(track.sizes, dtype=np.int64)
            offsets = np.repeat(track.data_offsets, track.sample_counts)
            first = np.repeat((np.cumsum(track.sample_counts) - track.sample_counts), track.sample_counts)
            before = ends - track.sizes - (ends - track.sizes)[first]
            for at, size, tick in zip(offsets + before, track.sizes, shown, strict=True):
                wall = segment.started_at.timestamp() + tick / track.timescale
                found.append((data[at : at + size], wall - segments[0].started_at.timestamp()))
    with av.open(str(clip)) as source:
        packets = [packet for packet in source.demux() if packet.size and packet.pts is not None]
        times_of = {
            kind: [float((p.pts or 0) * p.time_base) for p in packets if p.stream.type == kind]
            for kind in ("video", "audio")
        }
        for kind, found in (("video", pictures), ("audio", sounds)):
            times = [time - times_of["video"][0] for time in times_of[kind]]
            heard = [time for time in times if kind == "video" or time >= 0]
            assert [seconds for _, seconds in found] == pytest.approx(heard, abs=3e-5)
        sent_sounds = [bytes(packet)[7:] for packet in packets if packet.stream.type == "audio"]
        assert [data for data, _ in sounds] == sent_sounds[-len(sounds) :]
    for segment in segments:
        with frames_of(tmp_path / segment.path) as frames:
            assert len(list(frames)) == len(SampleIndex.unpack(segment.index).video.sizes)


def test_segments_join_are_chained_and_carry_the_wall_clock_of_their_pictures(
    tmp_path: Path, record: Callable[[Path], list[Segment]], engine: Engine, camera_id: int
) -> None:
    segments = record(make_clip(tmp_path / "clip.ts", 6.4))
    assert len(segments) == 4
    assert {segment.run_id for segment in segments} == {segments[0].run_id}
    for earlier, later in pairwise(segments):
        assert earlier.ended_at == later.started_at
        assert later.previous_sha256 == earlier.sha256
    assert segments[0].previous_sha256 == footage.NO_SEGMENT_BEFORE
    for segment in segments:
        file = tmp_path / segment.path
        assert segment.path == path_of(str(camera_id), segment.started_at)
        assert (file.stat().st_size, hashlib.sha256(file.read_bytes()).digest()) == (
            segment.size,
            segment.sha256,
        )
        assert scan(file).index().pack() == segment.index
        with frames_of(file) as frames:
            for frame in frames:
                assert frame.time is not None
                assert abs(segment.started_at.timestamp() + frame.time - clock_of(frame)) < 1 / FRAME_RATE
    with transaction(engine) as session:
        (run,) = footage.runs_between(session, camera_id, BEGUN - HOUR, BEGUN + HOUR)
    assert (run.start, run.end) == (segments[0].started_at, segments[-1].ended_at)
    assert list(tmp_path.rglob("*.part")) == []


def write_all(writer: SegmentWriter, samples: Iterable[Sample]) -> None:
    for sample in samples:
        writer.write(sample)


@pytest.fixture(scope="module")
def header(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    clip = make_clip(tmp_path_factory.mktemp("header") / "clip.ts", 1)
    with av.open(str(clip)) as container:
        reader = StreamReader(container, lambda: 0.0)
        next(reader.samples())
        return reader.header()


@pytest.fixture
def writer(engine: Engine, camera_id: int, tmp_path: Path, header: bytes) -> SegmentWriter:
    return new_writer(engine, camera_id, tmp_path, header, SOUND_RATE)


def test_a_burst_at_the_start_does_not_move_the_wall_clock(writer: SegmentWriter) -> None:
    """Half a second of pictures waited in the device: they all come at once, the rest in time."""
    for number in range(2 * FRAME_RATE + 1):
        writer.write(picture(number, arrived_after=max(number / FRAME_RATE, 0.5)))
    assert writer.started_at == BEGUN


def test_segments_follow_the_drift_of_the_cameras_clock(
    writer: SegmentWriter, engine: Engine, camera_id: int
) -> None:
    """This camera's second lasts 1.01 s: far more than any real one's."""
    for number in range(12 * FRAME_RATE + 1):
        writer.write(picture(number, arrived_after=number / FRAME_RATE * 1.01))
    writer.close()
    segments = published(engine, camera_id)
    assert len(segments) == 7
    for earlier, later in pairwise(segments):
        assert earlier.ended_at == later.started_at
        assert (earlier.ended_at - earlier.started_at).total_seconds() == pytest.approx(2, abs=0.021)
    assert (segments[-1].started_at - BEGUN).total_seconds() == pytest.approx(12.1, abs=0.021)


def test_a_camera_clock_that_runs_away_ends_the_run_and_loses_nothing_written(
    writer: SegmentWriter, engine: Engine, camera_id: int
) -> None:
    late = [5 if number >= 2 * FRAME_RATE else 0 for number in range(8 * FRAME_RATE)]
    with pytest.raises(TimestampsJumped, match="偏离"):
        write_all(writer, (picture(n, arrived_after=n / FRAME_RATE + late[n]) for n in range(len(late))))
    writer.close()
    (first, second) = published(engine, camera_id)
    assert first.ended_at == second.started_at == BEGUN + timedelta(seconds=2)


def test_a_run_never_begins_a_moment_before_the_last_one_ended(
    engine: Engine, camera_id: int, tmp_path: Path, header: bytes
) -> None:
    writer = SegmentWriter(
        Publisher(engine, camera_id),
        folder=tmp_path,
        shelf="1",
        header=header,
        audio_timescale=SOUND_RATE,
        segment_seconds=2,
        not_before=BEGUN + timedelta(milliseconds=30),
    )
    for number in range(FRAME_RATE + 1):
        writer.write(picture(number))
    assert writer.started_at == BEGUN + timedelta(milliseconds=30)
    writer.close()


def test_a_full_disk_keeps_what_was_whole(
    writer: SegmentWriter, engine: Engine, camera_id: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(FRAME_RATE + 1):
        writer.write(picture(number))
    real_write = os.write

    def short_write(descriptor: int, data: bytes) -> int:
        if len(data) < 100:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real_write(descriptor, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", short_write)
    with pytest.raises(DiskFailed, match="空间"):
        write_all(writer, map(picture, range(FRAME_RATE + 1, 2 * FRAME_RATE + 1)))
    writer.close()
    (segment,) = published(engine, camera_id)
    assert segment.ended_at - segment.started_at == timedelta(seconds=1)
    assert (tmp_path / segment.path).stat().st_size == segment.size


def test_footage_waits_for_a_database_that_is_away(
    writer: SegmentWriter, engine: Engine, camera_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = footage.publish

    def away(*_: object) -> None:
        raise OperationalError("INSERT", {}, Exception("the server closed the connection"))

    monkeypatch.setattr(footage, "publish", away)
    for number in range(4 * FRAME_RATE + 1):
        writer.write(picture(number))
    assert published(engine, camera_id) == []
    monkeypatch.setattr(footage, "publish", publish)
    writer.close()
    segments = published(engine, camera_id)
    assert [len(SampleIndex.unpack(segment.index).video.sizes) for segment in segments] == [50, 50, 1]
    assert [later.previous_sha256 for later in segments[1:]] == [earlier.sha256 for earlier in segments[:-1]]


def test_footage_waits_for_a_database_that_dies_in_a_query_also_where_the_driver_is_unsure(
    writer: SegmentWriter, engine: Engine, camera_id: int
) -> None:
    for number in range(FRAME_RATE + 1):  # a whole group of pictures: the run has begun
        writer.write(picture(number))

    def dies(*_: object) -> None:
        raise psycopg2.DatabaseError("server closed the connection unexpectedly")

    event.listen(engine, "do_execute", dies)
    for number in range(FRAME_RATE + 1, 4 * FRAME_RATE + 1):
        writer.write(picture(number))
    event.remove(engine, "do_execute", dies)
    assert published(engine, camera_id) == []
    writer.close()
    segments = published(engine, camera_id)
    assert [len(SampleIndex.unpack(segment.index).video.sizes) for segment in segments] == [50, 50, 1]


def test_sound_that_comes_too_late_for_its_segment_is_left_out_and_counted(
    writer: SegmentWriter, engine: Engine, camera_id: int
) -> None:
    for number in range(3 * FRAME_RATE):
        writer.write(picture(number))
    early = replace(picture(0), video=False, decode_time=SOUND_RATE, presentation_time=SOUND_RATE)
    writer.write(early)
    writer.close()
    assert writer.dropped == 1
    assert SampleIndex.unpack(published(engine, camera_id)[1].index).audio is not None


@pytest.fixture
def torn(writer: SegmentWriter, tmp_path: Path) -> bytes:
    """The bytes of an open segment of three seconds, as a killed recorder leaves it."""
    for number in range(FRAME_RATE * 2):
        writer.write(picture(number))
    (part,) = tmp_path.rglob("*.part")
    return part.read_bytes()


@given(cut=st.floats(0, 1))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_torn_file_is_closed_behind_its_last_whole_fragment(
    torn: bytes, tmp_path_factory: pytest.TempPathFactory, cut: float
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    part = folder / (path_of("1", BEGUN) + ".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(torn[: round(cut * len(torn))])
    size = part.stat().st_size
    found = list(left_behind(folder, "1", lambda _: set()))
    assert not part.exists()
    files = [path for path in folder.rglob("*") if path.is_file()]
    if not found:
        assert files == []
        return
    (closed,) = found
    assert files == [folder / closed.path]
    data = files[0].read_bytes()
    assert (closed.size, closed.sha256) == (len(data), hashlib.sha256(data).digest())
    assert len(data) <= size
    assert torn.startswith(data)
    assert closed.started_at == BEGUN
    assert closed.ends_at - BEGUN == timedelta(seconds=len(closed.index.video.sizes) / FRAME_RATE)
    assert list(left_behind(folder, "1", lambda _: {closed.path})) == []


def test_left_behind_files_are_published_and_carry_their_run_on(
    writer: SegmentWriter, engine: Engine, camera_id: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recorder was killed between the renaming of one segment and its row, with the next one open."""
    for number in range(5 * FRAME_RATE + 1):
        if number == 3 * FRAME_RATE:
            monkeypatch.setattr(Publisher, "publish", lambda *_: None)
        writer.write(picture(number))
    monkeypatch.undo()
    assert len(published(engine, camera_id)) == 1
    assert Publisher(engine, camera_id).publish_left_behind(tmp_path, str(camera_id)) == 2
    segments = published(engine, camera_id)
    assert [segment.started_at - BEGUN for segment in segments] == [timedelta(seconds=s) for s in (0, 2, 4)]
    assert len({segment.run_id for segment in segments}) == 1
    assert [later.previous_sha256 for later in segments[1:]] == [earlier.sha256 for earlier in segments[:-1]]
    assert Publisher(engine, camera_id).publish_left_behind(tmp_path, str(camera_id)) == 0


def test_what_is_published_begins_at_the_time_in_its_name(
    writer: SegmentWriter, engine: Engine, camera_id: int
) -> None:
    for number in range(FRAME_RATE):
        writer.write(picture(number))
    writer.close()
    (segment,) = published(engine, camera_id)
    name = Path(segment.path).name.removesuffix(".mp4")
    assert datetime.strptime(name, "%Y%m%dT%H%M%S.%f%z") == segment.started_at
