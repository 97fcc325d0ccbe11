"""A connection that breaks within a picture leaves nothing in the footage that does not decode."""

import errno
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from av.container import InputContainer
from sqlalchemy import Engine

from media.camera_recorder import CameraRecorder, Surroundings
from tests.faults.truth import account_of
from tests.media.camera_clip import BEGUN, ClipCamera, Clock, as_container, install_camera, make_clip

WHOLE = 40  # pictures before the torn one


class TornCamera(ClipCamera):
    """Is cut off while it sends a picture; FFmpeg then hands out as much of it as has come."""

    def __init__(self, path: Path, clock: Clock, torn: Callable[[bytes], bytes]) -> None:
        super().__init__(path, clock)
        self._torn = torn

    def demux(self, streams: list[Any]) -> Iterator[Any]:
        pictures = 0
        for packet in super().demux(streams):
            pictures += packet.stream.type == "video" and bool(packet.size)
            if pictures <= WHOLE:
                yield packet
                continue
            last = av.Packet(self._torn(bytes(packet)))
            last.stream, last.pts, last.dts = packet.stream, packet.pts, packet.dts
            last.time_base = packet.time_base
            yield last
            raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.ts", 3)


def without_slice(picture: bytes) -> bytes:
    """Its access unit delimiter, two bytes behind a start code."""
    return b"\0\0\0\1\x09\x30"


def half(picture: bytes) -> bytes:
    return picture[: len(picture) // 2]


def but_the_end(picture: bytes) -> bytes:
    return picture[:-3]


@pytest.mark.parametrize("torn", [without_slice, half, but_the_end])
def test_a_picture_that_came_in_part_is_not_kept(
    torn: Callable[[bytes], bytes], engine: Engine, clip: Path, tmp_path: Path
) -> None:
    camera, clock = install_camera(engine, "rtsp://camera"), Clock()

    def open_once(_url: str) -> InputContainer:
        return as_container(TornCamera(clip, clock, torn))

    def stop_instead_of_waiting(_stopping: threading.Event, _seconds: float) -> None:
        recorder.stop()

    around = Surroundings(engine, tmp_path, 60, clock, open_once, stop_instead_of_waiting)
    recorder = CameraRecorder(camera, around)
    recorder.run()
    account = account_of(engine, tmp_path, camera.id)
    assert len(account.pictures) == WHOLE
    assert account.pictures[0].drawn == pytest.approx(BEGUN.timestamp(), abs=0.001)
