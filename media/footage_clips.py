"""Which samples of which segments a range of footage needs, and when each is shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from data_access.footage import Segment, uppermost
from media.mp4_boxes import NotFragmentedMp4
from media.sample_index import Bools, Int64s, SampleIndex, TrackSamples
from media.track_format import TrackFormat, formats

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def ticks(instant: datetime, timescale: int) -> int:
    """The whole ticks since 1970 at an instant, `timescale` of them a second."""
    return (instant - _EPOCH) // _MICROSECOND * timescale // 1_000_000


def instant_of(tick: int, timescale: int) -> datetime:
    """The first microsecond at which `ticks` gives `tick`."""
    return _EPOCH - (-tick * 1_000_000 // timescale) * _MICROSECOND


class Chunk(NamedTuple):
    """Samples [first, last) of a track that lie one after the other from `offset` of the segment's file."""

    offset: int
    first: int
    last: int
    bytes: int


class Packets(NamedTuple):
    """Packets of sound that lie one after the other from `offset` of the segment's file."""

    offset: int
    sizes: Int64s
    tick: int  # since 1970 in the sound's timescale, of the first
    bytes: int


@dataclass(frozen=True)
class Clip:
    """The part of a segment that is needed; ticks count from 1970."""

    segment: Segment
    index: SampleIndex
    timescale: int
    first: int  # the video samples [first, last) in decode order are needed
    last: int
    decoded: Int64s  # ticks, of those samples
    shown: Int64s  # ticks, of those samples
    starts: int  # tick of the first picture in the range
    ends: int  # tick at which the last picture in the range ends

    @property
    def video_format(self) -> TrackFormat:
        """How the pictures are to be decoded."""
        return formats(self.index.header)[0]

    @property
    def sound_format(self) -> TrackFormat | None:
        """How the sound is to be decoded; None when the segment has none."""
        sound = self.index.audio
        return formats(self.index.header)[1] if sound and len(sound.sizes) else None

    @property
    def sizes(self) -> Int64s:
        """Bytes of each of those samples."""
        return self.index.video.sizes[self.first : self.last].astype(np.int64)

    @property
    def sync(self) -> Bools:
        """Whether decoding can start at each of those samples."""
        return self.index.video.sync[self.first : self.last]

    @property
    def packet_duration(self) -> int:
        """What a packet of sound lasts, in the sound's timescale; 1 without sound."""
        sound = self.index.audio
        return max(int(np.median(sound.durations)), 1) if sound and len(sound.durations) else 1

    @cached_property
    def chunks(self) -> list[Chunk]:
        """Where the video samples lie."""
        return list(_chunks(self.index.video, self.first, self.last))

    def sound(self, start: int, end: int) -> list[Packets]:
        """The packets that begin in [start, end), in ticks of the movie, and two before for the decoder."""
        track = self.index.audio
        if track is None or self.sound_format is None:
            return []
        times = ticks(self.segment.started_at, track.timescale) + _decode_times(track)
        first, last = np.searchsorted(
            times, [edge * track.timescale // self.timescale for edge in (start, end)]
        )
        return [
            Packets(
                chunk.offset,
                track.sizes[chunk.first : chunk.last].astype(np.int64),
                int(times[chunk.first]),
                chunk.bytes,
            )
            for chunk in _chunks(track, max(int(first) - 2, 0), int(last))
        ]


def clips_of(segments: Sequence[Segment], start: datetime, end: datetime, timescale: int) -> list[Clip]:
    """What is needed to show the pictures with `start` <= wall clock < `end`; empty when there are none.

    Args:
        segments: of one camera, by time. Should two overlap, the one that was recorded later counts.
        timescale: of all ticks in the answer.
    """
    segments = uppermost(segments)
    begin, until = ticks(start, timescale), ticks(end, timescale)
    borders = [*(ticks(segment.started_at, timescale) for segment in segments), until]
    clips = (
        _clip(segment, begin, min(until, following), timescale)
        for segment, (_, following) in zip(segments, pairwise(borders), strict=True)
    )
    return [clip for clip in clips if clip]


def _clip(segment: Segment, start: int, end: int, timescale: int) -> Clip | None:
    index = SampleIndex.unpack(segment.index)
    video = index.video
    _check_timescales(index)
    zero, times = ticks(segment.started_at, timescale), _decode_times(video)
    decoded = zero + _rescaled(times, video.timescale, timescale)
    shown = zero + _rescaled(times + video.composition_offsets, video.timescale, timescale)
    wanted = np.flatnonzero((shown >= start) & (shown < end))
    if not len(wanted):
        return None
    key_frames = np.flatnonzero(video.sync[: wanted[0] + 1])
    first, last = int(key_frames[-1]) if len(key_frames) else 0, int(wanted[-1]) + 1
    newest = wanted[shown[wanted].argmax()]
    lasts = max(int(video.durations[newest]) * timescale // video.timescale, 1)
    return Clip(
        segment=segment,
        index=index,
        timescale=timescale,
        first=first,
        last=last,
        decoded=decoded[first:last],
        shown=shown[first:last],
        starts=int(shown[wanted].min()),
        ends=min(end, int(shown[newest]) + lasts),
    )


def _check_timescales(index: SampleIndex) -> None:
    """Instants are counted in them from 1970 on: two that differ would lie ages apart."""
    for track, described in zip((index.video, index.audio), formats(index.header), strict=True):
        if track is not None and described is not None and track.timescale != described.timescale:
            raise NotFragmentedMp4("时间单位前后不符 / the timescales contradict each other")


def of_one_format(clips: list[Clip]) -> list[Clip]:
    """The clips up to the first that one file cannot hold together with those before it.

    A file could hold several formats of picture, but browsers decode all with the first (Chromium 156).
    """
    sound: TrackFormat | None = None
    for number, clip in enumerate(clips):
        if not clip.video_format.same_decoder(clips[0].video_format):
            return clips[:number]
        if sound and clip.sound_format and not clip.sound_format.same_decoder(sound):
            return clips[:number]
        sound = sound or clip.sound_format
    return clips


def _rescaled(values: Int64s, timescale: int, wanted: int) -> Int64s:
    return values if timescale == wanted else (values * wanted + timescale // 2) // timescale


def _decode_times(track: TrackSamples) -> Int64s:
    """The decode time of every sample, in the track's timescale from the segment's start."""
    ends = track.durations.cumsum(dtype=np.int64)
    begins = ends - track.durations.astype(np.int64)
    used = track.sample_counts > 0
    firsts = (track.sample_counts.cumsum() - track.sample_counts)[used]
    times: Int64s = begins + np.repeat(track.decode_times[used] - begins[firsts], track.sample_counts[used])
    return times


def _chunks(track: TrackSamples, first: int, last: int) -> Iterator[Chunk]:
    """Where the samples [first, last) lie: a chunk a fragment."""
    ends = track.sample_counts.cumsum()
    begins = ends - track.sample_counts
    before = np.concatenate((np.zeros(1, np.int64), track.sizes.cumsum(dtype=np.int64)))
    low, high = begins.clip(first, last), ends.clip(first, last)
    offsets = track.data_offsets + before[low] - before[begins]
    lengths = before[high] - before[low]
    for number in np.flatnonzero(high > low):
        yield Chunk(int(offsets[number]), int(low[number]), int(high[number]), int(lengths[number]))
