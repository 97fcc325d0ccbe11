"""Fragmented MP4 (ISO/IEC 14496-12): reading the fragments of a segment.

A segment is `ftyp moov (moof mdat)*`, one fragment a group of pictures, one run of samples a track in each
fragment. Within a segment zero is the moment its first picture is shown, for all tracks: a sample is shown
at `decode time + composition offset`, counted in its track's timescale from the segment's `started_at`.
"""

import os
import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from media.mp4_boxes import U32, U64, Box, NotFragmentedMp4, children, find, named
from media.sample_index import Bools, Int32s, SampleIndex, TrackSamples, Uint32s

# Flags of trun and of a sample (14496-12 sections 8.8.8, 8.8.3.1).
TRUN_DATA_OFFSET, TRUN_FIRST_FLAGS = 0x001, 0x004
TRUN_DURATION, TRUN_SIZE, TRUN_FLAGS, TRUN_COMPOSITION = 0x100, 0x200, 0x400, 0x800
SAMPLE_IS_NOT_SYNC = 0x00010000


@dataclass
class _Track:
    handler: bytes
    timescale: int
    duration: int = 0  # defaults of trex
    size: int = 0
    flags: int = 0


@dataclass
class _Run:
    decode_time: int
    data_offset: int
    sizes: Uint32s
    durations: Uint32s
    composition_offsets: Int32s
    sync: Bools


@dataclass
class IndexBuilder:
    """Builds the index of a segment from its bytes, fed as they go to disk or read back from it."""

    whole_bytes: int = 0  # where the last whole fragment ends; 0 until ftyp and moov are whole
    _header: bytes = b""
    _tracks: dict[int, _Track] = field(default_factory=dict)
    _fragments: list[tuple[int, dict[int, _Run]]] = field(default_factory=list)
    _buffer: bytearray = field(default_factory=bytearray)
    _position: int = 0  # of the buffer's first byte in the file
    _pending: tuple[int, dict[int, _Run]] | None = None  # a moof whose mdat is not whole yet

    def feed(self, data: bytes) -> None:
        """Takes the file's next bytes, cut anywhere.

        Raises:
            NotFragmentedMp4: the bytes are no segment.
        """
        # Mostly whole fragments come: then nothing is copied, least of all the media data.
        whole = bytes(self._buffer) + data if self._buffer else data
        taken = 0
        for found in children(whole):
            content = b"" if found.kind == b"mdat" else whole[found.start : found.end]
            self.take_box(found.kind, found.end - found.start, content)
            taken = found.end
        self._buffer = bytearray(whole[taken:])

    def take_box(self, kind: bytes, size: int, content: bytes) -> None:
        """Takes the next whole box; the content of an `mdat` is not looked at.

        Raises:
            NotFragmentedMp4: the box contradicts itself.
        """
        with named("数据损坏 / the file is damaged"):
            self._take_box(kind, size, content)

    def _take_box(self, kind: bytes, size: int, content: bytes) -> None:
        start = self._position
        self._position += size
        if kind == b"ftyp":
            self._header = content
        elif kind == b"moov":
            self._header += content
            self._tracks = _tracks(content)
            self.whole_bytes = self._position
        elif kind == b"moof":
            self._pending = (start, _runs(content, start, self._tracks))
        elif kind == b"mdat" and self._pending is not None:
            self._fragments.append(self._pending)
            self._pending = None
            self.whole_bytes = self._position

    @property
    def fragment_count(self) -> int:
        """Whole fragments so far."""
        return len(self._fragments)

    def index(self) -> SampleIndex:
        """The index of the whole fragments so far.

        Raises:
            NotFragmentedMp4: there is no whole fragment with video yet.
        """
        ids = {track.handler: track_id for track_id, track in self._tracks.items()}
        if b"vide" not in ids or not self._fragments:
            raise NotFragmentedMp4("没有完整的视频片段 / no whole fragment with video")
        offsets = [start for start, _ in self._fragments] + [self.whole_bytes]
        audio = self._samples(ids[b"soun"]) if b"soun" in ids else None
        return SampleIndex(self._header, np.array(offsets, np.int64), self._samples(ids[b"vide"]), audio)

    def _samples(self, track_id: int) -> TrackSamples:
        runs = [found.get(track_id, _NO_RUN) for _, found in self._fragments]
        return TrackSamples(
            self._tracks[track_id].timescale,
            sizes=np.concatenate([run.sizes for run in runs]),
            durations=np.concatenate([run.durations for run in runs]),
            composition_offsets=np.concatenate([run.composition_offsets for run in runs]),
            sync=np.concatenate([run.sync for run in runs]),
            sample_counts=np.array([len(run.sizes) for run in runs], np.int64),
            data_offsets=np.array([run.data_offset for run in runs], np.int64),
            decode_times=np.array([run.decode_time for run in runs], np.int64),
        ).checked()


def scan(path: Path) -> IndexBuilder:
    """The index of a file on disk, which may be torn: reads box headers, `moov` and `moof` only.

    Raises:
        NotFragmentedMp4: it is damaged otherwise.
    """
    builder = IndexBuilder()
    with path.open("rb", buffering=0) as file:
        size, at = os.fstat(file.fileno()).st_size, 0
        while at + 8 <= size:
            length, kind = struct.unpack(">I4s", os.pread(file.fileno(), 8, at))
            if length < 8 or at + length > size:
                break
            content = b"" if kind == b"mdat" else os.pread(file.fileno(), length, at)
            builder.take_box(kind, length, content)
            at += length
    return builder


# In a fragment, and in ticks: what a damaged number may cost.
_MOST_SAMPLES, _LATEST = 1_000_000, 1 << 48
_NO_RUN = _Run(
    0, 0, np.zeros(0, np.uint32), np.zeros(0, np.uint32), np.zeros(0, np.int32), np.zeros(0, np.bool_)
)


def _tracks(moov: bytes) -> dict[int, _Track]:
    """The tracks by id, with the defaults of their fragments."""
    found: dict[int, _Track] = {}
    outer = find(moov, b"moov")
    if outer is None:
        raise NotFragmentedMp4("moov")
    for trak in children(moov, outer.body, outer.end):
        if trak.kind == b"trak":
            header, media = find(moov, b"tkhd", inside=trak), find(moov, b"mdia", b"mdhd", inside=trak)
            handler = find(moov, b"mdia", b"hdlr", inside=trak)
            if header is None or media is None or handler is None:
                raise NotFragmentedMp4("trak")
            track_id = U32.unpack_from(moov, header.body + (20 if moov[header.body] else 12))[0]
            timescale = U32.unpack_from(moov, media.body + (20 if moov[media.body] else 12))[0]
            found[track_id] = _Track(moov[handler.body + 8 : handler.body + 12], timescale)
    extends = find(moov, b"mvex", inside=outer)
    for trex in children(moov, extends.body, extends.end) if extends else ():
        if trex.kind == b"trex":
            track_id, _, duration, size, flags = struct.unpack_from(">5I", moov, trex.body + 4)
            track = found[track_id]
            track.duration, track.size, track.flags = duration, size, flags
    return found


def _runs(moof: bytes, position: int, tracks: dict[int, _Track]) -> dict[int, _Run]:
    """The run of samples of each track in a `moof` that lies at `position`."""
    found: dict[int, _Run] = {}
    outer = find(moof, b"moof")
    for traf in children(moof, outer.body, outer.end) if outer else ():
        if traf.kind == b"traf":
            track_id, run = _run(moof, traf, position, tracks)
            found[track_id] = run
    return found


def _run(moof: bytes, traf: Box, position: int, tracks: dict[int, _Track]) -> tuple[int, _Run]:
    parts = {child.kind: child for child in children(moof, traf.body, traf.end)}
    if not {b"tfhd", b"tfdt", b"trun"} <= parts.keys():
        raise NotFragmentedMp4("traf")
    track_id, default = _defaults(moof, parts[b"tfhd"], tracks)
    tfdt = parts[b"tfdt"].body
    decode_time = (U64 if moof[tfdt] else U32).unpack_from(moof, tfdt + 4)[0]
    if decode_time > _LATEST:
        raise NotFragmentedMp4("tfdt")
    return track_id, _trun(moof, parts[b"trun"].body, position, decode_time, default)


def _defaults(moof: bytes, tfhd: Box, tracks: dict[int, _Track]) -> tuple[int, _Track]:
    """The track of a `tfhd` and what holds for its samples unless the `trun` says otherwise."""
    flags, track_id = struct.unpack_from(">II", moof, tfhd.body)
    if track_id not in tracks:
        raise NotFragmentedMp4(f"track {track_id}")
    track = tracks[track_id]
    at = tfhd.body + 8 + 8 * bool(flags & 0x01) + 4 * bool(flags & 0x02)
    values = {"duration": track.duration, "size": track.size, "flags": track.flags}
    for bit, name in ((0x08, "duration"), (0x10, "size"), (0x20, "flags")):
        if flags & bit:
            values[name] = U32.unpack_from(moof, at)[0]
            at += 4
    return track_id, _Track(track.handler, track.timescale, **values)


def _trun(moof: bytes, at: int, position: int, decode_time: int, default: _Track) -> _Run:
    flags, count = struct.unpack_from(">II", moof, at)
    flags &= 0xFFFFFF
    at += 8
    if count > _MOST_SAMPLES:
        raise NotFragmentedMp4("trun")
    data_offset = first_flags = 0
    if flags & TRUN_DATA_OFFSET:
        data_offset = struct.unpack_from(">i", moof, at)[0]
        at += 4
    if flags & TRUN_FIRST_FLAGS:
        first_flags = U32.unpack_from(moof, at)[0]
        at += 4
    present = [bit for bit in (TRUN_DURATION, TRUN_SIZE, TRUN_FLAGS, TRUN_COMPOSITION) if flags & bit]
    table = np.frombuffer(moof, ">u4", count * len(present), at).reshape(count, len(present))

    def column(bit: int, otherwise: int) -> Uint32s:
        if bit in present:
            return table[:, present.index(bit)].astype(np.uint32)
        return np.full(count, otherwise, np.uint32)

    sample_flags = column(TRUN_FLAGS, default.flags)
    if flags & TRUN_FIRST_FLAGS:
        sample_flags[0] = first_flags
    return _Run(
        decode_time,
        position + data_offset,
        column(TRUN_SIZE, default.size),
        column(TRUN_DURATION, default.duration),
        column(TRUN_COMPOSITION, 0).view(np.int32),
        (sample_flags & SAMPLE_IS_NOT_SYNC) == 0,
    )
