"""A camera on the test's own clock: a transport stream whose pictures say when they were made."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import av
import numpy as np
from av.container import InputContainer
from sqlalchemy import Engine

from data_access import cameras
from data_access.cameras import CameraRow
from data_access.engine import transaction
from domain.vocabulary import RoomType
from media.demo_scene import read_clock, write_clock
from media.stream_reader import Sample

BEGUN = datetime(2024, 3, 5, 12, 0, 0, 250_000, tzinfo=UTC)
SIZE = (384, 96)
FRAME_RATE = 25
FRAME = 90_000 // FRAME_RATE
SOUND_RATE = 48_000


def make_clip(
    path: Path,
    seconds: float,
    *,
    codec: str = "libx264",
    b_frames: int = 0,
    sound: str = "aac",
    size: tuple[int, int] = SIZE,
    container: str = "mpegts",
    sound_rate: int = SOUND_RATE,
) -> Path:
    """A clip with a key picture every second and sound of that codec; its first picture is of `BEGUN`."""
    with av.open(str(path), "w", format=container) as out:
        options = {"preset": "ultrafast", "bf": str(b_frames), "b-adapt": "0", "x265-params": "log-level=0"}
        video = cast("av.VideoStream", out.add_stream(codec, rate=FRAME_RATE, options=options))
        video.width, video.height, video.pix_fmt, video.gop_size = *size, "yuv420p", FRAME_RATE
        video.time_base = Fraction(1, 90_000)
        audio = (
            cast("av.AudioStream", out.add_stream(sound, rate=sound_rate, layout="mono")) if sound else None
        )
        for number in range(round(seconds * FRAME_RATE)):
            out.mux(video.encode(_picture(number, size)))
            if audio is not None:
                for frame in _as_wanted(audio, _sound(number)):
                    out.mux(audio.encode(frame))
        out.mux(video.encode(None))
        if audio is not None:
            out.mux(audio.encode(None))
    return path


def _picture(number: int, size: tuple[int, int]) -> av.VideoFrame:
    width, height = size
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[: height - 16] = number * 5 % 200 + 20
    write_clock(planes[height - 16 : height], round(BEGUN.timestamp() * 1000) + number * 1000 // FRAME_RATE)
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.pts, frame.time_base = number * 90_000 // FRAME_RATE, Fraction(1, 90_000)
    return frame


def _sound(number: int) -> av.AudioFrame:
    count = SOUND_RATE // FRAME_RATE
    at = (np.arange(count) + number * count) / SOUND_RATE
    wave = (0.4 * np.sin(2 * np.pi * 440 * at)).astype(np.float32)[None]
    frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, number * count, Fraction(1, SOUND_RATE)
    return frame


def _as_wanted(audio: av.AudioStream, frame: av.AudioFrame) -> list[av.AudioFrame]:
    context = audio.codec_context
    resampler = av.AudioResampler(format=context.format.name, layout="mono", rate=context.sample_rate)
    return [*resampler.resample(frame), *resampler.resample(None)]


def picture(number: int, *, arrived_after: float | None = None, gop: int = FRAME_RATE) -> Sample:
    """The picture of that number; unless said otherwise it arrives at its own time after `BEGUN`."""
    seconds = number / FRAME_RATE
    return Sample(
        video=True,
        data=number.to_bytes(4, "big") * 5,
        decode_time=number * FRAME,
        presentation_time=number * FRAME,
        duration=FRAME,
        sync=number % gop == 0,
        seconds=seconds,
        arrived_at=BEGUN.timestamp() + (seconds if arrived_after is None else arrived_after),
    )


def clock_of(frame: av.VideoFrame) -> float:
    """Seconds since 1970 that a picture shows."""
    return read_clock(np.asarray(frame.to_ndarray(format="gray"), np.uint8)) / 1000


@dataclass
class Clock:
    """A clock that stands until it is set."""

    now: float = field(default_factory=BEGUN.timestamp)

    def __call__(self) -> float:
        return self.now


class ClipCamera:
    """Plays a clip on the test's clock; as FFmpeg does, it hands out a picture when the next one begins."""

    def __init__(
        self, path: Path, clock: Clock, begun: datetime = BEGUN, at_end: Callable[[], None] = lambda: None
    ) -> None:
        self._container = av.open(str(path))
        self._clock = clock
        self._begun = begun.timestamp()
        self._at_end = at_end
        self.streams = self._container.streams
        self.format = self._container.format

    def __enter__(self) -> ClipCamera:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._container.close()

    def demux(self, streams: list[Any]) -> Iterator[Any]:
        """The packets; the clock stands at the moment of their arrival."""
        first: float | None = None
        for packet in self._container.demux(streams):
            if packet.pts is not None and packet.stream.type == "video":
                seconds = float(packet.pts * packet.time_base)
                first = seconds if first is None else first
                self._clock.now = max(self._clock.now, self._begun + seconds - first + 1 / FRAME_RATE)
            yield packet
        self._at_end()


def as_container(camera: ClipCamera) -> InputContainer:
    """The camera as what it stands in for."""
    return cast("InputContainer", camera)


def install_camera(engine: Engine, url: str, name: str = "开标一室-全景") -> CameraRow:
    """A camera of a room in the test's database, added at `BEGUN`."""
    with transaction(engine) as session:
        room = cameras.room_named(session, "开标一室") or cameras.add_room(
            session, "开标一室", RoomType.BID_OPENING
        )
        return cameras.add(session, room_id=room.id, name=name, url=url, at=BEGUN)


@contextlib.contextmanager
def frames_of(path: Path) -> Iterator[Iterator[av.VideoFrame]]:
    """The decoded pictures of a file."""
    with av.open(str(path)) as container:
        yield container.decode(container.streams.video[0])
