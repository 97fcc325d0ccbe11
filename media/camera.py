"""Opening a camera's stream, and saying in plain words what it is or why it cannot be had."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

OPEN_SECONDS = 5.0
READ_SECONDS = 4.0
PROBE_SECONDS = 12.0
_PROBE_PACKETS = 4000
RECORDABLE_CODECS = frozenset({"h264", "hevc"})

# Stop looking as soon as the parameters are known: a live picture must not wait for statistics.
# Not "nobuffer": it throws away what was read while looking, the first key frame too.
_OPTIONS = {
    "fpsprobesize": "0",
    "probesize": "2000000",
    "analyzeduration": "3000000",  # microseconds
}
# TCP: UDP loses the packets of large key frames, and needs ports that firewalls close.
_RTSP_OPTIONS = {"rtsp_transport": "tcp"}


class CameraProblem(Exception):
    """What is wrong with a camera and how to mend it, in Chinese and English; never holds a password."""

    def __init__(self, url: str, zh: str, en: str) -> None:
        super().__init__(f"{redacted(url)}: {zh} / {en}")
        self.zh = zh
        self.en = en


class CameraUnreachable(CameraProblem):
    """The stream cannot be opened or has stopped."""


class CameraUnusable(CameraProblem):
    """The stream opens, but cannot be recorded."""


@dataclass(frozen=True)
class StreamFacts:
    """What a probe has measured."""

    codec: str  # "h264" or "hevc"
    width: int  # pixels
    height: int  # pixels
    frame_rate: float  # frames a second
    gop_seconds: float | None  # between key frames; None: fewer than two came while probing
    has_b_frames: bool
    audio_codec: str | None  # None: no audio
    bits_per_second: float  # of the video


def open_stream(url: str, *, watched: bool = False) -> InputContainer:
    """Opens a stream (rtsp, http, ...) or a file with low delay.

    Args:
        watched: somebody watches over reads that do not return though the camera says something. Only its
            silence ends a read then, as PyAV's own timeout costs three times as much as all the reading: at
            each of FFmpeg's steps, a thousand times a second, it takes Python's lock.

    A live stream that stays silent for `READ_SECONDS` makes the read raise, once FFmpeg has handed out the
    picture it still holds: a hung camera is noticed within twice that time. Read inside `camera_errors(url)`
    to have that said in plain words.

    Whoever dates the pictures by their arrival: the first few come in a burst, read while opening; and FFmpeg
    hands a picture out when the next one begins, one frame late.

    Raises:
        CameraUnreachable: nothing could be opened.
    """
    rtsp = url.startswith("rtsp")
    silence = {"timeout" if rtsp else "rw_timeout": str(round(READ_SECONDS * 1e6))}
    options = _OPTIONS | (_RTSP_OPTIONS if rtsp else {}) | (silence if watched else {})
    begun, longest = time.monotonic(), READ_SECONDS if watched else OPEN_SECONDS
    with camera_errors(url):
        try:
            return av.open(
                url, "r", options=options, timeout=(OPEN_SECONDS, None if watched else READ_SECONDS)
            )
        except av.InvalidDataError as error:
            if time.monotonic() - begun < longest:
                raise
            raise TimeoutError from error  # so says RTSP when it gets no answer


@contextmanager
def camera_errors(url: str) -> Iterator[None]:
    """Turns FFmpeg's errors inside the block into `CameraUnreachable`."""
    try:
        yield
    except (av.FFmpegError, OSError) as error:
        # "from None": FFmpeg's own text holds the URL with its password.
        raise CameraUnreachable(url, *_explained(error)) from None


def silent(url: str) -> CameraUnreachable:
    """What to raise for a camera that says nothing any more."""
    return CameraUnreachable(url, *_SILENT)


def _explained(error: Exception) -> tuple[str, str]:
    for kinds, zh, en in _EXPLANATIONS:
        if isinstance(error, kinds):
            return zh, en
    reason = getattr(error, "strerror", None) or type(error).__name__
    return f"无法读取码流（{reason}）", f"the stream cannot be read ({reason})"


_SILENT = (
    f"{OPEN_SECONDS:.0f} 秒内无应答，请检查电源和网络",
    f"no answer in {OPEN_SECONDS:.0f} s; check power and network",
)

_EXPLANATIONS: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    (
        (av.HTTPUnauthorizedError, av.HTTPForbiddenError, PermissionError),
        "用户名或密码被拒绝，请检查地址中的账号",
        "user name or password refused; check the account in the URL",
    ),
    (
        (av.HTTPNotFoundError,),
        "设备上没有这一路码流，请检查地址中的通道",
        "the device has no such stream; check the path in the URL",
    ),
    (
        (av.HTTPServerError,),
        "设备此刻不提供画面；外出画面则为页面未在发送",
        "the device gives no pictures now; an off-site page is not sending",
    ),
    ((FileNotFoundError,), "文件不存在，请检查路径", "no such file; check the path"),
    (
        (ConnectionRefusedError, ConnectionResetError, ConnectionAbortedError, BrokenPipeError),
        "设备拒绝或断开了连接，请检查端口和设备服务",
        "the device refuses or drops the connection; check the port and the device",
    ),
    ((av.ExitError, TimeoutError), *_SILENT),
    (
        (av.EOFError,),
        "码流已结束，请检查设备",
        "the stream has ended; check the device",
    ),
    (
        (av.InvalidDataError,),
        "收到的内容不是视频码流，请检查地址",
        "what arrives is not a video stream; check the URL",
    ),
    (
        (av.ProtocolNotFoundError,),
        "不支持这种地址，请使用 rtsp:// 或 http://",
        "this kind of URL is not supported; use rtsp:// or http://",
    ),
)


def probe(url: str) -> StreamFacts:
    """Watches the stream for about two GOPs, at most `PROBE_SECONDS`.

    Raises:
        CameraUnreachable: nothing could be opened, or it stopped while probing.
        CameraUnusable: no video, or a codec that cannot be recorded.
    """
    with open_stream(url) as container, camera_errors(url):
        video = recordable_video(container, url)
        packets = _two_gops(container, video)
        audio = container.streams.audio
        if not packets:
            raise CameraUnreachable(url, "没有收到图像，请检查设备", "no pictures arrive; check the device")
        return StreamFacts(
            codec=video.codec_context.name,
            width=video.codec_context.width,
            height=video.codec_context.height,
            frame_rate=round(_frame_rate(packets, video), 3),
            gop_seconds=_gop_seconds(packets),
            has_b_frames=any(later.pts < earlier.pts for earlier, later in pairwise(packets)),
            audio_codec=audio[0].codec_context.name if audio else None,
            bits_per_second=_bits_per_second(packets),
        )


def recordable_video(container: InputContainer, url: str) -> VideoStream:
    """The stream's video.

    Raises:
        CameraUnusable: no video, or a codec that cannot be recorded.
    """
    if not container.streams.video:
        raise CameraUnusable(url, "码流中没有视频，请检查地址", "no video in the stream; check the URL")
    video = container.streams.video[0]
    codec = video.codec_context.name
    if codec not in RECORDABLE_CODECS:
        raise CameraUnusable(
            url,
            f"编码 {codec} 无法录像，请在设备上改为 H.264",
            f"codec {codec} cannot be recorded; set the device to H.264",
        )
    return video


@dataclass(frozen=True)
class _Seen:
    pts: float  # seconds
    key: bool
    size: int  # bytes


def _two_gops(container: InputContainer, video: VideoStream) -> list[_Seen]:
    """The packets in decoding order, until the third key frame or a limit."""
    packets: list[_Seen] = []
    deadline = time.monotonic() + PROBE_SECONDS
    keys = 0
    for packet in container.demux(video):
        seen = _seen(packet)
        if seen is None:
            continue
        keys += seen.key
        packets.append(seen)
        if keys == 3 or len(packets) == _PROBE_PACKETS or time.monotonic() > deadline:
            break
    return packets


def _seen(packet: Packet[VideoStream]) -> _Seen | None:
    if packet.pts is None or not packet.size:
        return None
    return _Seen(float(packet.pts * packet.time_base), packet.is_keyframe, packet.size)


def _span(packets: list[_Seen]) -> float:
    times = [packet.pts for packet in packets]
    return max(times) - min(times)


def _frame_rate(packets: list[_Seen], video: VideoStream) -> float:
    pictures = len({packet.pts for packet in packets})  # a picture may come in several slices
    if pictures > 1:
        return (pictures - 1) / _span(packets)
    return float(video.average_rate or 0)


def _gop_seconds(packets: list[_Seen]) -> float | None:
    keys = sorted({packet.pts for packet in packets if packet.key})
    if len(keys) < 2:
        return None
    return round((keys[-1] - keys[0]) / (len(keys) - 1), 3)


def _bits_per_second(packets: list[_Seen]) -> float:
    span = _span(packets)
    return 8 * sum(packet.size for packet in packets) / span if span else 0.0


_SECRET_PARAMETER = re.compile(r"(?i)([?&](?:pass\w*|pwd|token|secret|key|auth\w*)=)[^&#]*")


def redacted(url: str) -> str:
    """The URL without its password, fit to be shown and logged."""
    scheme, separator, rest = url.partition("://")
    if separator:
        # The last "@" and the first ":": passwords are often pasted in unescaped, slashes and all.
        account, at, place = rest.rpartition("@")
        user, colon, _ = account.partition(":")
        rest = f"{user}{':***' if colon else ''}{at}{place}"
    return _SECRET_PARAMETER.sub(r"\g<1>***", f"{scheme}{separator}{rest}")
