"""The front of a progressive MP4 (ISO/IEC 14496-12): `ftyp` and full `moov`, from arrays of samples."""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from media.mp4_boxes import U32, U64, box, full_box
from media.sample_index import Bools, Int64s
from media.track_format import TrackFormat

_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_FILE_TYPE = box(b"ftyp", b"isom\0\0\2\0isomiso2avc1mp41")
_MAC_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)


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
    sync: Bools  # [n]
    chunk_offsets: Int64s  # [m] bytes from the start of the media data
    chunk_counts: Int64s  # [m] samples


@dataclass(frozen=True)
class Track:
    """A track of the movie."""

    format: TrackFormat
    timescale: int  # ticks a second, of its media time
    edits: list[Edit]
    samples: Samples
    sound: bool


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
    starts = _changes(samples.chunk_counts)
    kinds = np.ones(len(starts), np.int64)  # all samples are of the one entry
    parts = [
        full_box(b"stsd", 0, 0, U32.pack(1), track.format.sample_entry),
        full_box(b"stts", 0, 0, _table(_runs(samples.durations))),
        _composition(samples.composition_offsets),
        b"" if samples.sync.all() else full_box(b"stss", 0, 0, _table(np.flatnonzero(samples.sync) + 1)),
        full_box(b"stsc", 0, 0, _table(np.column_stack((starts + 1, samples.chunk_counts[starts], kinds)))),
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


def _changes(values: Int64s) -> Int64s:
    """The indices of values that differ from the one before, 0 included."""
    return np.concatenate((np.zeros(1, np.int64), np.flatnonzero(np.diff(values)) + 1))
