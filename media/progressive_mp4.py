"""The front of a progressive MP4 (ISO/IEC 14496-12): `ftyp` and a full `moov`, made from arrays of samples."""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from media.fragmented_mp4 import U32, U64, Box, Int64s, box, children, find, full_box

_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_FILE_TYPE = box(b"ftyp", b"isom\0\0\2\0isomiso2avc1mp41")
_MAC_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class TrackFormat:
    """How a track's samples are to be decoded, in whole boxes of the segment's own `moov`."""

    timescale: int
    handler: bytes  # hdlr
    media_header: bytes  # vmhd or smhd
    data_information: bytes  # dinf
    sample_entry: bytes  # the one entry of stsd
    dimensions: bytes  # width and height of tkhd, 16.16

    @property
    def codec(self) -> bytes:
        """The sample entry's four letters, for example `avc1`."""
        return self.sample_entry[4:8]


@dataclass(frozen=True)
class Edit:
    """A stretch of the presentation: `duration` in the movie's timescale; `media_time` -1 shows nothing."""

    duration: int
    media_time: int


@dataclass(frozen=True)
class Samples:
    """All samples of a track in decode order and the chunks that they lie in."""

    sizes: Int64s  # [n] bytes
    durations: Int64s  # [n] in the track's timescale
    composition_offsets: Int64s  # [n]
    sync: npt.NDArray[np.bool_]  # [n]
    chunk_offsets: Int64s  # [m] bytes from the start of the media data
    chunk_counts: Int64s  # [m] samples
    chunk_entries: Int64s  # [m] number of the sample entry, from 1


@dataclass(frozen=True)
class Track:
    """A track of the movie."""

    format: TrackFormat
    entries: list[bytes]  # sample entries, numbered from 1
    timescale: int
    edits: list[Edit]
    samples: Samples
    sound: bool


@lru_cache(maxsize=64)
def formats(header: bytes) -> tuple[TrackFormat, TrackFormat | None]:
    """The formats of video and sound in a segment's `ftyp moov`.

    Raises:
        KeyError: there is no video track.
    """
    found: dict[bytes, TrackFormat] = {}
    for trak in children(header, *_bounds(_required(header, b"moov"))):
        if trak.kind == b"trak":
            handler = _required(header, b"mdia", b"hdlr", inside=trak)
            found[header[handler.body + 8 : handler.body + 12]] = _format(header, trak, handler)
    return found[b"vide"], found.get(b"soun")


def _format(header: bytes, trak: Box, handler: Box) -> TrackFormat:
    information = _required(header, b"mdia", b"minf", inside=trak)
    media = _required(header, b"mdia", b"mdhd", inside=trak)
    entries = _required(header, b"stbl", b"stsd", inside=information)
    entry = next(children(header, entries.body + 8, entries.end))
    media_header = find(header, b"vmhd", inside=information) or _required(header, b"smhd", inside=information)
    track_header = _required(header, b"tkhd", inside=trak)
    return TrackFormat(
        timescale=U32.unpack_from(header, media.body + (20 if header[media.body] else 12))[0],
        handler=_whole(header, handler),
        media_header=_whole(header, media_header),
        data_information=_whole(header, _required(header, b"dinf", inside=information)),
        sample_entry=_whole(header, entry),
        dimensions=header[track_header.end - 8 : track_header.end],
    )


def _required(data: bytes, *path: bytes, inside: Box | None = None) -> Box:
    found = find(data, *path, inside=inside)
    if found is None:
        raise KeyError(b"/".join(path))
    return found


def _bounds(found: Box) -> tuple[int, int]:
    return found.body, found.end


def _whole(data: bytes, found: Box) -> bytes:
    return data[found.start : found.end]


def front(tracks: list[Track], timescale: int, duration: int, created: datetime, media_bytes: int) -> bytes:
    """Everything before the media data, the head of `mdat` included.

    Args:
        timescale: of the movie, ticks a second.
        duration: of the presentation, in ticks.
        created: written as the movie's creation time, to the second.
        media_bytes: how many bytes of media data follow.
    """
    media_head = U32.pack(1) + b"mdat" + U64.pack(16 + media_bytes)
    # Chunk offsets count from the start of the file; their width does not depend on their value.
    length = len(_movie(tracks, timescale, duration, created, 0)) + len(_FILE_TYPE) + len(media_head)
    return _FILE_TYPE + _movie(tracks, timescale, duration, created, length) + media_head


def _movie(tracks: list[Track], timescale: int, duration: int, created: datetime, base: int) -> bytes:
    seconds = int((created - _MAC_EPOCH).total_seconds())
    header = full_box(
        b"mvhd",
        1,
        0,
        struct.pack(">QQIQ", seconds, seconds, timescale, duration),
        struct.pack(">IHH8x", 0x10000, 0x100, 0),
        _MATRIX,
        bytes(24),
        U32.pack(len(tracks) + 1),
    )
    return box(
        b"moov",
        header,
        *(_trak(number, track, duration, base) for number, track in enumerate(tracks, start=1)),
    )


def _trak(number: int, track: Track, movie_duration: int, base: int) -> bytes:
    header = full_box(
        b"tkhd",
        1,
        3,  # enabled, in the movie
        struct.pack(">QQIIQ8x", 0, 0, number, 0, movie_duration),
        struct.pack(">hhhH", 0, 0, 0x100 if track.sound else 0, 0),
        _MATRIX,
        track.format.dimensions,
    )
    edits = [struct.pack(">Qqhh", edit.duration, edit.media_time, 1, 0) for edit in track.edits]
    media_duration = int(track.samples.durations.sum())
    media_header = full_box(
        b"mdhd", 1, 0, struct.pack(">QQIQHH", 0, 0, track.timescale, media_duration, 0x55C4, 0)
    )
    information = box(
        b"minf", track.format.media_header, track.format.data_information, _sample_table(track, base)
    )
    return box(
        b"trak",
        header,
        box(b"edts", full_box(b"elst", 1, 0, U32.pack(len(edits)), *edits)),
        box(b"mdia", media_header, track.format.handler, information),
    )


def _sample_table(track: Track, base: int) -> bytes:
    samples = track.samples
    chunk_kinds = np.stack((samples.chunk_counts, samples.chunk_entries), axis=1)
    starts = _changes(chunk_kinds)
    parts = [
        full_box(b"stsd", 0, 0, U32.pack(len(track.entries)), *track.entries),
        full_box(b"stts", 0, 0, _table(_runs(samples.durations))),
        _composition(samples.composition_offsets),
        b"" if samples.sync.all() else full_box(b"stss", 0, 0, _table(np.flatnonzero(samples.sync) + 1)),
        full_box(b"stsc", 0, 0, _table(np.column_stack((starts + 1, chunk_kinds[starts])))),
        full_box(b"stsz", 0, 0, U32.pack(0), _table(samples.sizes)),
        full_box(b"co64", 0, 0, _table(samples.chunk_offsets + base, ">u8")),
    ]
    return box(b"stbl", *parts)


def _composition(offsets: Int64s) -> bytes:
    """`ctts`, signed (version 1); nothing when pictures are shown in the order in which they are decoded."""
    return full_box(b"ctts", 1, 0, _table(_runs(offsets), ">i4")) if offsets.any() else b""


def _table(rows: npt.NDArray[Any], kind: str = ">u4") -> bytes:
    """The number of rows, then the rows."""
    return U32.pack(len(rows)) + rows.astype(kind).tobytes()


def _runs(values: Int64s) -> Int64s:
    """Rows of (how often, value): equal neighbours told once."""
    starts = _changes(values)
    counts = np.diff(starts, append=len(values))
    return np.column_stack((counts, values[starts]))


def _changes(rows: Int64s) -> Int64s:
    """The indices of rows that differ from the one before, 0 included."""
    differs = rows[1:] != rows[:-1]
    if differs.ndim > 1:
        differs = differs.any(axis=1)
    return np.concatenate((np.zeros(1, np.int64), np.flatnonzero(differs) + 1))
