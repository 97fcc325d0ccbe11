"""The demo pictures as H.264: in real time for the demo cameras, faster for demo footage."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.stream import VideoStream

from media.demo_scene import Scene

FRAME_RATE = Fraction(25, 2)  # 80 ms a frame
GOP_SECONDS = 2
TIME_BASE = Fraction(1, 90_000)
TICKS_PER_MS = 90


class DemoEncoder:
    """Encodes one scene as an ordinary camera does: no B-frames, a key frame every GOP."""

    def __init__(
        self, scene: Scene, frame_rate: Fraction = FRAME_RATE, gop_seconds: float = GOP_SECONDS
    ) -> None:
        self._scene = scene
        self._first_ms: int | None = None
        self._last_pts = -TICKS_PER_MS
        self.frame_rate = frame_rate
        self.context = _context(scene, frame_rate, gop_seconds)

    def encode(self, at_ms: int, *, key: bool = False) -> Packet[VideoStream]:
        """The picture of an instant (milliseconds since 1970 UTC); with `key` as a key frame.

        The packet's timestamps count from the first picture, in 1/90000 s.
        """
        if self._first_ms is None:
            self._first_ms = at_ms
        frame = self._scene.draw(at_ms)
        # Timestamps go forward even when somebody sets the machine's clock back.
        self._last_pts = frame.pts = max(
            (at_ms - self._first_ms) * TICKS_PER_MS, self._last_pts + TICKS_PER_MS
        )
        frame.time_base = TIME_BASE
        frame.pict_type = PictureType.I if key else PictureType.NONE
        (packet,) = self.context.encode(frame)  # "zerolatency": one in, one out
        return packet


def film(
    scene: Scene, start_ms: int, seconds: float, frame_rate: Fraction = FRAME_RATE
) -> Iterator[tuple[int, Packet[VideoStream]]]:
    """A stretch of footage as fast as the machine can: (milliseconds since 1970 UTC, packet) pairs."""
    encoder = DemoEncoder(scene, frame_rate)
    for number in range(int(seconds * frame_rate)):
        at_ms = start_ms + int(number * 1000 / frame_rate)
        yield at_ms, encoder.encode(at_ms)


def _context(scene: Scene, frame_rate: Fraction, gop_seconds: float) -> VideoCodecContext:
    context = av.CodecContext.create("libx264", "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = scene.width, scene.height, "yuv420p"
    context.time_base, context.framerate = TIME_BASE, frame_rate
    context.gop_size = round(gop_seconds * frame_rate)
    context.max_b_frames = 0
    context.thread_count = 1
    context.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "crf": "24",
        "forced-idr": "1",
        "colorspace": "smpte170m",
        "color_range": "tv",
    }
    return context
