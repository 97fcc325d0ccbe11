"""A camera's stream as live video needs it: its packets while it lives, on one timeline, at a sane pace."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Protocol

from av.audio.stream import AudioStream
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from media.camera import READ_SECONDS, CameraProblem, CameraUnreachable, silent

CLOCK = 90_000  # ticks a second of video timestamps in RTP (RFC 6184)
_PICTURES_PER_SECOND = 100
_BYTES_PER_SECOND = 8_000_000
_BURST_SECONDS = 3.0  # what a camera may send at once: its last pictures, or what a network has held up


class NotPlayable(CameraProblem):
    """Browsers cannot show this stream, and it is not converted; `reason` is "codec" or "b_frames"."""

    def __init__(self, url: str, reason: str, zh: str, en: str) -> None:
        super().__init__(url, zh, en)
        self.reason = reason


class Timeline:
    """Puts a stream's timestamps onto this machine's clock, so that they go on after a reconnection.

    Cameras' clocks jump, stand still and run off: a picture that does not fit is dated by its arrival, and
    those after it go on from there.
    """

    _JUMP = 5 * CLOCK

    def __init__(self) -> None:
        self._offset: int | None = None
        self._last = 0
        self.jumped_at: float | None = None  # monotonic seconds

    def reopen(self) -> None:
        """The stream's clock may have begun anew."""
        self._offset = None

    def place(self, timestamp: int) -> int:
        """A picture's timestamp on the monotonic clock, always later than the one before."""
        now = int(time.monotonic() * CLOCK)
        placed = timestamp + (self._offset or 0)
        if self._offset is None or placed <= self._last or abs(placed - now) > self._JUMP:
            if self._offset is not None and abs(placed - now) > self._JUMP:
                self.jumped_at = time.monotonic()
            placed = max(now, self._last + 1)
            self._offset = placed - timestamp
        self._last = placed
        return placed

    def follow(self, timestamp: int) -> int | None:
        """Where sound of that timestamp belongs beside the pictures; None while that is not known."""
        return None if self._offset is None else timestamp + self._offset


class Pace(Protocol):
    """How fast a stream is read."""

    def owed(self, packet: Packet[Any]) -> float:
        """Seconds to wait before more is read, after this packet."""


class FilePace:
    """A file is read as fast as it plays."""

    def __init__(self) -> None:
        self._begun: float | None = None

    def owed(self, packet: Packet[Any]) -> float:
        if packet.dts is None:
            return 0.0
        at, now = float(packet.dts * packet.time_base), time.monotonic()
        self._begun = now - at if self._begun is None else self._begun
        return max(0.0, self._begun + at - now)


class CameraPace:
    """A camera comes at its own pace. One that sends faster than any does is held back, by TCP in turn."""

    def __init__(self) -> None:
        self._paid_until = 0.0

    def owed(self, packet: Packet[Any]) -> float:
        now = time.monotonic()
        cost = max(1 / _PICTURES_PER_SECOND, packet.size / _BYTES_PER_SECOND)
        self._paid_until = max(self._paid_until, now - _BURST_SECONDS) + cost
        return max(0.0, self._paid_until - now)


def streams_of(container: InputContainer, url: str) -> tuple[VideoStream, AudioStream | None]:
    """The video, and the sound if there is any that can be decoded.

    Raises:
        CameraUnreachable: there is no video.
    """
    if not container.streams.video:
        raise CameraUnreachable(url, "码流中没有视频，请检查地址", "no video in the stream; check the URL")
    audio = next((one for one in container.streams.audio if one.codec_context is not None), None)
    return container.streams.video[0], audio


def packets(
    container: InputContainer, url: str, video: VideoStream, audio: AudioStream | None
) -> Iterator[Packet[Any]]:
    """The packets as they come. Those of H.264 have start codes, also where a file has lengths instead.

    Raises:
        CameraUnreachable: none of the video came for `READ_SECONDS`. FFmpeg then hands out the picture it
            still held, and raises only one timeout later: no sign of life.
    """
    to_annex_b = None
    if video.codec_context.name == "h264" and not has_start_codes(video):
        to_annex_b = BitStreamFilterContext("h264_mp4toannexb", video)
    waited, asked = 0.0, time.monotonic()
    for packet in container.demux([video] if audio is None else [video, audio]):
        waited += time.monotonic() - asked
        if waited >= READ_SECONDS:
            raise silent(url)
        if packet.stream is video:
            waited = 0.0
        if packet.size and packet.stream is video and to_annex_b:
            for ready in to_annex_b.filter(packet):
                ready.stream = video
                yield ready
        elif packet.size:
            yield packet
        asked = time.monotonic()


def clock_time(packet: Packet[Any], stamp: int | None) -> int | None:
    """A packet's time in 1/90000 s."""
    return None if stamp is None else int(stamp * packet.time_base * CLOCK)


def parameter_sets(video: VideoStream) -> bytes:
    """SPS and PPS with start codes that the camera sends apart from its pictures."""
    return (video.codec_context.extradata or b"") if has_start_codes(video) else b""


def has_start_codes(video: VideoStream) -> bool:
    """Whether units stand between start codes, not behind their lengths."""
    return (video.codec_context.extradata or b"")[:1] != b"\1"
