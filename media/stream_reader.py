"""From a camera's packets to the samples that MP4 stores, in the order of their time."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet

from media.fragment_writer import VIDEO_TIMESCALE, header

STORABLE_SOUND = frozenset({"aac", "mp3", "opus"})
# A jump of the camera's clock that is no loss of a few pictures any more.
JUMP_SECONDS = 3.0
LONGEST_GOP_SECONDS = 60.0
# How long a picture waits for the sound that belongs before it.
_PATIENCE_SECONDS = 0.5
# Where FFmpeg hands out a picture only when the next one begins to arrive, with which it learns that the
# picture is whole. (A transport stream that does not say the length of its pictures is one more late.)
_HANDED_OUT_BY_THE_NEXT = frozenset({"rtsp", "mpegts"})
# Types of the network abstraction layer that are parameter sets: H.264 SPS, PPS; H.265 VPS, SPS, PPS.
_PARAMETER_SETS = {"h264": frozenset({7, 8}), "hevc": frozenset({32, 33, 34})}
_START_CODE = b"\x00\x00\x01"
_BEFORE_ANY_CAMERA = 946_684_800_000_000  # the year 2000, microseconds since 1970


class TimestampsJumped(Exception):
    """The camera's clock has jumped, or key pictures stay away: the run ends, the connection need not."""


class ParametersChanged(Exception):
    """The camera sends another picture size or other codec parameters: connect anew."""


@dataclass(frozen=True)
class Sample:
    """A coded picture or a piece of sound; times in ticks of its track, on a clock common to both."""

    video: bool
    data: bytes
    decode_time: int
    presentation_time: int
    duration: int  # what the stream says; the next sample knows better
    sync: bool
    seconds: float  # the decode time
    arrived_at: float  # seconds since 1970 at which it began to arrive
    camera_time: float | None = None  # of a key picture, by the camera's own clock; None: it does not tell


class StreamReader:
    """Reads the video and, if MP4 can hold it, the sound of an open stream."""

    def __init__(self, container: InputContainer, clock: Callable[[], float]) -> None:
        self._container = container
        self._clock = clock
        self._video = container.streams.video[0]
        self._codec = self._video.codec_context.name
        self._framing = length_prefixed if _is_annex_b(self._video) else bytes
        self._audio, self.left_out = _storable_sound(container)
        self._parameter_sets: tuple[bytes, ...] = ()
        self._adts_config = b""
        self._late = container.format.name in _HANDED_OUT_BY_THE_NEXT
        self._handed_out_at: float | None = None
        self.dropped = 0  # packets without usable time

    @property
    def audio_timescale(self) -> int:
        """Ticks a second of the sound; 0 when none is recorded."""
        return 0 if self._audio is None else self._audio.codec_context.sample_rate

    def header(self) -> bytes:
        """The MP4 header of the stream; known from the first sample on."""
        sets = b"".join(b"\x00\x00\x00\x01" + unit for unit in self._parameter_sets)
        video_extradata = sets or self._video.codec_context.extradata or b""
        if self._audio is None:
            return header(self._video, video_extradata)
        audio_extradata = self._adts_config or self._audio.codec_context.extradata or b""
        return header(self._video, video_extradata, self._audio, audio_extradata)

    def samples(self) -> Iterator[Sample]:
        """The samples by decode time from the next key picture on, until the stream ends.

        Raises:
            TimestampsJumped: call again to read on.
            ParametersChanged: open the stream again.
            av.FFmpegError: the stream broke.
        """
        return in_time_order(self._increasing(self._from_key_picture()), both=self._audio is not None)

    def _from_key_picture(self) -> Iterator[Sample]:
        """The samples from the next key picture on, decode times set so that it is shown when decoded."""
        early: deque[Sample] = deque(maxlen=100)  # sound that came before the picture that it belongs to
        shift: Fraction | None = None
        last_key: Fraction | None = None
        streams = [self._video] if self._audio is None else [self._video, self._audio]
        for packet in self._container.demux(streams):
            stamp = packet.pts if packet.dts is None else packet.dts
            if not packet.size or stamp is None:
                self.dropped += bool(packet.size)
                continue
            decode = stamp * packet.time_base
            shown = decode if packet.pts is None else packet.pts * packet.time_base
            last_key = decode if last_key is None else last_key
            if packet.stream is self._video and packet.is_keyframe:
                self._check_parameters(bytes(packet))
                last_key = decode
                shift = shown - decode if shift is None else shift
            if decode - last_key > LONGEST_GOP_SECONDS:
                raise TimestampsJumped(f"{LONGEST_GOP_SECONDS:.0f} 秒内没有关键帧 / no key picture that long")
            sample = self._sample(packet, decode + (shift or 0), shown)
            if shift is not None:
                yield sample
                yield from early
                early.clear()
            elif not sample.video:
                early.append(sample)

    def _sample(self, packet: Packet[Any], decode: Fraction, shown: Fraction) -> Sample:
        video = packet.stream is self._video
        timescale = VIDEO_TIMESCALE if video else self.audio_timescale
        decode = decode if video else shown
        return Sample(
            video=video,
            data=self._framing(bytes(packet)) if video else self._sound(bytes(packet)),
            decode_time=round(decode * timescale),
            presentation_time=round(shown * timescale),
            duration=round((packet.duration or 0) * packet.time_base * timescale),
            sync=packet.is_keyframe or not video,
            seconds=float(decode),
            arrived_at=self._arrival(packet),
            camera_time=_camera_time(packet) if video and packet.is_keyframe else None,
        )

    def _arrival(self, packet: Packet[Any]) -> float:
        """When the packet began to arrive."""
        now = self._clock()
        if packet.stream is not self._video or not self._late:
            return now
        begun, self._handed_out_at = self._handed_out_at, now
        return now if begun is None else begun

    def _check_parameters(self, key_picture: bytes) -> None:
        """Compares the parameter sets sent with key pictures; those of the session description may differ."""
        if self._framing is bytes:
            return
        wanted = _PARAMETER_SETS[self._codec]
        sets = tuple(unit for unit in _units(key_picture) if _unit_type(unit, self._codec) in wanted)
        if len(sets) < 2:  # not all are sent each time
            return
        if self._parameter_sets and sets != self._parameter_sets:
            raise ParametersChanged("编码参数已改变 / the codec parameters have changed")
        self._parameter_sets = sets

    def _sound(self, data: bytes) -> bytes:
        """The sound without the ADTS head that transport streams put before every AAC frame."""
        if self._audio is None or self._audio.codec_context.name != "aac" or not _is_adts(data):
            return data
        self._adts_config = _audio_specific_config(data)
        return data[7 if data[1] & 1 else 9 :]

    def _increasing(self, samples: Iterable[Sample]) -> Iterator[Sample]:
        """The samples without those that do not come after the one before on their track."""
        last: dict[bool, Sample] = {}
        for sample in samples:
            before, picture = last.get(sample.video), last.get(True)
            step = 0.0 if picture is None else sample.seconds - picture.seconds
            far = abs(step) > JUMP_SECONDS
            if far and sample.video:
                raise TimestampsJumped(f"摄像头时间跳变 {step:+.1f} 秒 / timestamps jumped {step:+.1f} s")
            if far or (before is not None and sample.decode_time <= before.decode_time):
                self.dropped += 1
                continue
            last[sample.video] = sample
            yield sample


def in_time_order(samples: Iterable[Sample], *, both: bool) -> Iterator[Sample]:
    """Pictures and sound merged by decode time; whichever is missing is waited for half a second at most."""
    waiting: dict[bool, deque[Sample]] = {True: deque(), False: deque()}
    broken: Exception | None = None

    def first() -> Sample:
        return min((queue[0] for queue in waiting.values() if queue), key=_order)

    try:
        for sample in samples:
            waiting[sample.video].append(sample)
            while any(waiting.values()) and (
                not both or all(waiting.values()) or sample.seconds - first().seconds > _PATIENCE_SECONDS
            ):
                yield waiting[first().video].popleft()
    except (av.FFmpegError, TimestampsJumped, ParametersChanged) as error:
        broken = error  # what has arrived before is still good
    yield from sorted(chain(*waiting.values()), key=_order)
    if broken is not None:
        raise broken


def _order(sample: Sample) -> tuple[float, bool]:
    """A key picture goes before the sound of the same instant: it opens the fragment."""
    return sample.seconds, not sample.video


def _storable_sound(container: InputContainer) -> tuple[av.AudioStream | None, str]:
    """The sound to be recorded, or None and the codec that MP4 cannot hold."""
    if not container.streams.audio:
        return None, ""
    audio = container.streams.audio[0]
    codec = audio.codec_context.name.removesuffix("float")  # "mp3float" is how FFmpeg decodes mp3
    return (audio, "") if codec in STORABLE_SOUND and audio.codec_context.sample_rate else (None, codec)


def _camera_time(packet: Packet[Any]) -> float | None:
    """When the camera says that it made the picture, from its RTCP sender reports: seconds since 1970."""
    if not packet.has_sidedata("prft"):
        return None
    microseconds: int = struct.unpack_from("<q", bytes(packet.get_sidedata("prft")))[0]
    # A camera without clock counts from its start instead (RFC 3550 section 6.4.1).
    return microseconds / 1e6 if microseconds > _BEFORE_ANY_CAMERA else None


def _is_annex_b(video: av.VideoStream) -> bool:
    """Whether units stand between start codes, as cameras send them, not behind their length as in MP4."""
    return (video.codec_context.extradata or b"\x00")[0] == 0


def _units(annex_b: bytes) -> list[bytes]:
    """The network abstraction layer units; one never ends in a zero byte (H.264 section 7.4.1)."""
    return [unit for part in annex_b.split(_START_CODE)[1:] if (unit := part.rstrip(b"\x00"))]


def length_prefixed(annex_b: bytes) -> bytes:
    """A picture as MP4 stores it: each unit behind its length in four bytes."""
    return b"".join(part for unit in _units(annex_b) for part in (len(unit).to_bytes(4, "big"), unit))


def _unit_type(unit: bytes, codec: str) -> int:
    return unit[0] & 0x1F if codec == "h264" else unit[0] >> 1 & 0x3F


def _is_adts(data: bytes) -> bool:
    return len(data) > 7 and data[0] == 0xFF and data[1] & 0xF6 == 0xF0


def _audio_specific_config(adts: bytes) -> bytes:
    """Two bytes of ISO/IEC 14496-3 section 1.6.2.1 from the ADTS head of section 1.A.2."""
    object_type = (adts[2] >> 6) + 1
    rate_index = adts[2] >> 2 & 0x0F
    channels = (adts[2] & 1) << 2 | adts[3] >> 6
    return (object_type << 11 | rate_index << 7 | channels << 3).to_bytes(2, "big")
