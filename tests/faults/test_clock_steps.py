"""The machine's clock is set by an hour, ahead and back, while a camera is recorded: no picture is lost."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from av.container import InputContainer
from sqlalchemy import Engine, select

from data_access import footage, footage_gaps
from data_access.engine import transaction
from data_access.models import FootageEvent
from domain.vocabulary import FootageEventKind
from media.camera_recorder import CameraRecorder, Surroundings
from tests.faults.truth import FAR_AHEAD, LONG_AGO, played
from tests.media.camera_clip import (
    BEGUN,
    FRAME_RATE,
    ClipCamera,
    Clock,
    as_container,
    install_camera,
    make_clip,
)

SECONDS, STEP_AT = 8, 4.5
HOUR = 3600.0


@dataclass
class SettableClock:
    """The machine's clock: it goes like the steady one, and may be set."""

    steady: Clock
    ahead: float = 0.0

    def __call__(self) -> float:
        return self.steady.now + self.ahead


class SteppingCamera(ClipCamera):
    """Sets the machine's clock while it is being read."""

    def __init__(self, path: Path, steady: Clock, clock: SettableClock, step: float) -> None:
        super().__init__(path, steady)
        self._settable, self._step = clock, step

    def demux(self, streams: list[Any]) -> Iterator[Any]:
        for packet in super().demux(streams):
            if self._clock.now >= BEGUN.timestamp() + STEP_AT:
                self._settable.ahead = self._step
            yield packet


@pytest.mark.parametrize("step", [HOUR, -HOUR, 2.0, -2.0])
def test_a_clock_that_is_set_costs_no_picture_and_is_written_down(
    engine: Engine, tmp_path: Path, step: float
) -> None:
    camera, steady = install_camera(engine, "rtsp://camera"), Clock()
    clock = SettableClock(steady)
    clip = make_clip(tmp_path / "clip.ts", SECONDS)

    def open_once(_url: str) -> InputContainer:
        return as_container(SteppingCamera(clip, steady, clock, step))

    def stop_instead_of_waiting(_stopping: threading.Event, _seconds: float) -> None:
        recorder.stop()

    around = Surroundings(
        engine, tmp_path / "footage", 2, clock, open_once, stop_instead_of_waiting, steady=steady
    )
    recorder = CameraRecorder(camera, around)
    recorder.run()
    with transaction(engine) as session:
        segments = footage.segments_between(session, camera.id, LONG_AGO, FAR_AHEAD)
        events = list(session.scalars(select(FootageEvent).where(FootageEvent.camera_id == camera.id)))
    pictures = [picture for segment in segments for picture in played(around.folder, segment)]
    drawn = [round((picture.drawn - BEGUN.timestamp()) * FRAME_RATE) for picture in pictures]
    assert sorted(drawn) == list(range(SECONDS * FRAME_RATE)), "every picture, once"
    (told,) = [event for event in events if event.kind == FootageEventKind.CLOCK_STEP]
    assert told.seconds == pytest.approx(step, abs=0.1)
    for picture in pictures:
        late = picture.drawn - BEGUN.timestamp() > STEP_AT + 1.1  # the group of pictures that it fell into
        if abs(step) == HOUR and late:
            assert picture.wall - picture.drawn == pytest.approx(step, abs=0.1)
        elif picture.drawn - BEGUN.timestamp() < STEP_AT - 1.1:
            assert picture.wall == pytest.approx(picture.drawn, abs=0.1)
    if step == HOUR:
        assert_the_hour_is_told(engine, camera.id, pictures[-1].wall)


def assert_the_hour_is_told(engine: Engine, camera_id: int, last: float) -> None:
    """The hour that the clock has jumped over is in the ledger: nothing bears its times."""
    with transaction(engine) as session:
        end = datetime.fromtimestamp(last, BEGUN.tzinfo)
        runs = footage.runs_between(session, camera_id, BEGUN, end)
        gaps = footage_gaps.gaps_between(session, camera_id, BEGUN, end)
    told = [(each.start, each.end) for each in runs] + [(each.start, each.end) for each in gaps]
    covered = sum((finish - begin for begin, finish in told), timedelta())
    assert covered == end - BEGUN
    (gap,) = [gap for gap in gaps if gap.end - gap.start > timedelta(minutes=59)]
    assert "时钟" in gap.detail
