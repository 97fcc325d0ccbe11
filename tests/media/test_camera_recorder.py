"""One camera on the test's own clock: nothing here waits."""

import errno
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import av
import pytest
from av.container import InputContainer
from sqlalchemy import Engine, text

from data_access import footage, footage_gaps
from data_access.cameras import CameraRow
from data_access.engine import transaction
from data_access.footage import Stretch
from data_access.footage_gaps import Gap
from domain.vocabulary import GapCause
from media.camera import camera_errors
from media.camera_recorder import ENDED, LONGEST_WAIT, CameraRecorder, Surroundings
from tests.media.camera_clip import (
    BEGUN,
    FRAME_RATE,
    ClipCamera,
    Clock,
    as_container,
    install_camera,
    make_clip,
)

URL = "rtsp://inspector:secret@10.1.2.3/1"
HOUR = timedelta(hours=1)


class Attempts:
    """An opener whose every call gives the next outcome; the last one stops the recorder at its end."""

    def __init__(self, clock: Clock, *outcomes: Exception | tuple[Path, float]) -> None:
        self.recorder: CameraRecorder | None = None
        self.waits: list[float] = []
        self.seen: list[tuple[bool, str]] = []
        self._clock = clock
        self._outcomes: Iterator[Exception | tuple[Path, float]] = iter(outcomes)
        self._left = len(outcomes)

    def open(self, url: str) -> InputContainer:
        assert self.recorder is not None
        self.seen.append((self.recorder.observed.recording, self.recorder.observed.message))
        outcome = next(self._outcomes)
        self._left -= 1
        if isinstance(outcome, Exception):
            with camera_errors(url):
                raise outcome
        path, after = outcome
        begun = BEGUN + timedelta(seconds=after)
        return as_container(ClipCamera(path, self._clock, begun, self._at_end))

    def _at_end(self) -> None:
        if self._left == 0 and self.recorder is not None:
            self.recorder.stop()

    def pause(self, _stopping: threading.Event, seconds: float) -> None:
        self.waits.append(seconds)
        self._clock.now += seconds


@pytest.fixture
def camera(engine: Engine) -> CameraRow:
    return install_camera(engine, URL)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.ts", 4)


def record(
    engine: Engine, camera: CameraRow, folder: Path, *outcomes: Exception | tuple[Path, float]
) -> Attempts:
    clock = Clock()
    attempts = Attempts(clock, *outcomes)
    around = Surroundings(engine, folder, 2, clock, attempts.open, attempts.pause)
    attempts.recorder = CameraRecorder(camera, around)
    attempts.recorder.run()
    return attempts


def ledger(engine: Engine, camera: CameraRow, until: datetime) -> tuple[list[Stretch], list[Gap]]:
    with transaction(engine) as session:
        return (
            footage.runs_between(session, camera.id, BEGUN, until),
            footage_gaps.gaps_between(session, camera.id, BEGUN, until),
        )


def test_a_lost_camera_leaves_a_gap_with_its_cause_and_is_recorded_again(
    engine: Engine, camera: CameraRow, clip: Path, tmp_path: Path
) -> None:
    silent = TimeoutError(errno.ETIMEDOUT, "timed out")
    attempts = record(engine, camera, tmp_path, (clip, 2), silent, silent, (clip, 30))
    runs, gaps = ledger(engine, camera, BEGUN + timedelta(seconds=33))
    first, second = runs
    assert (first.start - BEGUN).total_seconds() == pytest.approx(2, abs=0.05)
    assert (first.end - first.start).total_seconds() == pytest.approx(4)
    assert (second.start - BEGUN).total_seconds() == pytest.approx(30, abs=0.05)
    before, ended, silence = gaps
    assert (before.start, before.end, before.cause) == (BEGUN, first.start, GapCause.RECORDER)
    assert (ended.start, ended.cause) == (first.end, GapCause.CAMERA)
    assert "码流已结束" in ended.detail
    assert (silence.start, silence.end, silence.cause) == (ended.end, second.start, GapCause.NETWORK)
    assert "secret" not in silence.detail
    assert attempts.seen[0] == (False, "")
    assert attempts.seen[1] == (False, ENDED[0])
    assert "无应答" in attempts.seen[2][1]


def test_attempts_come_less_and_less_often_up_to_a_limit(
    engine: Engine, camera: CameraRow, clip: Path, tmp_path: Path
) -> None:
    gone = [ConnectionRefusedError(errno.ECONNREFUSED, "refused") for _ in range(6)]
    attempts = record(engine, camera, tmp_path, *gone, (clip, 60), *gone[:1], (clip, 90))
    assert attempts.waits == [1, 2, 4, LONGEST_WAIT, LONGEST_WAIT, LONGEST_WAIT, 0.5, 1]
    _, gaps = ledger(engine, camera, BEGUN + timedelta(seconds=60))
    assert {gap.cause for gap in gaps} == {GapCause.CAMERA}


def test_an_error_nobody_thought_of_does_not_end_the_recording_for_good(
    engine: Engine, camera: CameraRow, clip: Path, tmp_path: Path
) -> None:
    attempts = record(engine, camera, tmp_path, ZeroDivisionError("surprise"), (clip, 5))
    assert "内部错误" in attempts.seen[1][1]
    runs, _ = ledger(engine, camera, BEGUN + HOUR)
    assert len(runs) == 1


def test_a_stream_without_recordable_video_says_so(
    engine: Engine, camera: CameraRow, clip: Path, tmp_path: Path
) -> None:
    motion_jpeg = tmp_path / "mjpeg.avi"
    with av.open(str(motion_jpeg), "w") as out:
        stream = out.add_stream("mjpeg", rate=FRAME_RATE)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        out.mux(stream.encode(av.VideoFrame(64, 48, "yuvj420p")))
        out.mux(stream.encode(None))
    attempts = record(engine, camera, tmp_path / "footage", (motion_jpeg, 0), (clip, 5))
    assert "mjpeg" in attempts.seen[1][1]


def test_a_camera_that_is_at_once_there_again_never_overlaps_itself(
    engine: Engine, camera: CameraRow, clip: Path, tmp_path: Path
) -> None:
    record(engine, camera, tmp_path, (clip, 2), (clip, 5.9))
    runs, gaps = ledger(engine, camera, BEGUN + HOUR)
    assert len(runs) == 2
    assert runs[0].end == runs[1].start
    assert not any(runs[0].start < gap.end and gap.start < runs[1].end for gap in gaps)


def test_the_gap_that_a_restart_leaves_begins_where_the_footage_ended(
    engine: Engine, camera: CameraRow, clip: Path, tmp_path: Path
) -> None:
    record(engine, camera, tmp_path, (clip, 2))
    record(engine, camera, tmp_path, (clip, 20))
    runs, gaps = ledger(engine, camera, BEGUN + timedelta(seconds=24))
    assert [(gap.start, gap.end) for gap in gaps[1:]] == [(runs[0].end, runs[1].start)]
    assert gaps[1].cause is GapCause.RECORDER
    with transaction(engine) as session:
        segments = footage.segments_between(session, camera.id, BEGUN, BEGUN + HOUR)
    assert [later.previous_sha256 for _, later in pairwise(segments)] == [
        earlier.sha256 for earlier, _ in pairwise(segments)
    ]


def test_a_database_that_is_away_at_the_start_is_waited_for(
    engine: Engine, camera: CameraRow, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounted = footage_gaps.accounted_until
    calls = iter([True, False])

    def away_once(*arguments: object) -> datetime | None:
        if next(calls):
            with transaction(engine) as session:
                session.execute(text("SELECT no_such_function()"))
        return accounted(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(footage_gaps, "accounted_until", away_once)
    attempts = record(engine, camera, tmp_path, (clip, 5))
    assert "数据库不可用" in attempts.seen[0][1]
    runs, _ = ledger(engine, camera, BEGUN + HOUR)
    assert len(runs) == 1
