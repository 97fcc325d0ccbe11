"""A camera that keeps a read from returning: the connection lives, but no pictures come."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import av
import pytest
from av.container import InputContainer
from sqlalchemy import Engine

from data_access import footage, footage_gaps
from data_access.engine import transaction
from domain.vocabulary import GapCause
from media import camera_recorder
from media.camera_recorder import Surroundings
from media.recorder import Recorder
from tests.installation import until
from tests.media.camera_clip import install_camera, make_clip

PACKETS = 150  # before it says no more: some two seconds


class StuckContainer:
    """A container whose first packets come, and then nothing, not even an error."""

    def __init__(self, container: InputContainer, released: threading.Event) -> None:
        self._container = container
        self._released = released

    def __getattr__(self, name: str) -> object:
        return getattr(self._container, name)

    def __enter__(self) -> "StuckContainer":
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    def demux(self, streams: Any) -> Iterator[Any]:
        for number, packet in enumerate(self._container.demux(streams)):
            if number == PACKETS:
                self._released.wait()
            yield packet


def test_a_read_that_does_not_return_is_left_alone_and_the_camera_asked_anew(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_recorder, "STUCK_SECONDS", 1.0)
    film = str(make_clip(tmp_path / "film.ts", 20))
    camera_id = install_camera(engine, film).id
    released, stuck_threads = threading.Event(), list[threading.Thread]()

    def opener(url: str) -> InputContainer:
        container = av.open(url)
        if stuck_threads:
            return container
        stuck_threads.append(threading.current_thread())
        return cast("InputContainer", StuckContainer(container, released))

    around = Surroundings(engine, tmp_path / "footage", 2, opener=opener)
    recorder, stopped = Recorder(around, online_days=3650), threading.Event()
    thread = threading.Thread(target=recorder.run, args=(stopped, 0.1))
    begun = datetime.now(UTC)
    thread.start()

    def runs() -> list[footage.Stretch]:
        with transaction(engine) as session:
            return footage.runs_between(session, camera_id, begun, datetime.now(UTC))

    until(lambda: len(runs()) == 2, 20, "it is recorded again")
    with transaction(engine) as session:
        before = footage.segments_between(session, camera_id, begun, runs()[0].end)
    released.set()
    stuck_threads[0].join(10)
    assert not stuck_threads[0].is_alive()
    stopped.set()
    thread.join()
    first, second = runs()
    assert first.end - first.start > timedelta(seconds=1)  # what had come is kept
    with transaction(engine) as session:
        assert footage.segments_between(session, camera_id, begun, first.end) == before
        gaps = footage_gaps.gaps_between(session, camera_id, first.end, second.start)
    assert [(gap.start, gap.end, gap.cause) for gap in gaps] == [(first.end, second.start, GapCause.CAMERA)]
