"""The sound of a range of footage, laid out without holes.

Browsers play sound packets one after the other and pass over holes in their timestamps (seen in Chromium
156: after a gap of 10 s the sound of 9:05:15 comes with the picture of 9:05:05). So holes are filled with
silent packets, and what overlaps is left out; the sound is never further off than one packet (21 ms at
48 kHz). For other codecs than AAC-LC no silent packet is known: their timestamps are stretched.
"""

from dataclasses import dataclass, field

import numpy as np

from media.fragmented_mp4 import Int64s, find
from media.progressive_mp4 import Samples, TrackFormat

SAMPLES_A_PACKET = 1024  # of AAC-LC, ISO/IEC 14496-3
_SILENT_PACKETS_A_CHUNK = 64
_AAC_LC = 2

# A packet of silence by number of channels: one channel element without any spectral line.
_SILENCE = {1: bytes.fromhex("01182007"), 2: bytes.fromhex("211004608c1c")}


def decoder_configuration(entry: bytes) -> bytes:
    """The AudioSpecificConfig in an `mp4a` sample entry; empty when there is none."""
    found = find(entry[_MP4A_HEAD:], b"esds")
    if entry[4:8] != b"mp4a" or found is None:
        return b""
    body = entry[_MP4A_HEAD + found.body + 4 : _MP4A_HEAD + found.end]
    return _descriptor(body, 0x03, 3, 0x04, 13, 0x05)


_MP4A_HEAD = 36  # box header and the fixed fields of AudioSampleEntry


def _descriptor(data: bytes, *path: int) -> bytes:
    """The content of nested MPEG-4 descriptors: tag, fields to pass over, tag, ... (14496-1 section 7.2.6)."""
    tag, rest = path[0], path[1:]
    while data:
        length, at = 0, 1
        while at < len(data):
            length = length << 7 | data[at] & 0x7F
            at += 1
            if not data[at - 1] & 0x80:
                break
        content, found = data[at : at + length], data[0]
        if found == tag:
            return _descriptor(content[rest[0] :], *rest[1:]) if rest else content
        data = data[at + length :]
    return b""


def silent_packet(track: TrackFormat) -> bytes:
    """A packet of silence for the track; empty when none is known."""
    configuration = decoder_configuration(track.sample_entry)
    if len(configuration) < 2:
        return b""
    bits = int.from_bytes(configuration[:2], "big")
    kind, channels, short_frames = bits >> 11, bits >> 3 & 0xF, bits >> 2 & 1
    return _SILENCE.get(channels, b"") if kind == _AAC_LC and not short_frames else b""


@dataclass
class SoundTimeline:
    """Takes the sound of segment after segment and lays it out.

    Ticks count from any fixed moment, `timescale` a second, and are the same for every chunk.
    """

    silence: bytes  # a silent packet, or nothing: then holes are stretched
    packet: int  # ticks that a packet lasts
    start: int  # tick at which sound is first needed
    _next: int | None = None  # tick at which the next packet would be heard
    _chunks: list[tuple[int, Int64s, int]] = field(default_factory=list)  # offset or _SILENT, sizes, tick

    def add(self, offset: int, sizes: Int64s, tick: int) -> None:
        """Takes packets that lie one after the other at `offset` of the media data, the first heard at `tick`."""
        if self._next is None:
            self._next = min(tick, self.start) if self.silence else tick
        if self.silence:
            offset, sizes = self._without_overlap(offset, sizes, tick - self._next)
            self._fill((tick - self._next) // self.packet)
            tick = self._next
        if len(sizes):
            self._chunks.append((offset, sizes, tick))
            self._next = tick + len(sizes) * self.packet

    def _without_overlap(self, offset: int, sizes: Int64s, late: int) -> tuple[int, Int64s]:
        """The packets without those that something was heard instead of already."""
        dropped = min(max(0, -late // self.packet), len(sizes))
        return offset + int(sizes[:dropped].sum()), sizes[dropped:]

    def _fill(self, count: int) -> None:
        assert self._next is not None
        while count > 0:
            filled = min(count, _SILENT_PACKETS_A_CHUNK)
            self._chunks.append((_SILENT, np.full(filled, len(self.silence), np.int64), self._next))
            self._next += filled * self.packet
            count -= filled

    @property
    def silent_chunk(self) -> bytes:
        """What the chunks of silence all point to; empty when there is none."""
        needed = any(offset == _SILENT for offset, _, _ in self._chunks)
        return self.silence * _SILENT_PACKETS_A_CHUNK if needed else b""

    @property
    def first_tick(self) -> int:
        """When the first packet is heard."""
        return self._chunks[0][2]

    def __bool__(self) -> bool:
        return bool(self._chunks)

    def samples(self, silence_at: int) -> Samples:
        """All packets, the silent chunk being at `silence_at` of the media data."""
        sizes = np.concatenate([chunk for _, chunk, _ in self._chunks])
        counts = np.array([len(chunk) for _, chunk, _ in self._chunks], np.int64)
        ticks = np.array([tick for _, _, tick in self._chunks], np.int64)
        durations = np.full(len(sizes), self.packet, np.int64)
        # Without silence: the last packet before a hole lasts until the sound goes on.
        lasts = np.cumsum(counts)[:-1] - 1
        durations[lasts] = np.maximum(np.diff(ticks) - (counts[:-1] - 1) * self.packet, 0)
        offsets = np.array([offset for offset, _, _ in self._chunks], np.int64)
        return Samples(
            sizes=sizes,
            durations=durations,
            composition_offsets=np.zeros(len(sizes), np.int64),
            sync=np.ones(len(sizes), np.bool_),
            chunk_offsets=np.where(offsets == _SILENT, silence_at, offsets),
            chunk_counts=counts,
            chunk_entries=np.ones(len(counts), np.int64),
        )


_SILENT = -1  # in place of an offset
