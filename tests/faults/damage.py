"""Real files, headers and indices, damaged in thousands of ways: each is read as far as it goes, or named."""

import random
import resource
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from data_access.footage import Segment
from media.byte_slices import FootageMissing
from media.fragmented_mp4 import IndexBuilder, scan
from media.mp4_boxes import NotFragmentedMp4, children
from media.sample_index import SampleIndex, inflated
from media.track_format import formats
from media.virtual_mp4 import NothingRecorded, build
from tests.media.made_footage import make_segment

NOON = datetime(2024, 3, 5, 12, tzinfo=UTC)
_SECONDS = 2.0  # of computing for one damaged file of 20 kB; a whole one takes a millisecond
_KILOBYTES = 200_000  # of memory more than before
_NESTED = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"mvex", b"moof", b"traf", b"dinf"}
_EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\1", b"\x7f\xff\xff\xff", b"\x80\0\0\0")


def whole(folder: Path) -> Segment:
    """Two seconds with sound and B-frames, in fragments of half a second."""
    return make_segment(folder, NOON, 2, sound=True, b_frames=2, gop=12)


def damaged(data: bytes, chance: random.Random, heads: list[int]) -> bytes:
    """The data with some bytes changed, cut, doubled or gone; mostly where boxes begin."""
    found = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        near_a_head = chance.choice(heads) + chance.randrange(24)
        at = near_a_head if chance.random() < 0.7 else chance.randrange(len(data))
        at = min(at, len(found) - 1)
        if at < 1:
            break
        match chance.randrange(6):
            case 0:
                found[at] = chance.randrange(256)
            case 1:
                found[at : at + 4] = chance.choice(_EXTREMES)
            case 2:
                del found[at : at + chance.randint(1, 40)]
            case 3:
                found[at:at] = found[at : at + chance.randint(1, 40)]
            case 4:
                found[at] ^= 1 << chance.randrange(8)
            case 5:
                del found[at:]
    return bytes(found)


def heads_of(data: bytes) -> list[int]:
    """Where boxes begin, nested ones too."""
    found, todo = [], [(0, len(data))]
    while todo:
        for box in children(data, *todo.pop()):
            found.append(box.start)
            if box.kind in _NESTED:
                todo.append((box.body, box.end))
    return found


def within_bounds(work: Callable[[], object], what: str) -> None:
    """Does the work; fails when it takes long or grabs memory."""
    begun = time.thread_time()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    work()
    assert time.thread_time() - begun < _SECONDS, what
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < _KILOBYTES, what


def damaged_files(folder: Path, seed: int, count: int) -> None:
    """Reads `count` damaged files, as the recorder does with what a power cut has left."""
    chance, torn = random.Random(seed), folder / "damaged.mp4"
    data = (folder / whole(folder).path).read_bytes()
    heads = heads_of(data)
    for number in range(count):
        torn.write_bytes(damaged(data, chance, heads))
        within_bounds(partial(_scanned, torn), f"seed {seed}, file {number}")


def _scanned(file: Path) -> None:
    with suppress(NotFragmentedMp4):
        builder = scan(file)
        assert builder.whole_bytes <= file.stat().st_size
        SampleIndex.unpack(builder.index().pack())


def damaged_streams(folder: Path, seed: int, count: int) -> None:
    """Feeds `count` damaged files in pieces, as the recorder does with what it writes."""
    chance = random.Random(seed)
    data = (folder / whole(folder).path).read_bytes()
    heads = heads_of(data)
    for number in range(count):
        bad = damaged(data, chance, heads)
        within_bounds(partial(_fed, bad, chance), f"seed {seed}, stream {number}")


def _fed(data: bytes, chance: random.Random) -> None:
    builder, at = IndexBuilder(), 0
    with suppress(NotFragmentedMp4):
        while at < len(data):
            size = chance.randint(1, 6000)
            builder.feed(data[at : at + size])
            at += size
        builder.index()


def damaged_headers(folder: Path, seed: int, count: int) -> None:
    """Reads the formats of `count` damaged headers."""
    chance, header = random.Random(seed), SampleIndex.unpack(whole(folder).index).header
    heads = heads_of(header)
    for number in range(count):
        within_bounds(partial(_formats, damaged(header, chance, heads)), f"seed {seed}, header {number}")


def _formats(header: bytes) -> None:
    with suppress(KeyError, NotFragmentedMp4):
        for found in formats(header):
            assert found is None or isinstance(found.audio_configuration, bytes)


def damaged_indices(folder: Path, seed: int, count: int) -> None:
    """Opens and reads a range of a segment with `count` damaged indices."""
    chance, segment = random.Random(seed), whole(folder)
    packed = inflated(segment.index)
    heads = [0, 10, 20, 600, len(packed) // 2, len(packed) - 100]
    for number in range(count):
        bad = replace(segment, index=zlib.compress(damaged(packed, chance, heads), 1))
        within_bounds(partial(_opened, bad, folder), f"seed {seed}, index {number}")


def _opened(segment: Segment, folder: Path) -> None:
    with suppress(NothingRecorded, FootageMissing):
        file = build([segment], NOON, NOON + timedelta(seconds=3), folder)
        assert sum(map(len, file.read())) == file.size
