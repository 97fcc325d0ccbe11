"""A range of footage as one progressive MP4 that exists nowhere.

Its front is made from the sample indices of the segments; its media data are slices of the segment files,
read when asked for. Time 0 is the first picture in the range and every picture keeps its place on the wall
clock: `starts_at + currentTime` is the moment that is shown. Where nothing was recorded the last picture
stands still, in silence.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path

import numpy as np

from data_access.footage import Segment
from media import progressive_mp4
from media.byte_slices import ByteSlice, FileSlice, FootageMissing, Made, size_of
from media.footage_clips import Chunk, Clip, Packets, clips_of, instant_of, of_one_format
from media.mp4_boxes import NotFragmentedMp4
from media.progressive_mp4 import Edit, Samples, Track
from media.sound_timeline import SoundTimeline

# Bytes read at once: what a socket takes at once. Of more, asyncio copies the rest about in its buffer.
CHUNK = 1 << 18


class NothingRecorded(Exception):
    """There is no picture in the range."""


@dataclass(frozen=True)
class Piece:
    """Some bytes of a virtual file, not read yet."""

    source: ByteSlice
    start: int
    count: int

    def read(self) -> bytes:
        """The bytes.

        Raises:
            FootageMissing: the file is gone or too short.
        """
        return self.source.read(self.start, self.count)

    def read_at_once(self) -> bytes | None:
        """Like `read`; None when it would have to wait for a disk."""
        return self.source.read_at_once(self.start, self.count)


@dataclass(frozen=True)
class VirtualFile:
    """An MP4 of `size` bytes; the same segments and range always give the same bytes.

    A range that ends with what is known of an open segment gives them after it is closed, too.
    """

    starts_at: datetime  # wall clock of time 0: the first picture
    ends_at: datetime  # half-open: end of the last picture
    complete: bool  # False: the format changes at ends_at, and what follows needs a file of its own
    etag: str  # in quotes
    front_size: int  # bytes held in memory
    slices: Sequence[ByteSlice] = field(repr=False)
    offsets: Sequence[int] = field(repr=False)  # of each slice, and at last the size

    @property
    def size(self) -> int:
        """Bytes."""
        return self.offsets[-1]

    def read(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes [start, end) in pieces of up to 256 kB; no file stays open between two pieces.

        Raises:
            FootageMissing: a file is gone or too short.
        """
        return (piece.read() for piece in self.pieces(start, end))

    def pieces(self, start: int = 0, end: int | None = None) -> Iterator[Piece]:
        """Where the bytes [start, end) are to be read, in pieces of up to 256 kB."""
        end = self.size if end is None else min(end, self.size)
        number = bisect_right(self.offsets, start) - 1
        while start < end:
            found, within = self.slices[number], start - self.offsets[number]
            count = min(found.length - within, end - start, CHUNK)
            yield Piece(found, within, count)
            start += count
            number += within + count == found.length


def build(segments: Sequence[Segment], start: datetime, end: datetime, footage_folder: Path) -> VirtualFile:
    """The pictures with `start` <= wall clock < `end`, and their sound.

    Args:
        segments: of one camera, by time; those outside the range are passed over.

    Raises:
        NothingRecorded: no picture lies in the range.
        FootageMissing: a file is not there, a closed one's size has changed, or its index is damaged.
    """
    # A sample lasts less than 2^32 ticks and may have to span a gap almost as long as the range.
    timescale = 90_000 if end - start <= timedelta(hours=12) else 45_000
    try:
        found = clips_of(segments, start, end, timescale)
        clips = of_one_format(found)
    except (NotFragmentedMp4, KeyError) as error:
        raise FootageMissing(footage_folder / segments[0].path) from error
    if not clips:
        raise NothingRecorded("该时段没有录像 / nothing was recorded in this range")
    layout = _laid_out(clips, footage_folder)
    starts, ends = clips[0].starts, clips[-1].ends
    tracks = [_pictures(clips, layout.chunks)]
    if layout.sound:
        tracks.append(layout.sound.track(ends - starts, timescale))
    starts_at = instant_of(starts, timescale)
    front = Made(progressive_mp4.front(tracks, timescale, ends - starts, starts_at, layout.length))
    slices = [front, *layout.slices]
    return VirtualFile(
        starts_at=starts_at,
        ends_at=instant_of(ends, timescale),
        complete=len(clips) == len(found),
        etag=_etag(front.content, clips),
        front_size=front.length,
        slices=slices,
        offsets=list(accumulate((part.length for part in slices), initial=0)),
    )


def _etag(front: bytes, clips: list[Clip]) -> str:
    """Of where every sample lies and how long it is: that stays when an open segment closes."""
    told = hashlib.sha256(front)
    for clip in clips:
        told.update(f"{clip.segment.camera_id} {clip.segment.started_at} {clip.chunks[0].offset};".encode())
    return f'"{told.hexdigest()[:32]}"'


@dataclass
class _Layout:
    """The media data so far."""

    slices: list[ByteSlice] = field(default_factory=list)
    length: int = 0  # bytes of all slices
    chunks: list[tuple[int, int]] = field(default_factory=list)  # of pictures: offset, number of samples
    sound: SoundTimeline | None = None

    def append(self, part: ByteSlice) -> None:
        if part.length:
            self.slices.append(part)
            self.length += part.length


def _laid_out(clips: list[Clip], folder: Path) -> _Layout:
    layout = _Layout()
    for clip in clips:
        packets = clip.sound(clips[0].starts, clips[-1].ends)
        if packets and not layout.sound and clip.sound_format:
            needed_from = clips[0].starts * clip.sound_format.timescale // clip.timescale
            layout.sound = SoundTimeline(clip.sound_format, clip.packet_duration, needed_from)
        _append_clip(layout, clip, packets, _checked(folder, clip.segment))
    return layout


def _append_clip(layout: _Layout, clip: Clip, packets: list[Packets], file: Path) -> None:
    """Lays out a clip in the order of its file, with silence before sound that comes after a hole.

    Silence has to lie where it is heard: Chromium drops sound that lies before what it has read.
    """
    parts: list[Chunk | Packets] = [*clip.chunks, *packets]
    parts.sort(key=lambda part: part.offset)
    taken = parts[0].offset
    for part in parts:
        if isinstance(part, Packets):
            assert layout.sound is not None
            silence = layout.sound.silence_before(part.tick)
            if silence.times:
                layout.append(FileSlice(file, taken, part.offset - taken))
                taken = part.offset
                layout.sound.add_silence(layout.length, silence.times)
                layout.append(silence)
            layout.sound.add(layout.length + part.offset - taken, part.sizes, part.tick)
        else:
            layout.chunks.append((layout.length + part.offset - taken, part.last - part.first))
    layout.append(FileSlice(file, taken, parts[-1].offset + parts[-1].bytes - taken))


def _checked(folder: Path, segment: Segment) -> Path:
    """The segment's file, whose size is as it was when it was closed; an open one may have grown."""
    file = folder / segment.path
    try:
        size = size_of(file)
    except OSError as error:
        raise FootageMissing(file) from error
    if size < segment.size or (size > segment.size and not segment.open):
        raise FootageMissing(file)
    return file


def _pictures(clips: list[Clip], chunks: list[tuple[int, int]]) -> Track:
    decoded = np.concatenate([clip.decoded for clip in clips])
    shown = np.concatenate([clip.shown for clip in clips])
    offsets, counts = np.array(chunks, np.int64).T
    samples = Samples(
        sizes=np.concatenate([clip.sizes for clip in clips]),
        # A picture lasts until the next one, whatever lies between.
        durations=np.diff(decoded, append=max(clips[-1].ends, decoded[-1] + 1)).clip(0),
        composition_offsets=shown - decoded,
        sync=np.concatenate([clip.sync for clip in clips]),
        chunk_offsets=offsets,
        chunk_counts=counts,
    )
    starts, ends = clips[0].starts, clips[-1].ends
    edit = Edit(ends - starts, media_time=starts - int(decoded[0]))
    return Track(clips[0].video_format, clips[0].timescale, [edit], samples, sound=False)
