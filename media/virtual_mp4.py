"""A range of footage as one progressive MP4 that exists nowhere.

Its front is made from the sample indices of the segments; its media data are slices of the segment files,
read when asked for. Time 0 is the first picture in the range and every picture keeps its place on the wall
clock: `starts_at + currentTime` is the moment that is shown. Where nothing was recorded the last picture
stands still, in silence.
"""

import hashlib
import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np

from data_access.footage import Segment
from media import progressive_mp4
from media.fragmented_mp4 import Int64s, SampleIndex, TrackSamples
from media.progressive_mp4 import Edit, Samples, Track, TrackFormat
from media.sound_timeline import SoundTimeline, decoder_configuration, silent_packet

CHUNK = 1 << 20  # bytes read at once
_LAYOUT = b"1"  # part of the ETag: raise it when the same segments give other bytes
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class NothingRecorded(Exception):
    """There is no picture in the range."""


class FootageMissing(Exception):
    """A file that the index tells of is not there, or is not what it was."""


@dataclass(frozen=True)
class _Slice:
    """Bytes of a segment file, or made ones."""

    length: int
    made: bytes = b""
    file: Path = field(default_factory=Path)
    offset: int = 0

    def read(self, start: int, count: int) -> bytes:
        """Exactly `count` bytes from `start`.

        Raises:
            FootageMissing: the file is gone or too short.
        """
        if self.made:
            return self.made[start : start + count]
        try:
            descriptor = os.open(self.file, os.O_RDONLY)
        except OSError as error:
            raise _missing(self.file) from error
        try:
            data = os.pread(descriptor, count, self.offset + start)
        finally:
            os.close(descriptor)
        if len(data) != count:
            raise _missing(self.file)
        return data


@dataclass(frozen=True)
class VirtualFile:
    """An MP4 of `size` bytes; the same segments and range always give the same bytes."""

    starts_at: datetime  # wall clock of time 0: the first picture
    ends_at: datetime  # half-open: end of the last picture
    complete: bool  # False: the format changes at ends_at, and what follows needs a file of its own
    etag: str  # in quotes
    size: int  # bytes
    front_size: int  # bytes made and held in memory
    _slices: list[_Slice]
    _offsets: list[int]  # of each slice

    def read(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes [start, end) in pieces of up to 1 MB; no file stays open between two pieces.

        Raises:
            FootageMissing: a file is gone or too short.
        """
        end = self.size if end is None else min(end, self.size)
        number = bisect_right(self._offsets, start) - 1
        while start < end:
            found = self._slices[number]
            within = start - self._offsets[number]
            count = min(found.length - within, end - start, CHUNK)
            yield found.read(within, count)
            start += count
            number += within + count == found.length


def build(segments: Sequence[Segment], start: datetime, end: datetime, footage_folder: Path) -> VirtualFile:
    """The pictures with `start` <= wall clock < `end`, and their sound.

    Args:
        segments: of one camera, by time; those outside the range are passed over.

    Raises:
        NothingRecorded: no picture lies in the range.
        FootageMissing: a file is not there, or its size has changed.
    """
    # A sample lasts up to 2^32 ticks and may have to span a gap almost as long as the range.
    timescale = 90_000 if end - start <= timedelta(hours=12) else 45_000
    clips = _clips(segments, _ticks(start, timescale), _ticks(end, timescale), timescale)
    if not clips:
        raise NothingRecorded("该时段没有录像 / nothing was recorded in this range")
    kept = _of_one_format(clips)
    for clip in kept:
        _check(footage_folder / clip.segment.path, clip.segment.size)
    return _laid_out(kept, complete=len(kept) == len(clips), timescale=timescale, folder=footage_folder)


@dataclass(frozen=True)
class _Clip:
    """The samples of a segment that are needed, and when; ticks count from 1970 in the movie's timescale."""

    segment: Segment
    index: SampleIndex
    video_format: TrackFormat
    sound_format: TrackFormat | None
    first: int  # the samples [first, last) in decode order
    last: int
    decoded: Int64s  # ticks, of those samples
    shown: Int64s  # ticks, of those samples
    starts: int  # tick of the first picture in the range
    ends: int  # tick at which the last picture in the range ends


def _clips(segments: Sequence[Segment], start: int, end: int, timescale: int) -> list[_Clip]:
    clips = []
    for segment, following in pairwise([*segments, None]):
        # Should files overlap, the later one counts.
        until = min(end, _ticks(following.started_at, timescale)) if following else end
        clip = _clip(segment, start, until, timescale) if segment else None
        if clip:
            clips.append(clip)
    return clips


def _clip(segment: Segment, start: int, end: int, timescale: int) -> _Clip | None:
    index = SampleIndex.unpack(segment.index)
    video = index.video
    zero = _ticks(segment.started_at, timescale)
    times = _decode_times(video)
    decoded = zero + _rescaled(times, video.timescale, timescale)
    shown = zero + _rescaled(times + video.composition_offsets, video.timescale, timescale)
    wanted = np.flatnonzero((shown >= start) & (shown < end))
    if not len(wanted):
        return None
    key_frames = np.flatnonzero(video.sync[: wanted[0] + 1])
    first = int(key_frames[-1]) if len(key_frames) else 0
    last = int(wanted[-1]) + 1
    newest = int(shown[wanted].argmax())
    lasts = int(video.durations[wanted[newest]]) * timescale // video.timescale
    video_format, sound_format = progressive_mp4.formats(index.header)
    return _Clip(
        segment=segment,
        index=index,
        video_format=video_format,
        sound_format=sound_format if index.audio and len(index.audio.sizes) else None,
        first=first,
        last=last,
        decoded=decoded[first:last],
        shown=shown[first:last],
        starts=int(shown[wanted].min()),
        ends=min(end, int(shown[wanted[newest]]) + max(lasts, 1)),
    )


def _of_one_format(clips: list[_Clip]) -> list[_Clip]:
    """The clips up to the first that one file cannot hold together with those before it.

    Another size of picture or other parameters are no hindrance; another codec, or other sound, is.
    """
    sound: TrackFormat | None = None
    for number, clip in enumerate(clips):
        if clip.video_format.codec != clips[0].video_format.codec:
            return clips[:number]
        if clip.sound_format:
            if sound and _sound_kind(sound) != _sound_kind(clip.sound_format):
                return clips[:number]
            sound = clip.sound_format
    return clips


def _sound_kind(sound: TrackFormat) -> tuple[int, bytes, bytes]:
    # The whole sample entry would not do: it tells the bit rate too.
    return sound.timescale, sound.codec, decoder_configuration(sound.sample_entry)


def _laid_out(clips: list[_Clip], *, complete: bool, timescale: int, folder: Path) -> VirtualFile:
    starts, ends = clips[0].starts, clips[-1].ends
    sound_format = next((clip.sound_format for clip in clips if clip.sound_format), None)
    sound = _timeline(sound_format, clips, starts, timescale) if sound_format else None
    sound_ends = ends * sound_format.timescale // timescale if sound_format else 0
    slices: list[_Slice] = []
    media_bytes, chunks = 0, []
    for clip in clips:
        video_chunks = _chunks(clip.index.video, clip.first, clip.last)
        packets = _packets(clip, sound.start, sound_ends) if sound and clip.sound_format else []
        lowest = min([video_chunks.lowest, *(packet.offset for packet in packets)])
        highest = max([video_chunks.highest, *(packet.offset + int(packet.sizes.sum()) for packet in packets)])
        shift = media_bytes - lowest
        chunks.append((video_chunks.offsets + shift, video_chunks.counts))
        for packet in packets:
            assert sound is not None
            sound.add(packet.offset + shift, packet.sizes, packet.tick)
        slices.append(_Slice(highest - lowest, file=folder / clip.segment.path, offset=lowest))
        media_bytes += highest - lowest
    return VirtualFile()
