"""Fragmented MP4 (ISO/IEC 14496-12): boxes, fragments, and the sample index of a segment.

A segment is `ftyp moov (moof mdat)*`, one fragment a group of pictures, one run of samples a track in each
fragment. Within a segment zero is the moment its first picture is shown, for all tracks: a sample is shown
at `decode time + composition offset`, counted in its track's timescale from the segment's `started_at`.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

U32 = struct.Struct(">I")
U64 = struct.Struct(">Q")

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Uint32s = npt.NDArray[np.uint32]
Bools = npt.NDArray[np.bool_]

# Flags of trun and of a sample (14496-12 sections 8.8.8, 8.8.3.1).
TRUN_DATA_OFFSET, TRUN_FIRST_FLAGS = 0x001, 0x004
TRUN_DURATION, TRUN_SIZE, TRUN_FLAGS, TRUN_COMPOSITION = 0x100, 0x200, 0x400, 0x800
SAMPLE_IS_NOT_SYNC = 0x00010000


class NotFragmentedMp4(ValueError):
    """The bytes are no segment as this module describes it."""


@contextmanager
def _named(message: str) -> Iterator[None]:
    """Says of bytes that contradict themselves that they are no segment, wherever it shows."""
    try:
        yield
    except NotFragmentedMp4:
        raise
    except (struct.error, zlib.error, LookupError, ValueError) as error:
        raise NotFragmentedMp4(message) from error


class Box(NamedTuple):
    """Where a box lies: its type and the offsets of its header, its body and its end."""

    kind: bytes
    start: int
    body: int
    end: int


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of the joined parts."""
    body = b"".join(parts)
    return U32.pack(8 + len(body)) + kind + body


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """A box with version and flags."""
    return box(kind, bytes([version]) + flags.to_bytes(3, "big"), *parts)


def children(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The whole boxes one after the other in `data[start:end]`."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        header = 8
        if size == 1 and start + 16 <= end:
            size, header = U64.unpack_from(data, start + 8)[0], 16
        if size < header or start + size > end:
            return
        yield Box(kind, start, start + header, start + size)
        start += size


def find(data: bytes, *path: bytes, inside: Box | None = None) -> Box | None:
    """The first box at `path`, for example `find(moov, b"moov", b"mvhd")`; None when there is none."""
    start, end = (inside.body, inside.end) if inside else (0, len(data))
    for child in children(data, start, end):
        if child.kind == path[0]:
            deeper = child if len(path) == 1 else find(data, *path[1:], inside=child)
            if deeper:
                return deeper
    return None


@dataclass(frozen=True)
class TrackSamples:
    """All samples of a track, n in decode order, and where each of the m fragments has its own."""

    timescale: int
    sizes: Uint32s  # [n] bytes
    durations: Uint32s  # [n]
    composition_offsets: Int32s  # [n]
    sync: Bools  # [n] decoding can start here
    sample_counts: Int64s  # [m] 0 where the fragment has no sample of this track
    data_offsets: Int64s  # [m] absolute, of the fragment's first sample of this track; 0 where none
    decode_times: Int64s  # [m] of that sample (tfdt); 0 where none

    def checked(self) -> Self:
        """Itself.

        Raises:
            NotFragmentedMp4: the columns contradict each other.
        """
        counts = self.sample_counts
        if self.timescale < 1 or (counts < 0).any() or counts.sum() != len(self.sizes):
            raise NotFragmentedMp4("样本表前后不符 / the tables of samples contradict each other")
        return self


@dataclass(frozen=True)
class SampleIndex:
    """Where every sample of a segment lies and when it is shown."""

    header: bytes  # ftyp and moov as they stand in the file
    fragment_offsets: Int64s  # [m+1] absolute, of each moof; the last is the end of the last fragment
    video: TrackSamples
    audio: TrackSamples | None

    @property
    def duration(self) -> float:
        """Seconds of video."""
        return int(self.video.durations.sum()) / self.video.timescale

    def pack(self) -> bytes:
        """The index in a few bytes a sample; `unpack` gives it back."""
        tracks = [self.video] if self.audio is None else [self.video, self.audio]
        parts = [_PACK_HEAD.pack(_PACK_VERSION, len(self.header), len(self.fragment_offsets), len(tracks))]
        parts += [self.header, _shuffled(self.fragment_offsets)]
        for track in tracks:
            parts.append(_TRACK_HEAD.pack(track.timescale, len(track.sizes)))
            parts += [_shuffled(getattr(track, name)) for name, _, _ in _COLUMNS]
        deflater = zlib.compressobj(zdict=_TYPICAL_HEADER)
        return deflater.compress(b"".join(parts)) + deflater.flush()

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """The index that was packed.

        Raises:
            NotFragmentedMp4: not a packed index, or of another version.
        """
        with _named("索引损坏 / the sample index is damaged"):
            return cls._unpacked(inflated(packed))

    @classmethod
    def _unpacked(cls, data: bytes) -> Self:
        version, header_length, offsets, track_count = _PACK_HEAD.unpack_from(data)
        if version != _PACK_VERSION:
            raise NotFragmentedMp4(f"索引版本不符 / sample index of version {version}")
        at = _PACK_HEAD.size
        header, at = data[at : at + header_length], at + header_length
        fragment_offsets, at = _unshuffled(data, at, offsets, np.int64)
        tracks = []
        for _ in range(track_count):
            timescale, samples = _TRACK_HEAD.unpack_from(data, at)
            at += _TRACK_HEAD.size
            columns: dict[str, Any] = {}
            for name, kind, per_sample in _COLUMNS:
                columns[name], at = _unshuffled(data, at, samples if per_sample else offsets - 1, kind)
            tracks.append(TrackSamples(timescale, **columns).checked())
        return cls(header, fragment_offsets, tracks[0], tracks[1] if track_count > 1 else None)


def inflated(packed: bytes) -> bytes:
    """What a packed index says, however it was compressed.

    Raises:
        zlib.error: it is damaged.
    """
    inflater = zlib.decompressobj(zdict=_TYPICAL_HEADER)
    data = inflater.decompress(packed)
    if not inflater.eof or inflater.unused_data:
        raise zlib.error("it does not end where it should")
    return data


# Headers are much alike: one that both sides know makes a month's indexes 6 % smaller. It must never change,
# or what is packed cannot be read any more; indexes packed without it are still read.
_TYPICAL_HEADER = Path(__file__).with_name("typical_header.bin").read_bytes()
_PACK_VERSION = 1
_PACK_HEAD = struct.Struct(">BIIB")
_TRACK_HEAD = struct.Struct(">II")
_COLUMNS: tuple[tuple[str, type[Any], bool], ...] = (
    ("sizes", np.uint32, True),
    ("durations", np.uint32, True),
    ("composition_offsets", np.int32, True),
    ("sync", np.bool_, True),
    ("sample_counts", np.int64, False),
    ("data_offsets", np.int64, False),
    ("decode_times", np.int64, False),
)


def _shuffled(column: npt.NDArray[Any]) -> bytes:
    """The bytes by significance, of offsets the differences: equal bytes stand together and compress well."""
    if column.dtype == np.int64:
        column = np.diff(column, prepend=np.int64(0))
    return column.view(np.uint8).reshape(len(column), column.itemsize).T.tobytes()


def _unshuffled(data: bytes, at: int, count: int, kind: type[Any]) -> tuple[npt.NDArray[Any], int]:
    width = np.dtype(kind).itemsize
    planes = np.frombuffer(data, np.uint8, count * width, at).reshape(width, count)
    column = np.ascontiguousarray(planes.T).reshape(-1).view(kind)
    return (column.cumsum() if kind is np.int64 else column), at + count * width


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
        with _named("数据损坏 / the file is damaged"):
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
