"""Reads one camera in a thread: pictures pass through or are converted, sound becomes Opus."""

from __future__ import annotations

import logging
import time
from collections import deque
from contextlib import closing
from typing import Any, Protocol

from av.packet import Packet
from av.video.stream import VideoStream

from media.camera import CameraProblem, CameraUnreachable, camera_errors, open_stream, redacted
from media.h264 import Picture, PictureAssembler, front_of
from media.live_sound import Sound, SoundConverter
from media.live_stream import (
    CameraPace,
    FilePace,
    Pace,
    Timeline,
    clock_time,
    packets,
    parameter_sets,
    streams_of,
)
from media.live_transcoder import Transcoder

log = logging.getLogger(__name__)

_RETRY_SECONDS = (0.5, 1.0, 2.0, 3.0)  # the last one for ever after
_PLAYABLE = {None, "yuv420p", "yuvj420p"}  # browsers know no other pixels in H.264
_UNDECIDED = 60  # packets kept from the beginning, should they have to be converted after all
_NO_SLICES = 50  # packets: then it is no longer H.264
_KEY_SECONDS = 5.0  # without a key picture: then that is said
_TELL_SECONDS = 10.0


class Inlet(Protocol):
    """Where it all goes; called from the camera's threads."""

    @property
    def over(self) -> bool: ...

    @property
    def listened_to(self) -> bool: ...

    def opened(self, *, has_sound: bool, converted: str | None) -> None: ...

    def picture(self, picture: Picture, problem: CameraProblem | None) -> None: ...

    def sound(self, sound: Sound) -> None: ...

    def told(self, problem: CameraProblem) -> None: ...

    def failed(self, problem: CameraProblem) -> None: ...


def read(url: str, inlet: Inlet) -> None:
    """Reads and reconnects until `inlet.over`."""
    timeline, failures = Timeline(), 0
    while not inlet.over:
        video = _Video(url, timeline, inlet)
        problem = _problem_of_reading(url, video, inlet)
        if problem is not None:
            log.warning("%s", problem)
            inlet.failed(problem)
            failures = 0 if video.delivered else failures + 1
            _wait(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)], inlet)


def _problem_of_reading(url: str, video: _Video, inlet: Inlet) -> CameraProblem | None:
    try:
        with closing(video):
            _read_once(url, video, inlet)
    except CameraProblem as problem:
        return problem
    except Exception:  # what a camera sends may hit any weak spot: this one only, and not for good
        log.exception("%s cannot be read", redacted(url))
        return CameraUnreachable(
            url,
            "码流内容异常，无法读取，请检查设备",
            "the stream's content is odd and cannot be read; check the device",
        )
    return None


def _wait(seconds: float, inlet: Inlet) -> None:
    until = time.monotonic() + seconds
    while not inlet.over and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 0.1))


def _read_once(url: str, video: _Video, inlet: Inlet) -> None:
    is_file = "://" not in url
    pace: Pace = FilePace() if is_file else CameraPace()
    with open_stream(url) as container, camera_errors(url):
        stream, audio = streams_of(container, url)
        sound = None if audio is None else SoundConverter(audio)
        video.open(stream, has_sound=sound is not None)
        for packet in packets(container, url, stream, audio):
            if inlet.over:
                return
            if packet.stream is stream:
                video.feed(packet)
                owed = pace.owed(packet)
                if owed and not is_file:
                    video.tell(_flood(url))
                _wait(owed, inlet)
            elif sound is not None:
                _hear(packet, sound, video, inlet)
    raise CameraUnreachable(url, "码流已结束，请检查设备", "the stream has ended; check the device")


def _hear(packet: Packet[Any], sound: SoundConverter, video: _Video, inlet: Inlet) -> None:
    if not inlet.listened_to:
        sound.pause()
        return
    stamp = clock_time(packet, packet.pts)
    placed = None if stamp is None else video.timeline.follow(stamp)
    if placed is not None:
        for piece in sound.convert(packet, placed):
            inlet.sound(piece)


class _Video:
    """The pictures of one opening of the camera."""

    def __init__(self, url: str, timeline: Timeline, inlet: Inlet) -> None:
        self.timeline = timeline
        self.delivered = False
        self._url = url
        self._inlet = inlet
        self._problem: tuple[float, CameraProblem] | None = None
        self._transcoder: Transcoder | None = None

    def open(self, stream: VideoStream, *, has_sound: bool) -> None:
        """Begins with what the camera says of itself.

        Raises:
            NotPlayable: it would have to be converted, and cannot be.
        """
        self.timeline.reopen()
        self._stream, self._has_sound = stream, has_sound
        self._assembler = PictureAssembler(parameter_sets(stream))
        self._early: deque[Packet[Any]] | None = deque()
        self._last: int | None = None
        self._without_slice = 0
        self._needs_key_since: float | None = time.monotonic()
        if stream.codec_context.name == "h264" and stream.codec_context.pix_fmt in _PLAYABLE:
            self._inlet.opened(has_sound=has_sound, converted=None)
        else:
            self._convert("codec")

    def tell(self, problem: CameraProblem) -> None:
        """Something is odd, but there are pictures: said with them for a while."""
        self._problem = (time.monotonic() + _TELL_SECONDS, problem)

    def close(self) -> None:
        if self._transcoder is not None:
            self._transcoder.close()

    def feed(self, packet: Packet[Any]) -> None:
        """One packet of the video.

        Raises:
            CameraUnreachable: it is not what it was any more; open the stream again.
            NotPlayable: it has B-frames, and cannot be converted.
        """
        if self._transcoder is not None:
            self._transcoder.feed(packet)
            return
        data = bytes(packet)
        front = front_of(data)
        self._without_slice = 0 if front.has_slice else self._without_slice + 1
        if self._without_slice > _NO_SLICES:
            raise _not_h264(self._url)
        if self._early is not None:
            self._early.append(packet)
            if len(self._early) > _UNDECIDED:
                self._early = None
        stamp = clock_time(packet, packet.pts)
        if front.is_b and stamp is not None and self._last is not None and stamp < self._last:
            self._convert("b_frames")
            return
        self._last = self._last if stamp is None else stamp
        for picture in self._assembler.feed(data, stamp, key=packet.is_keyframe, front=front):
            self._pass(picture)

    def _convert(self, reason: str) -> None:
        self._transcoder = Transcoder(self._stream, self._url, reason, self._deliver)
        self._inlet.opened(has_sound=self._has_sound, converted=reason)
        for packet in self._early or ():
            self._transcoder.feed(packet)
        self._early = None

    def _pass(self, picture: Picture) -> None:
        """Lets nothing through before the first key picture: no browser can show it."""
        if self._needs_key_since is not None and not picture.key:
            if time.monotonic() - self._needs_key_since > _KEY_SECONDS:
                self._inlet.told(_no_key(self._url))
            return
        self._needs_key_since = None
        self._deliver(picture)

    def _deliver(self, picture: Picture) -> None:
        self.delivered = True
        before = self.timeline.jumped_at
        placed = self.timeline.place(picture.timestamp)
        if self._problem is not None and self._problem[0] < time.monotonic():
            self._problem = None
        if self.timeline.jumped_at != before and self._problem is None:
            self.tell(_jumped(self._url))
        problem = None if self._problem is None else self._problem[1]
        self._inlet.picture(Picture(picture.data, placed, picture.key), problem)


def _flood(url: str) -> CameraProblem:
    return CameraProblem(
        url,
        "摄像头发送的图像远快于实时，画面可能不连贯，请检查设备",
        "the camera sends far faster than real time, pictures may jump; check the device",
    )


def _jumped(url: str) -> CameraProblem:
    return CameraProblem(
        url,
        "摄像头的时间戳跳变，画面可能短暂卡顿，请检查设备时钟",
        "the camera's timestamps jump, pictures may halt for a moment; check its clock",
    )


def _no_key(url: str) -> CameraUnreachable:
    return CameraUnreachable(
        url,
        f"{_KEY_SECONDS:.0f} 秒内没有关键帧，请在设备上缩短关键帧（I 帧）间隔",
        f"no key frame in {_KEY_SECONDS:.0f} s; shorten the key frame (I-frame) interval in the camera",
    )


def _not_h264(url: str) -> CameraUnreachable:
    return CameraUnreachable(
        url,
        "收到的不再是 H.264 图像，正在重新打开码流",
        "what arrives is no longer H.264; the stream is opened again",
    )
