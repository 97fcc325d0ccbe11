"""Random ranges of footage compared, picture by picture, with the files that they were cut from."""

import io
import random
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import numpy as np

from data_access.footage import Segment
from media.demo_scene import read_clock
from media.virtual_mp4 import NothingRecorded, VirtualFile, build

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TICK = 12  # microseconds, of the video's 90 kHz
# Microseconds: as near to a picture as an edge can be for it to be clear on which side that lies (2 ticks).
_BESIDE = (24, 60)
# Of a range that holds nothing but a few B-frames, FFmpeg moves the times: it counts from the picture that
# they need, which is shown after the range's end. The pictures are right all the same.
_REORDERED = 3


@dataclass(frozen=True, order=True)
class Coded:
    """A coded picture."""

    at: int  # wall clock, microseconds since 1970
    data: bytes
    drawn: int = field(default=0, compare=False)  # the clock that it shows, milliseconds since 1970


@dataclass(frozen=True)
class Source:
    """Everything that was recorded, as FFmpeg reads it from the segments' files."""

    folder: Path
    segments: Sequence[Segment]
    pictures: list[Coded]


def source_of(folder: Path, segments: Sequence[Segment]) -> Source:
    """Reads the whole source once."""
    pictures: list[Coded] = []
    for segment, following in zip(segments, [*segments[1:], None], strict=True):
        start = (segment.started_at - EPOCH) // _MICROSECOND
        until = (following.started_at - EPOCH) // _MICROSECOND if following else 1 << 62
        coded, clocks = _read(folder / segment.path)
        first = min(coded)
        for seconds, data in sorted(coded.items()):
            at = start + round((seconds - first) * 1_000_000)
            if at < until:
                pictures.append(Coded(at, data, clocks[seconds]))
    return Source(folder, segments, pictures)


def _read(file: Path) -> tuple[dict[float, bytes], dict[float, int]]:
    """The coded pictures of a file and the clocks drawn in them, by the second at which they are shown."""
    with av.open(str(file)) as container:
        packets = {
            float(packet.pts * packet.time_base): bytes(packet)
            for packet in container.demux(video=0)
            if packet.pts is not None and packet.size
        }
    with av.open(str(file)) as container:
        clocks = {
            float(frame.time or 0.0): read_clock(np.asarray(frame.to_ndarray(format="gray"), np.uint8))
            for frame in container.decode(video=0)
        }
    assert packets.keys() == clocks.keys()
    return packets, clocks


def random_range(source: Source, chance: random.Random) -> tuple[datetime, datetime]:
    """A range that begins and ends anywhere; half of the edges lie within a moment of a picture's own."""
    first, last = source.pictures[0].at, source.pictures[-1].at

    def edge() -> int:
        if chance.random() < 0.5:
            return chance.choice(source.pictures).at + chance.choice((-1, 1)) * chance.randint(*_BESIDE)
        return chance.randint(first - 2_000_000, last + 2_000_000)

    start, end = sorted((edge(), edge()))
    if chance.random() < 0.5:  # most look-ups are short
        end = min(end, start + chance.randint(1, 3_000_000))
    begin, until = (_beside(source, at) for at in (start, end + 1))
    return EPOCH + begin * _MICROSECOND, EPOCH + until * _MICROSECOND


def _beside(source: Source, at: int) -> int:
    """Moved off a picture that is nearer than a tick: which side that is on is not defined."""
    if any(abs(picture.at - at) < _TICK for picture in source.pictures):
        return at + 2 * _TICK
    return at


def compare(source: Source, start: datetime, end: datetime, *, decode: bool = False) -> int:
    """Asserts that a range shows exactly the source's pictures, each at its time; returns how many.

    Args:
        decode: also that the decoded pictures show the clocks that they should.
    """
    expected = _between(source.pictures, start, end)
    try:
        file = build(source.segments, start, end, source.folder)
    except NothingRecorded:
        assert not expected, f"{start} to {end}: {len(expected)} pictures are not found"
        return 0
    found = _shown(file)
    assert [each.data for each in found] == [each.data for each in expected], _told(
        start, end, found, expected
    )
    if len(found) > _REORDERED:
        apart = np.array([each.at for each in found]) - np.array([each.at for each in expected])
        assert np.abs(apart).max() <= 40, f"{start} to {end}: a picture stands {np.abs(apart).max()} us off"
    assert abs((file.starts_at - EPOCH) // _MICROSECOND - expected[0].at) <= 12
    assert start <= file.starts_at < file.ends_at <= end
    if decode:
        assert _decoded(file) == [each.drawn for each in expected], f"{start} to {end}"
    return len(found)


def _told(start: datetime, end: datetime, found: list[Coded], expected: list[Coded]) -> str:
    here, there = {each.data: each.at for each in found}, {each.data: each.at for each in expected}
    missing = sorted(at for data, at in there.items() if data not in here)
    strange = sorted(at for data, at in here.items() if data not in there)
    return f"{start} to {end}: {len(found)} of {len(expected)}, missing {missing[:9]}, strange {strange[:9]}"


def _between(pictures: list[Coded], start: datetime, end: datetime) -> list[Coded]:
    low, high = (bisect_left(pictures, Coded((edge - EPOCH) // _MICROSECOND, b"")) for edge in (start, end))
    return pictures[low:high]


def _shown(file: VirtualFile) -> list[Coded]:
    """The coded pictures that the file shows, at their wall clock."""
    begin = (file.starts_at - EPOCH) // _MICROSECOND
    with av.open(io.BytesIO(b"".join(file.read())), "r") as container:
        return sorted(
            Coded(begin + round(float(packet.pts * packet.time_base) * 1_000_000), bytes(packet))
            for packet in container.demux(video=0)
            if packet.pts is not None and packet.size and not packet.is_discard
        )


def _decoded(file: VirtualFile) -> list[int]:
    with av.open(io.BytesIO(b"".join(file.read())), "r") as container:
        return [
            read_clock(np.asarray(frame.to_ndarray(format="gray"), np.uint8))
            for frame in container.decode(video=0)
        ]
