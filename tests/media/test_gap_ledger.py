"""A camera never has time that is neither footage nor a gap with its cause, whatever happens to it."""

import errno
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from av.container import InputContainer
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from data_access import cameras, footage_gaps
from data_access.cameras import CameraRow
from data_access.engine import transaction
from data_access.footage_gaps import Gap
from domain.vocabulary import GapCause, RecordingPolicy
from media.camera import camera_errors
from media.camera_recorder import CameraRecorder, Surroundings
from media.open_gap import Why
from media.recorder import Recorder
from media.segment_file import SegmentFile
from tests.media.camera_clip import BEGUN, ClipCamera, Clock, as_container, install_camera, make_clip

CLIP_SECONDS = 2
FULL: Why = (GapCause.DISK, "录像磁盘已满 / the disk is full")

# What a connection comes to, and what a time without one is for; each with the cause that the ledger names.
CONNECTIONS = {
    "clip": GapCause.CAMERA,  # the stream ends by itself
    "refused": GapCause.CAMERA,
    "silent": GapCause.NETWORK,
    "surprise": GapCause.RECORDER,
    "disk": GapCause.DISK,
}
RESTS = {
    "down": GapCause.RECORDER,
    "disabled": GapCause.PLANNED,
    "between sessions": GapCause.PLANNED,
    "disk full": GapCause.DISK,
}
ERRORS: dict[str, Exception] = {
    "refused": ConnectionRefusedError(errno.ECONNREFUSED, "refused"),
    "silent": TimeoutError(errno.ETIMEDOUT, "timed out"),
    "surprise": ZeroDivisionError("surprise"),
}

lives = st.tuples(
    st.just("life"),
    st.lists(st.sampled_from([*CONNECTIONS]), min_size=1, max_size=4),
    st.sampled_from(["stop", "kill"]),
)
rests = st.tuples(st.just("rest"), st.sampled_from([*RESTS]), st.integers(5, 600))
clock_steps = st.tuples(st.just("clock"), st.sampled_from([-3600, -40, 40, 3600]), st.just(0))


class Killed(BaseException):
    """The process is gone: nothing of it is done any more."""


@dataclass
class Centre:
    """One camera, and a recorder that is started, stopped and killed; nothing waits."""

    engine: Engine
    folder: Path
    clip: Path
    patch: pytest.MonkeyPatch
    camera: CameraRow
    real: Clock = field(default_factory=Clock)
    ahead: float = 0  # seconds by which the machine's clock is set wrong
    spent: list[tuple[datetime, datetime, set[GapCause]]] = field(default_factory=list)
    planned: bool = False  # that nothing is recorded
    disk_left: int = 1000  # fragments until the disk is full

    def wall(self) -> float:
        return self.real.now + self.ahead

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.wall(), UTC)

    def around(self, opener: Any = None) -> Surroundings:
        return Surroundings(self.engine, self.folder, 2, self.wall, opener, self.pause, self.real)

    def pause(self, _stopping: threading.Event, seconds: float) -> None:
        self.real.now += seconds

    def life(self, connections: list[str], end: str) -> None:
        """The camera's thread from its start to its stop or kill."""
        self.planned = False
        left = iter(connections)

        def opener(url: str) -> InputContainer:
            self.real.now += 0.3  # it takes its time
            what = next(left, None)
            if what is None:
                recorder.stop()
                what = "refused"
            self.disk_left = 1 if what == "disk" else 1000
            if what in ERRORS:
                with camera_errors(url):
                    raise ERRORS[what]
            kills = end == "kill" and what == "clip"
            camera = ClipCamera(self.clip, self.real, datetime.fromtimestamp(self.real.now, UTC))
            if kills:
                recorder._end_run = lambda: None  # type: ignore[method-assign]
                whole = camera.demux
                camera.demux = lambda streams: killed(whole(streams))  # type: ignore[method-assign]
            return as_container(camera)

        recorder = CameraRecorder(self.camera, self.around(opener))
        try:
            recorder.run()
        except Killed:
            return

    def rest(self, why: str, seconds: int) -> None:
        """Time in which the camera is not to be recorded, or nobody is there to do it."""
        begun = self.now()
        causes = {RESTS[why]}
        if why == "down":
            self.real.now += seconds
            causes |= {GapCause.PLANNED} if self.planned else set()
        else:
            self.supervise(why, seconds)
            self.planned = RESTS[why] is GapCause.PLANNED
        self.spent.append((begun, self.now(), causes))

    def supervise(self, why: str, seconds: int) -> None:
        """A whole recorder that does not record: disabled, without a session, or without room on the disk."""
        with transaction(self.engine) as session:
            cameras.switch(session, self.camera.id, enabled=why != "disabled")
            policy = RecordingPolicy.SESSIONS if why == "between sessions" else RecordingPolicy.ALWAYS
            cameras.change_recording(session, self.camera.id, policy)
        obstacles = [lambda _now: FULL] if why == "disk full" else []
        recorder = Recorder(self.around(), 3650, obstacles)
        recorder._expires_at = float("inf")
        for _ in range(3):
            recorder.tick()
            self.real.now += seconds / 3
        recorder.tick()
        recorder.stop()

    def gaps(self, start: datetime, end: datetime) -> list[Gap]:
        with transaction(self.engine) as session:
            return footage_gaps.gaps_between(session, self.camera.id, start, end)


def killed(packets: Iterator[Any]) -> Iterator[Any]:
    """The recorder is killed in the middle of the clip."""
    for number, packet in enumerate(packets):
        if number == CLIP_SECONDS * 50:
            raise Killed
        yield packet


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.ts", CLIP_SECONDS)


def made(engine: Engine, folder: Path, clip: Path, patch: pytest.MonkeyPatch) -> Centre:
    camera = install_camera(engine, "rtsp://camera/1", name=folder.name)
    centre = Centre(engine, folder, clip, patch, camera)
    write = SegmentFile.write

    def write_or_fail(file: SegmentFile, data: bytes) -> None:
        if file.fragments >= centre.disk_left:
            patch.setattr("media.segment_file.os.write", full)
        write(file, data)

    def full(*_: object) -> int:
        patch.setattr("media.segment_file.os.write", real_write)
        raise OSError(errno.ENOSPC, "No space left on device")

    import os

    real_write = os.write
    patch.setattr(SegmentFile, "write", write_or_fail)
    return centre


def play(centre: Centre, story: list[tuple[Any, ...]]) -> None:
    for kind, what, more in story:
        if kind == "life":
            centre.life(what, more)
        elif kind == "rest":
            centre.rest(what, more)
        else:
            centre.ahead += what
    centre.life(["clip"], "stop")


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.lists(lives | rests, min_size=1, max_size=5))
@example(story=[("life", ["clip"], "kill"), ("rest", "down", 60), ("rest", "disabled", 30)])
@example(story=[("rest", "disabled", 30), ("rest", "disk full", 30), ("rest", "between sessions", 30)])
@example(story=[("life", ["clip", "disk", "silent", "clip"], "stop"), ("rest", "down", 5)])
def test_all_time_is_footage_or_a_gap_with_the_cause_that_it_had(
    engine: Engine, clip: Path, tmp_path_factory: pytest.TempPathFactory, story: list[tuple[Any, ...]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        centre = made(engine, tmp_path_factory.mktemp("footage"), clip, patch)
        play(centre, story)
    gaps = centre.gaps(BEGUN, centre.now())
    unknown = [gap for gap in gaps if gap.cause is GapCause.UNKNOWN]
    assert unknown == []
    for begun, ended, causes in centre.spent:
        half = begun + (ended - begun) / 2
        (gap,) = centre.gaps(half, half + timedelta(milliseconds=1))
        assert gap.cause in causes


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.lists(lives | rests | clock_steps, min_size=2, max_size=6))
@example(story=[("life", ["clip"], "stop"), ("clock", -3600, 0), ("life", ["clip", "refused"], "stop")])
@example(story=[("clock", 3600, 0), ("life", ["clip"], "kill"), ("clock", -3600, 0), ("rest", "down", 600)])
def test_a_clock_that_is_set_leaves_no_time_unaccounted_for(
    engine: Engine, clip: Path, tmp_path_factory: pytest.TempPathFactory, story: list[tuple[Any, ...]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        centre = made(engine, tmp_path_factory.mktemp("footage"), clip, patch)
        play(centre, story)
    gaps = centre.gaps(BEGUN, max(BEGUN, centre.now()))
    assert [gap for gap in gaps if gap.cause is GapCause.UNKNOWN] == []
