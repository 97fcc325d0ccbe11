"""Converts what browsers cannot play into H.264 without B-frames, once for all who watch."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Any, cast

import av
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.stream import VideoStream

from data_access.settings import settings
from media.camera import CameraUnreachable
from media.h264 import Picture
from media.live_stream import CLOCK, NotPlayable

log = logging.getLogger(__name__)

_WIDEST, _HIGHEST, _FASTEST = 1280, 720, 25
_GOP_SECONDS = 2
_BEHIND_SECONDS = 1.5  # from there on packets are let go, up to the next key picture
_MOST_WAITING = 300  # packets
_MOST_FAILURES = 100  # packets in a row that cannot be decoded
_NICE = 5  # what passes through goes first


class _Slots:
    """How many cameras this process converts now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.taken = 0

    def take(self, most: int) -> bool:
        with self._lock:
            free = self.taken < most
            self.taken += free
            return free

    def give_back(self) -> None:
        with self._lock:
            self.taken -= 1


slots = _Slots()


class Transcoder:
    """Decodes and encodes in a thread of its own, beside the one that reads the camera."""

    def __init__(self, video: VideoStream, url: str, reason: str, deliver: Callable[[Picture], None]) -> None:
        """Calls `deliver` in that thread, with pictures on the stream's own clock.

        Raises:
            NotPlayable: as many cameras as may be are converted already (settings: transcodes).
        """
        most = settings().transcodes
        if not slots.take(most):
            raise _refusal(url, reason, video.codec_context.name, most)
        self._url = url
        self._deliver = deliver
        self._decoder = cast("VideoCodecContext", av.CodecContext.create(video.codec_context.name, "r"))
        self._decoder.extradata = video.codec_context.extradata
        self._decoder.thread_count = 1
        self._encoder: VideoCodecContext | None = None
        self._last_key = self._last = -CLOCK * _GOP_SECONDS
        self._waiting: deque[tuple[float, Packet[Any]]] = deque()
        self._changed = threading.Condition()
        self._needs_key = True
        self._failures = 0
        self._over = False
        threading.Thread(target=self._run, name="transcoder", daemon=True).start()

    def feed(self, packet: Packet[Any]) -> None:
        """One more packet of the camera.

        Raises:
            CameraUnreachable: what comes cannot be decoded.
        """
        if self._failures > _MOST_FAILURES:
            raise CameraUnreachable(
                self._url, "图像无法解码，请检查设备", "the pictures cannot be decoded; check the device"
            )
        with self._changed:
            now = time.monotonic()
            if self._waiting and (
                now - self._waiting[0][0] > _BEHIND_SECONDS or len(self._waiting) >= _MOST_WAITING
            ):
                self._waiting.clear()
                self._needs_key = True
            if packet.is_keyframe or not self._needs_key:
                self._needs_key = False
                self._waiting.append((now, packet))
                self._changed.notify()

    def close(self) -> None:
        """Ends the thread after the picture that it is at."""
        with self._changed:
            self._over = True
            self._changed.notify()

    def _run(self) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        try:
            while (packet := self._next()) is not None:
                self._convert(packet)
        except Exception:
            log.exception("a transcoder ends")
            self._failures = _MOST_FAILURES + 1
        finally:
            slots.give_back()

    def _next(self) -> Packet[Any] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._over)
            return None if self._over else self._waiting.popleft()[1]

    def _convert(self, packet: Packet[Any]) -> None:
        try:
            frames = self._decoder.decode(packet)
        except av.FFmpegError:
            self._failures += 1
            return
        for frame in frames:
            self._failures = 0
            if frame.pts is not None and frame.time_base is not None:
                self._encode(frame, int(frame.pts * frame.time_base * CLOCK))

    def _encode(self, frame: av.VideoFrame, at: int) -> None:
        if 0 < at - self._last < CLOCK / _FASTEST * 0.9:
            return
        self._last = at
        size = _size(frame.width, frame.height)
        if self._encoder is None or (self._encoder.width, self._encoder.height) != size:
            self._encoder = _encoder(*size)
            self._last_key = at - CLOCK * _GOP_SECONDS
        fitted = frame.reformat(*size, format="yuv420p", interpolation="FAST_BILINEAR")
        fitted.pts, fitted.time_base = at, Fraction(1, CLOCK)
        key = not 0 <= at - self._last_key < CLOCK * _GOP_SECONDS
        if key:
            self._last_key = at
        fitted.pict_type = PictureType.I if key else PictureType.NONE
        for packet in () if self._over else self._encoder.encode(fitted):
            self._deliver(Picture(bytes(packet), at, packet.is_keyframe))


def _size(width: int, height: int) -> tuple[int, int]:
    """Fitted into the largest size that is sent, both even."""
    share = min(1.0, _WIDEST / width, _HIGHEST / height)
    return max(2, round(width * share / 2) * 2), max(2, round(height * share / 2) * 2)


def _encoder(width: int, height: int) -> VideoCodecContext:
    context = av.CodecContext.create("libx264", "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.framerate = Fraction(1, CLOCK), Fraction(_FASTEST)
    context.gop_size, context.max_b_frames, context.thread_count = 1000, 0, 1
    context.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "profile": "baseline",
        "crf": "25",
        "maxrate": "2M",
        "bufsize": "1M",
        "forced-idr": "1",
    }
    return context


def _refusal(url: str, reason: str, codec: str, most: int) -> NotPlayable:
    zh = f"编码 {codec} 无法在浏览器中播放" if reason == "codec" else "码流含 B 帧，无法实时播放"
    en = f"browsers cannot play {codec} live" if reason == "codec" else "the stream has B-frames"
    if most:
        zh += f"，而同时转换的摄像头已有 {most} 路"
        en += f", and {most} cameras are being converted already"
    mend_zh = "将摄像头（或其子码流）改为 H.264" if reason == "codec" else "在摄像头上关闭 B 帧"
    mend_en = "set the camera (or its sub-stream) to H.264" if reason == "codec" else "switch them off in it"
    return NotPlayable(
        url, reason, f"{zh}，请{mend_zh}；录像不受影响", f"{en}; {mend_en}; recording is not affected"
    )
