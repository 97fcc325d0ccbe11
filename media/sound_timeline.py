"""The sound of a range of footage, laid out without holes.

Browsers play sound packets one after the other and pass over holes in their timestamps (seen in Chromium
156: after a gap of 10 s the sound of 9:05:15 comes with the picture of 9:05:05). So holes are filled with
silent packets, and what overlaps is left out; the sound is never further off than one packet (21 ms at
48 kHz). For other codecs than AAC-LC no silent packet is known: their timestamps are stretched.
"""

from dataclasses import dataclass, field

import numpy as np

from media.byte_slices import Repeated
from media.progressive_mp4 import Edit, Samples, Track
from media.sample_index import Int64s
from media.track_format import TrackFormat

_AAC_LC = 2  # audio object type, ISO/IEC 14496-3

# A packet of silence by number of channels: one channel element without any spectral line.
_SILENCE = {1: bytes.fromhex("01182007"), 2: bytes.fromhex("211004608c1c")}


def silent_packet(track: TrackFormat) -> bytes:
    """A packet of silence for the track; empty when none is known."""
    configuration = track.audio_configuration
    if len(configuration) < 2:
        return b""
    bits = int.from_bytes(configuration[:2], "big")
    kind, channels, short_frames = bits >> 11, bits >> 3 & 0xF, bits >> 2 & 1
    return _SILENCE.get(channels, b"") if kind == _AAC_LC and not short_frames else b""


@dataclass
class SoundTimeline:
    """Takes the sound of clip after clip and lays it out; ticks count from 1970 in the sound's timescale."""

    format: TrackFormat
    packet: int  # ticks that a packet lasts
    needed_from: int  # tick
    _next: int | None = None  # tick at which the next packet would be heard
    _chunks: list[tuple[int, Int64s, int]] = field(default_factory=list)  # offset, sizes, tick

    def __post_init__(self) -> None:
        self._silence = silent_packet(self.format)

    def silence_before(self, tick: int) -> Repeated:
        """The silent packets that sound from `tick` on needs before it."""
        if not self._silence:
            return Repeated(b"", 0)
        if self._next is None:
            self._next = min(tick, self.needed_from)
        return Repeated(self._silence, max((tick - self._next) // self.packet, 0))

    def add_silence(self, offset: int, count: int) -> None:
        """Takes `count` silent packets at `offset` of the media data."""
        assert self._next is not None
        self._append(offset, np.full(count, len(self._silence), np.int64), self._next)

    def add(self, offset: int, sizes: Int64s, tick: int) -> None:
        """Takes packets of `sizes` bytes at `offset` of the media data, the first heard at `tick`."""
        if self._silence and self._next is not None:
            dropped = min(max((self._next - tick) // self.packet, 0), len(sizes))
            offset, sizes, tick = offset + int(sizes[:dropped].sum()), sizes[dropped:], self._next
        if len(sizes):
            self._append(offset, sizes, tick)

    def _append(self, offset: int, sizes: Int64s, tick: int) -> None:
        self._chunks.append((offset, sizes, tick))
        self._next = tick + len(sizes) * self.packet

    def track(self, duration: int, timescale: int) -> Track:
        """The track of a movie of `duration` in its `timescale`."""
        early = self.needed_from - self._chunks[0][2]
        edits = [Edit(duration, media_time=max(early, 0))]
        if early < 0:
            delay = -early * timescale // self.format.timescale
            edits = [Edit(delay, media_time=-1), Edit(max(duration - delay, 0), media_time=0)]
        return Track(self.format, self.format.timescale, edits, self._samples(), sound=True)

    def _samples(self) -> Samples:
        sizes = np.concatenate([chunk for _, chunk, _ in self._chunks])
        counts = np.array([len(chunk) for _, chunk, _ in self._chunks], np.int64)
        ticks = np.array([tick for _, _, tick in self._chunks], np.int64)
        durations = np.full(len(sizes), self.packet, np.int64)
        # Without silence the last packet before a hole lasts until the sound goes on.
        durations[counts.cumsum()[:-1] - 1] = (np.diff(ticks) - (counts[:-1] - 1) * self.packet).clip(0)
        return Samples(
            sizes=sizes,
            durations=durations,
            composition_offsets=np.zeros(len(sizes), np.int64),
            sync=np.ones(len(sizes), np.bool_),
            chunk_offsets=np.array([offset for offset, _, _ in self._chunks], np.int64),
            chunk_counts=counts,
        )
