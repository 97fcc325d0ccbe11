"""A camera's sound as browsers hear it: Opus (RFC 7587), encoded once a pull for all who listen."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import av
from av.audio.stream import AudioStream
from av.filter import Graph
from av.packet import Packet

from media.live_stream import CLOCK

log = logging.getLogger(__name__)

RATE = 48_000  # Opus in RTP always counts so
_PACKET = 960  # samples: 20 ms
_BITS_PER_SECOND = 40_000
_SLACK = RATE * 60 // 1000  # the camera's clock may be that far from the count of samples


@dataclass(frozen=True)
class Sound:
    """One packet of Opus."""

    data: bytes
    timestamp: int  # 1/48000 s, of the same clock as the pictures


class SoundConverter:
    """Makes Opus of whatever a camera sends: AAC, G.711, G.726, ...; Opus itself is passed on."""

    def __init__(self, audio: AudioStream) -> None:
        self._audio = audio
        self._passes = audio.codec_context.name in {"opus", "libopus"}
        self._line: _Line | None = None
        self._failed = False

    def pause(self) -> None:
        """Nobody listens: what follows does not join on to what was."""
        self._line = None

    def convert(self, packet: Packet[Any], placed: int) -> list[Sound]:
        """What comes out with a packet of the stream that belongs to `placed` (1/90000 s)."""
        at = placed * RATE // CLOCK
        if self._passes:
            return [Sound(bytes(packet), at)]
        try:
            return list(self._converted(packet, at))
        except av.FFmpegError as error:
            if not self._failed:
                log.warning("the sound cannot be decoded: %s", error)
            self._failed, self._line = True, None
            return []

    def _converted(self, packet: Packet[Any], at: int) -> Iterator[Sound]:
        for frame in self._audio.codec_context.decode(packet):
            if self._line is None or not self._line.continues(frame, at):
                self._line = _Line(frame, at)
            yield from self._line.encode(frame)
            at += frame.samples * RATE // frame.sample_rate


class _Line:
    """A stretch of sound without a break."""

    def __init__(self, first: av.AudioFrame, at: int) -> None:
        layout = "mono" if len(first.layout.channels) == 1 else "stereo"
        self._source = (first.sample_rate, first.format.name, first.layout.name)
        self._resampler = _resampler(first, layout)
        self._encoder = _opus_encoder(layout)
        self._next_in = self._next_out = at

    def continues(self, frame: av.AudioFrame, at: int) -> bool:
        """Whether a frame of that time joins on."""
        same = self._source == (frame.sample_rate, frame.format.name, frame.layout.name)
        return same and abs(at - self._next_in) <= _SLACK

    def encode(self, frame: av.AudioFrame) -> Iterator[Sound]:
        self._next_in += frame.samples * RATE // frame.sample_rate
        frame.pts = None  # counted here: a resampler trips over cameras' timestamps
        self._resampler.push(frame)
        with contextlib.suppress(av.BlockingIOError):  # nothing more before the next frame
            while True:
                piece = self._resampler.pull()
                assert isinstance(piece, av.AudioFrame)
                piece.pts = None
                for packet in self._encoder.encode(piece):
                    yield Sound(bytes(packet), self._next_out)
                    self._next_out += _PACKET


def _resampler(first: av.AudioFrame, layout: str) -> Graph:
    """PyAV's own would begin a thread for every processor."""
    graph = Graph()
    graph.threads = 1
    source = graph.add(
        "abuffer",
        sample_rate=str(first.sample_rate),
        sample_fmt=first.format.name,
        channel_layout=first.layout.name,
    )
    wanted = graph.add("aformat", sample_rates=str(RATE), sample_fmts="s16", channel_layouts=layout)
    sink = graph.add("abuffersink")
    source.link_to(wanted)
    wanted.link_to(sink)
    graph.configure()
    graph.set_audio_frame_size(_PACKET)
    return graph


def _opus_encoder(layout: str) -> av.AudioCodecContext:
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.format, encoder.layout = RATE, "s16", layout
    encoder.bit_rate, encoder.thread_count = _BITS_PER_SECOND, 1
    encoder.options = {"frame_duration": "20", "application": "audio"}
    return encoder
