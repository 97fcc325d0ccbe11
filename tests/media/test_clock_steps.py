"""This machine's clock is set, or the camera's format changes, while it records: nothing is lost by it."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from av.container import InputContainer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from data_access import footage, footage_events, footage_gaps
from data_access.cameras import CameraRow
from data_access.engine import transaction
from data_access.footage import Segment
from data_access.footage_events import EventRow
from domain.vocabulary import FootageEventKind, GapCause
from media.camera_recorder import CameraRecorder, Surroundings
from media.clock_watch import ClockWatch, steady_clock
from media.sample_index import SampleIndex
from tests.media.camera_clip import (
    BEGUN,
    FRAME_RATE,
    ClipCamera,
    Clock,
    as_container,
    clock_of,
    frames_of,
    install_camera,
    make_clip,
)

DAY = timedelta(days=1)
SECONDS = 10


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.ts", SECONDS)


@pytest.fixture
def camera(engine: Engine) -> CameraRow:
    return install_camera(engine, "rtsp://camera/1")


def record(
    engine: Engine,
    camera: CameraRow,
    folder: Path,
    clips: list[Path],
    *,
    step: float = 0,
    after: float = 0,
    steady: bool = True,
) -> CameraRecorder:
    """Plays the clips one after the other; `after` so many seconds the machine's clock is set by `step`."""
    real = Clock()
    left = iter(clips)
    number = 0

    def wall() -> float:
        return real.now + (step if real.now - BEGUN.timestamp() >= after else 0)

    def opener(_url: str) -> InputContainer:
        nonlocal number
        number += 1
        begun = BEGUN + timedelta(seconds=(number - 1) * SECONDS + 1)
        stop = recorder.stop if number == len(clips) else lambda: None
        return as_container(ClipCamera(next(left), real, begun, stop))

    def pause(_stopping: threading.Event, seconds: float) -> None:
        real.now += seconds

    around = Surroundings(engine, folder, 2, wall, opener, pause, real if steady else None)
    recorder = CameraRecorder(camera, around)
    recorder.run()
    return recorder


def segments_of(engine: Engine, camera: CameraRow) -> list[Segment]:
    """In the order in which they were recorded."""
    with transaction(engine) as session:
        found = footage.segments_between(session, camera.id, BEGUN - DAY, BEGUN + DAY)
    return sorted(found, key=lambda segment: (segment.run_id, segment.started_at))


def events_of(engine: Engine, camera: CameraRow) -> list[EventRow]:
    with transaction(engine) as session:
        return footage_events.events_between(session, camera.id, BEGUN - DAY, BEGUN + DAY)


def pictures_in(folder: Path, segments: list[Segment]) -> Iterator[tuple[float, float]]:
    """Of every picture when it was made by the clip, and by how much its wall clock is off that."""
    for segment in segments:
        with frames_of(folder / segment.path) as frames:
            for frame in frames:
                assert frame.time is not None
                made = clock_of(frame)
                yield made - BEGUN.timestamp(), segment.started_at.timestamp() + frame.time - made


@pytest.mark.parametrize("steady", [True, False], ids=["noticed at once", "noticed by the pictures"])
@pytest.mark.parametrize("step", [3600, -3600])
def test_a_clock_that_is_set_by_an_hour_loses_no_picture_and_makes_one_new_run(
    engine: Engine, camera: CameraRow, clip: Path, tmp_path: Path, *, step: float, steady: bool
) -> None:
    record(engine, camera, tmp_path, [clip], step=step, after=5.3, steady=steady)
    segments = segments_of(engine, camera)
    pictures = list(pictures_in(tmp_path, segments))
    assert [round(made * FRAME_RATE) for made, _ in pictures] == list(range(SECONDS * FRAME_RATE))
    assert len({segment.run_id for segment in segments}) == 2
    offsets = [off for _, off in pictures]
    turn = next(number for number, off in enumerate(offsets) if abs(off - offsets[0]) > 60)
    assert all(off == pytest.approx(1, abs=0.05) for off in offsets[:turn])
    assert all(off == pytest.approx(1 + step, abs=0.05) for off in offsets[turn:])
    assert list(tmp_path.rglob("*.part")) == []
    if not steady:
        return
    assert pictures[turn][0] == pytest.approx(5, abs=0.01), "the next key picture bears the new time"
    (event,) = events_of(engine, camera)
    assert event.kind is FootageEventKind.CLOCK_STEP
    assert event.seconds == pytest.approx(step)
    until = segments[-1].ended_at
    with transaction(engine) as session:
        gaps = footage_gaps.gaps_between(session, camera.id, segments[0].started_at, until)
    if step > 0:
        (gap,) = gaps
        assert gap.cause is GapCause.RECORDER
        assert "时钟" in gap.detail
    else:
        assert gaps == []


@pytest.mark.parametrize("step", [0.8, -0.8])
def test_a_clock_that_is_set_by_less_than_a_second_is_noted_and_followed_without_a_jump(
    engine: Engine, camera: CameraRow, clip: Path, tmp_path: Path, step: float
) -> None:
    record(engine, camera, tmp_path, [clip], step=step, after=3.3)
    segments = segments_of(engine, camera)
    assert len({segment.run_id for segment in segments}) == 1
    assert all(a.ended_at == b.started_at for a, b in pairwise(segments))
    (event,) = events_of(engine, camera)
    assert event.seconds == pytest.approx(step)
    moved = [off for _, off in pictures_in(tmp_path, segments)]
    assert 0.03 < (moved[-1] - moved[0]) * (1 if step > 0 else -1) < 0.1


def test_the_same_instant_twice_makes_two_files(
    engine: Engine, camera: CameraRow, clip: Path, tmp_path: Path
) -> None:
    """Set back to the very microsecond at which a segment began."""
    record(engine, camera, tmp_path / "one", [clip])
    first = segments_of(engine, camera)
    record(engine, camera, tmp_path / "one", [clip])
    both = segments_of(engine, camera)
    assert len(both) == 2 * len(first)
    assert len({segment.path for segment in both}) == len(both)
    assert all((tmp_path / "one" / segment.path).stat().st_size == segment.size for segment in both)


def test_while_no_clock_is_set_none_is_noticed(
    engine: Engine, camera: CameraRow, clip: Path, tmp_path: Path
) -> None:
    record(engine, camera, tmp_path, [clip])
    assert events_of(engine, camera) == []
    steady = steady_clock()
    assert abs(steady() - datetime.now(UTC).timestamp()) < 1


@given(steps=st.lists(st.floats(-7200, 7200), max_size=6))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_step_is_told_once_whatever_its_size(steps: list[float]) -> None:
    wall, steady = Clock(0), Clock(0)
    watch = ClockWatch(wall, steady)
    told = []
    for step in steps:
        wall.now += step + 2
        steady.now += 2
        told += [watch.step(), watch.step()]
    assert watch.offset() == pytest.approx(sum(steps))
    assert sum(told) == pytest.approx(sum(steps), abs=0.5)
    assert all(found == 0 or abs(found) >= 0.5 for found in told)
    assert told[1::2] == [0] * len(steps)


def test_another_codec_and_another_size_begin_runs_that_play_and_are_noted(
    engine: Engine, camera: CameraRow, clip: Path, tmp_path: Path
) -> None:
    hevc = make_clip(tmp_path / "hevc.ts", SECONDS, codec="libx265")
    large = make_clip(tmp_path / "large.ts", SECONDS, size=(480, 128))
    record(engine, camera, tmp_path / "footage", [clip, hevc, large, large])
    segments = segments_of(engine, camera)
    runs = list(dict.fromkeys(segment.run_id for segment in segments))
    assert len(runs) == 4
    for run, kind in zip(runs, ("h264", "hevc", "h264", "h264"), strict=True):
        own = [segment for segment in segments if segment.run_id == run]
        assert len(list(pictures_in(tmp_path / "footage", own))) == SECONDS * FRAME_RATE
        with frames_of(tmp_path / "footage" / own[0].path) as frames:
            assert next(iter(frames)).width == (480 if run in runs[2:] else 384)
        assert (b"hvcC" if kind == "hevc" else b"avcC") in SampleIndex.unpack(own[0].index).header
    noted = [event.detail for event in events_of(engine, camera)]
    assert noted == ["h264 384x96, aac → hevc 384x96, aac", "hevc 384x96, aac → h264 480x128, aac"]
