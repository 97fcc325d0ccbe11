"""A camera's stream as WebRTC needs it: whole H.264 pictures on one timeline, or why that cannot be."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from av.bitstream import BitStreamFilterContext
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from media.camera import READ_SECONDS, CameraProblem, CameraUnreachable, silent
from media.h264 import Picture, PictureAssembler

CLOCK = 90_000  # ticks a second of video timestamps in RTP (RFC 6184)


class NotPlayable(CameraProblem):
    """WebRTC cannot show this stream unchanged; `reason` is "codec" or "b_frames"."""

    def __init__(self, url: str, reason: str, zh: str, en: str) -> None:
        super().__init__(url, zh, en)
        self.reason = reason


class Timeline:
    """Puts a stream's timestamps onto this machine's clock, so that they go on after a reconnection."""

    _JUMP = 5 * CLOCK

    def __init__(self) -> None:
        self._offset: int | None = None
        self._last = 0

    def reopen(self) -> None:
        """The stream's clock may have begun anew."""
        self._offset = None

    def place(self, timestamp: int) -> int:
        """The stream's timestamp on the monotonic clock, always later than the one before."""
        now = int(time.monotonic() * CLOCK)
        placed = timestamp + (self._offset or 0)
        if self._offset is None or placed <= self._last or abs(placed - now) > self._JUMP:
            placed = max(now, self._last + 1)
            self._offset = placed - timestamp
        self._last = placed
        return placed


def pictures(container: InputContainer, url: str) -> Iterator[Picture]:
    """The whole pictures of a stream as they come.

    Raises:
        CameraUnreachable: there is no video.
        NotPlayable: it is not H.264, or it has B-frames.
    """
    if not container.streams.video:
        raise CameraUnreachable(url, "码流中没有视频，请检查地址", "no video in the stream; check the URL")
    video = container.streams.video[0]
    if video.codec_context.name != "h264":
        raise _codec_problem(url, video.codec_context.name)
    assembler = PictureAssembler(_parameter_sets(video))
    last = None
    for packet in _while_alive(_annex_b(container, video), url):
        if not packet.size:
            continue
        timestamp = None if packet.pts is None else int(packet.pts * packet.time_base * CLOCK)
        if timestamp is not None:
            if last is not None and last - CLOCK < timestamp < last:  # further back: the clock began anew
                raise _b_frame_problem(url)
            last = timestamp
        yield from assembler.feed(bytes(packet), timestamp, key=packet.is_keyframe)


def _while_alive(packets: Iterator[Packet[Any]], url: str) -> Iterator[Packet[Any]]:
    """Raises when none came for `READ_SECONDS`.

    FFmpeg then hands out the picture it still held, and raises only one timeout later: no sign of life.
    """
    asked = time.monotonic()
    for packet in packets:
        if time.monotonic() - asked >= READ_SECONDS:
            raise silent(url)
        yield packet
        asked = time.monotonic()


def _annex_b(container: InputContainer, video: VideoStream) -> Iterator[Packet[Any]]:
    """The packets with start codes; in MP4 and FLV they have lengths instead."""
    if _has_start_codes(video):
        yield from container.demux(video)
        return
    to_annex_b = BitStreamFilterContext("h264_mp4toannexb", video)
    for packet in container.demux(video):
        yield from to_annex_b.filter(packet)


def _parameter_sets(video: VideoStream) -> bytes:
    return (video.codec_context.extradata or b"") if _has_start_codes(video) else b""


def _has_start_codes(video: VideoStream) -> bool:
    return (video.codec_context.extradata or b"")[:1] != b"\1"


def _codec_problem(url: str, codec: str) -> NotPlayable:
    return NotPlayable(
        url,
        "codec",
        f"编码 {codec} 无法在浏览器中实时播放，请将摄像头（或其子码流）改为 H.264；录像不受影响",
        f"browsers cannot play {codec} live; set the camera (or its sub-stream) to H.264; "
        "recording is not affected",
    )


def _b_frame_problem(url: str) -> NotPlayable:
    return NotPlayable(
        url,
        "b_frames",
        "码流含 B 帧，无法实时播放，请在摄像头上关闭 B 帧；录像不受影响",
        "the stream has B-frames, which live video cannot show; switch them off in the camera; "
        "recording is not affected",
    )
