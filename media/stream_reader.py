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
from media.sound_encoder import ENCODED_SOUND, PACKET, SoundEncoder

STORABLE_SOUND = frozenset({"aac", "mp3", "opus"})  # by MP4, as it is
RECORDED_SOUND = STORABLE_SOUND | ENCODED_SOUND
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
_TICK = Fraction(1, VIDEO_TIMESCALE)
_START_CODE = b"\x00\x00\x01"
_BEFORE_ANY_CAMERA = 946_684_800_000_000  # the year 2000, microseconds since 1970


class TimestampsJumped(Exception):
    """The camera's clock has jumped, or key pictures stay away: the run ends, the connection need not.

    Attributes:
        seconds: by which the timestamps have moved, ahead is +; None: they have not.
    """

    def __init__(self, words: str, seconds: float | None = None) -> None:
        super().__init__(words)
        self.seconds = seconds


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
    arrived_at: float  # seconds by the reader's clock at which it began to arrive
    camera_time: float | None = None  # of a key picture, by the camera's own clock; None: it does not tell


class StreamReader:
    """Reads the video and, if MP4 can hold it or it can be made so, the sound of an open stream.

    Args:
        clock: seconds since 1970; it should only ever go on.
    """

    def __init__(self, container: InputContainer, clock: Callable[[], float]) -> None:
        self._container = container
        self._clock = clock
        self._video = container.streams.video[0]
        base = self._video.time_base or _TICK
        self._scale = base.numerator * VIDEO_TIMESCALE, base.denominator  # of timestamps to ticks
        self._codec = self._video.codec_context.name
        self._framing = length_prefixed if _is_annex_b(self._video) else bytes
        self._audio, self.left_out = _recordable_sound(container)
        self._encoder = _encoder_for(self._audio)
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
        if self._encoder is not None:
            return header(self._video, video_extradata, self._encoder.context)
        if self._audio is None:
            return header(self._video, video_extradata)
        audio_extradata = self._adts_config or self._audio.codec_context.extradata or b""
        return header(self._video, video_extradata, self._audio, audio_extradata)

    def in_words(self) -> str:
        """The format of what is recorded, in short: "h264 1280x720, aac"."""
        picture = self._video.codec_context
        sound = "" if self._audio is None else f", {_codec_of(self._audio)}"
        return f"{self._codec} {picture.width}x{picture.height}{sound}"

    def samples(self) -> Iterator[Sample]:
        """The samples by decode time from the next key picture on, until the stream ends.

        Raises:
            TimestampsJumped: call again to read on.
            ParametersChanged: open the stream again.
            av.FFmpegError: the stream broke.
        """
        samples = self._increasing(self._from_key_picture())
        return samples if self._audio is None else in_time_order(samples, both=True)

    def _from_key_picture(self) -> Iterator[Sample]:
        """The samples from the next key picture on, decode times set so that it is shown when decoded."""
        early: deque[Sample] = deque(maxlen=100)  # sound that came before the picture that it belongs to
        shift: int | None = None  # ticks of the video
        last_key: float | None = None
        video, audio = self._video, self._audio
        longest = LONGEST_GOP_SECONDS
        per_tick = float(video.time_base or 0)
        if self._encoder is not None:
            self._encoder.restart()
        for packet in self._container.demux([video] if audio is None else [video, audio]):
            stamp = packet.pts if packet.dts is None else packet.dts
            if not packet.size or stamp is None:
                self.dropped += bool(packet.size)
                continue
            if packet.stream is not video:
                for sound in self._sounds(packet, stamp):
                    if shift is None:
                        early.append(sound)
                    else:
                        yield sound
                continue
            seconds, key = stamp * per_tick, packet.is_keyframe
            if key:
                self._check_parameters(bytes(packet))
                shift = self._ticks(packet.pts, stamp) - self._ticks(stamp, stamp) if shift is None else shift
            last_key = seconds if key or last_key is None else last_key
            if seconds - last_key > longest:
                raise TimestampsJumped(f"{longest:.0f} 秒内没有关键帧 / no key picture that long")
            if shift is None:
                self._arrival()
                continue
            yield self._picture(packet, stamp, shift, key)
            yield from early
            early.clear()
        yield from self._last_sounds()

    def _ticks(self, stamp: int | None, otherwise: int) -> int:
        """A timestamp of the video's in ticks of 90 kHz, to the nearest."""
        numerator, denominator = self._scale
        return (2 * numerator * (otherwise if stamp is None else stamp) + denominator) // (2 * denominator)

    def _picture(self, packet: Packet[Any], stamp: int, shift: int, key: bool) -> Sample:
        decode = self._ticks(stamp, stamp) + shift
        return Sample(
            video=True,
            data=self._framing(bytes(packet)),
            decode_time=decode,
            presentation_time=self._ticks(packet.pts, stamp),
            duration=self._ticks(packet.duration or 0, 0),
            sync=key,
            seconds=decode / VIDEO_TIMESCALE,
            arrived_at=self._arrival(),
            camera_time=_camera_time(packet) if key else None,
        )

    def _sounds(self, packet: Packet[Any], stamp: int) -> Iterator[Sample]:
        """The sound of a packet, encoded if it has to be: then it comes a little later, in packets of AAC."""
        base = packet.time_base
        scale = base.numerator * self.audio_timescale
        tick = round((stamp if packet.pts is None else packet.pts) * scale / base.denominator)
        if self._encoder is None:
            duration = round((packet.duration or 0) * scale / base.denominator)
            yield self._sound(self._without_adts(bytes(packet)), tick, duration)
            return
        for data, begins in self._encoder.feed(bytes(packet), tick):
            yield self._sound(data, begins, PACKET)

    def _last_sounds(self) -> Iterator[Sample]:
        for data, begins in self._encoder.finish() if self._encoder is not None else ():
            yield self._sound(data, begins, PACKET)

    def _sound(self, data: bytes, tick: int, duration: int) -> Sample:
        return Sample(
            video=False,
            data=data,
            decode_time=tick,
            presentation_time=tick,
            duration=duration,
            sync=True,
            seconds=tick / self.audio_timescale,
            arrived_at=self._clock(),
        )

    def _arrival(self) -> float:
        """When the picture that has just been handed out began to arrive."""
        now = self._clock()
        if not self._late:
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

    def _without_adts(self, data: bytes) -> bytes:
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
                raise TimestampsJumped(
                    f"摄像头时间跳变 {step:+.1f} 秒 / timestamps jumped {step:+.1f} s", step
                )
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


def _recordable_sound(container: InputContainer) -> tuple[av.AudioStream | None, str]:
    """The sound to be recorded; or None, and why what there is is left out."""
    if not container.streams.audio:
        return None, ""
    audio = container.streams.audio[0]
    if _codec_of(audio) in RECORDED_SOUND and audio.codec_context.sample_rate:
        return audio, ""
    codec = _codec_of(audio)
    return None, (
        f"声音未录（{codec} 无法保存），请在设备上改为 AAC 或 G.711 / "
        f"sound is left out ({codec} cannot be kept); set the device to AAC or G.711"
    )


def _codec_of(audio: av.AudioStream) -> str:
    return audio.codec_context.name.removesuffix("float")  # "mp3float" is how FFmpeg decodes mp3


def _encoder_for(audio: av.AudioStream | None) -> SoundEncoder | None:
    if audio is None or _codec_of(audio) not in ENCODED_SOUND:
        return None
    context = audio.codec_context
    return SoundEncoder(context.name, context.sample_rate, context.channels)


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
