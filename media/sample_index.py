"""The sample index of a segment: where every sample lies, when it is shown, and how a row keeps that."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from media.mp4_boxes import NotFragmentedMp4, named

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Uint32s = npt.NDArray[np.uint32]
Bools = npt.NDArray[np.bool_]

_LONGEST_SECONDS = 86_400  # far beyond any segment: what a damaged index may cost


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
        longest = _LONGEST_SECONDS * self.timescale
        times = self.decode_times
        if self.durations.sum(dtype=np.int64) > longest or (times < 0).any() or (times > longest).any():
            raise NotFragmentedMp4("样本时间不可能 / no segment lasts as long as its samples say")
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
        """The index in two bytes a sample; `unpack` gives it back."""
        tracks = [self.video] if self.audio is None else [self.video, self.audio]
        deflater = _Deflater()
        head = _PACK_HEAD.pack(_PACK_VERSION, len(self.header), len(self.fragment_offsets), len(tracks))
        deflater.take(head + self.header + _shuffled(_holes(self.fragment_offsets, tracks)))
        for track in tracks:
            deflater.take(_TRACK_HEAD.pack(track.timescale, len(track.sizes)))
            for plane in _planes(track.sizes):
                deflater.take_apart(plane)
            deflater.take(b"".join(_shuffled(getattr(track, name)) for name, _, _ in _COLUMNS))
        return deflater.finish()

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """The index that was packed.

        Raises:
            NotFragmentedMp4: not a packed index, or of another version.
        """
        with named("索引损坏 / the sample index is damaged"):
            return cls._unpacked(_Reader(inflated(packed)))

    @classmethod
    def _unpacked(cls, reader: _Reader) -> Self:
        version, header_length, offsets, track_count = reader.take(_PACK_HEAD)
        if version != _PACK_VERSION:
            raise NotFragmentedMp4(f"索引版本不符 / sample index of version {version}")
        header = reader.bytes(header_length)
        fragments = offsets - 1
        holes = reader.column(1 + (track_count + 1) * fragments, np.int64)
        tracks: list[dict[str, Any]] = []
        for _ in range(track_count):
            timescale, samples = reader.take(_TRACK_HEAD)
            columns: dict[str, Any] = {"timescale": timescale, "sizes": reader.column(samples, np.uint32)}
            for name, kind, per_sample in _COLUMNS:
                columns[name] = reader.column(samples if per_sample else fragments, kind)
            tracks.append(columns)
        fragment_offsets, *data_offsets = _offsets(holes, [_bytes_of(each) for each in tracks])
        if any(((each < 0) | (each > _FURTHEST)).any() for each in (fragment_offsets, *data_offsets)):
            raise NotFragmentedMp4("样本在文件之外 / samples lie outside of any file")
        made = [
            TrackSamples(**each, data_offsets=np.where(each["sample_counts"] > 0, found, 0)).checked()
            for each, found in zip(tracks, data_offsets, strict=True)
        ]
        return cls(header, fragment_offsets, made[0], made[1] if track_count > 1 else None)


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
# or what is packed cannot be read any more.
_TYPICAL_HEADER = Path(__file__).with_name("typical_header.bin").read_bytes()
_PACK_VERSION = 2
_FURTHEST = 1 << 48  # bytes into a file
_PACK_HEAD = struct.Struct(">BIIB")
_TRACK_HEAD = struct.Struct(">II")
# Beside the sizes of samples; offsets follow from the sizes and the holes between them.
_COLUMNS: tuple[tuple[str, type[Any], bool], ...] = (
    ("durations", np.uint32, True),
    ("composition_offsets", np.int32, True),
    ("sync", np.bool_, True),
    ("sample_counts", np.int64, False),
    ("decode_times", np.int64, False),
)


class _Deflater:
    """Compresses; sizes are noise, in which repetitions are not worth their while (Z_FILTERED)."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj(strategy=zlib.Z_FILTERED, zdict=_TYPICAL_HEADER)
        self._parts: list[bytes] = []

    def take(self, data: bytes) -> None:
        self._parts.append(self._stream.compress(data))

    def take_apart(self, data: bytes) -> None:
        """With a code of its own, as what is in it is distributed in its own way."""
        if any(data):
            self._parts.append(self._stream.flush(zlib.Z_PARTIAL_FLUSH))
        self.take(data)

    def finish(self) -> bytes:
        return b"".join([*self._parts, self._stream.flush()])


class _Reader:
    """Takes a packed index apart."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, layout: struct.Struct) -> tuple[Any, ...]:
        self._at += layout.size
        return layout.unpack_from(self._data, self._at - layout.size)

    def bytes(self, count: int) -> bytes:
        self._at += count
        return self._data[self._at - count : self._at]

    def column(self, count: int, kind: type[Any]) -> npt.NDArray[Any]:
        width = np.dtype(kind).itemsize
        planes = np.frombuffer(self._data, np.uint8, count * width, self._at).reshape(width, count)
        self._at += count * width
        column = np.ascontiguousarray(planes.T).reshape(-1).view(kind)
        return np.cumsum(column) if kind is np.int64 else column


def _planes(column: npt.NDArray[Any]) -> Iterator[bytes]:
    """The bytes by significance: equal ones stand together and compress well."""
    return (plane.tobytes() for plane in column.view(np.uint8).reshape(len(column), column.itemsize).T)


def _shuffled(column: npt.NDArray[Any]) -> bytes:
    """The planes of a column, of offsets and times those of the differences."""
    if column.dtype == np.int64:
        column = np.diff(column, prepend=np.int64(0))
    return b"".join(_planes(column))


def _bytes_of(track: TrackSamples | dict[str, Any]) -> Int64s:
    """[m] How many bytes the track has in each fragment."""
    columns = track if isinstance(track, dict) else vars(track)
    until: Int64s = np.concatenate([[0], columns["sizes"].cumsum(dtype=np.int64)])
    ends: Int64s = columns["sample_counts"].cumsum()
    size: Int64s = until[ends] - until[ends - columns["sample_counts"]]
    return size


def _holes(fragment_offsets: Int64s, tracks: Sequence[TrackSamples]) -> Int64s:
    """Where the first fragment begins, then [m] a track and [m] behind them: bytes that are no samples.

    Nearly all are alike: the data of a fragment's tracks follow each other behind its `moof`.
    """
    at, holes = fragment_offsets[:-1], [fragment_offsets[:1]]
    for track in tracks:
        begins = np.where(track.sample_counts > 0, track.data_offsets, at)
        holes.append(begins - at)
        at = begins + _bytes_of(track)
    return np.concatenate([*holes, fragment_offsets[1:] - at])


def _offsets(holes: Int64s, sizes: Sequence[Int64s]) -> list[Int64s]:
    """The fragments' offsets [m+1], then [m] the data's of each track; undoes `_holes`."""
    *before, after = holes[1:].reshape(len(sizes) + 1, -1)
    steps = after + sum(before) + sum(sizes)
    fragments: Int64s = np.concatenate([[0], steps.cumsum()]) + holes[0]
    found, at = [fragments], fragments[:-1]
    for hole, size in zip(before, sizes, strict=True):
        found.append(at + hole)
        at = at + hole + size
    return found
