"""Writes one run of a camera: samples in, published segments out.

A run is contiguous: a segment starts at the very moment at which the one before ends. The wall clock is that
of this machine at the arrival of the pictures, never the camera's own.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from media.fragment_writer import AUDIO_TRACK, VIDEO_TIMESCALE, VIDEO_TRACK, FragmentTrack, fragment
from media.publisher import Publisher
from media.segment_file import SegmentFile, free_start
from media.stream_reader import JUMP_SECONDS, Sample, TimestampsJumped

# A key picture that comes a moment early still ends the segment.
_EARLY_SECONDS = 0.05
# Camera clocks drift by up to 100 ppm, 6 ms in a minute: a segment's end follows, by no more than what its
# last picture can be shown longer or shorter.
_DRIFT_NOTICED, _DRIFT_FOLLOWED = 0.010, 0.020
_USUAL_DURATION = {True: VIDEO_TIMESCALE // 25, False: 1024}  # where the stream says nothing


class SegmentWriter:
    """Takes the samples of one run in the order of their time, the first of them a key picture.

    Args:
        folder: of all footage.
        shelf: the camera's folder in it.
        header: `ftyp` and `moov` of the stream.
        audio_timescale: ticks a second of the sound.
        segment_seconds: a segment is closed at the first key picture after that time.
        not_before: where the camera's footage ends so far; a run never overlaps it by a few moments.
        clock_offset: seconds to be added to the samples' arrival for the wall clock as it is set now.
    """

    def __init__(
        self,
        publisher: Publisher,
        *,
        folder: Path,
        shelf: str,
        header: bytes,
        audio_timescale: int,
        segment_seconds: float,
        not_before: datetime | None = None,
        clock_offset: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._publisher = publisher
        self._folder = folder
        self._shelf = shelf
        self._header = header
        self._timescales = {True: VIDEO_TIMESCALE, False: audio_timescale}
        self._segment_ticks = round((segment_seconds - _EARLY_SECONDS) * VIDEO_TIMESCALE)
        self._not_before = not_before
        self._clock_offset = clock_offset
        self._gop: dict[bool, list[Sample]] = {True: [], False: []}
        self._file: SegmentFile | None = None
        self._run_id = 0
        self._origin = self._end = 0  # of the open segment, ticks of the video
        self._least_delay = float("inf")  # seconds between a picture's own time and its arrival
        self.started_at: datetime | None = None  # of the run; None until something is on disk
        self.ended_at: datetime | None = None  # end of the published footage of the run
        self.dropped = 0  # pieces of sound that came too late for their segment

    def write(self, sample: Sample) -> None:
        """Takes the next sample; a key picture brings everything before it to disk.

        Raises:
            DiskFailed: the footage cannot be written.
            TimestampsJumped: the camera's clock and this machine's have come apart; the segment is published.
        """
        if sample.video:
            seconds = sample.presentation_time / VIDEO_TIMESCALE
            self._least_delay = min(self._least_delay, sample.arrived_at - seconds)
            if sample.sync:
                self._end_gop(sample.decode_time)
        elif not self._gop[True]:
            return  # sound from before the first key picture
        self._gop[sample.video].append(sample)

    def forget_torn(self) -> None:
        """Drops the last picture: of one that a breaking connection cuts, FFmpeg hands out what has come."""
        if self._gop[True]:
            self._gop[True].pop()

    def close(self) -> None:
        """Brings the open group of pictures to disk and publishes the open segment.

        Raises:
            DiskFailed: what is on disk stays there, to be recovered.
        """
        try:
            self._end_gop(None)
        finally:
            self._publish(drift=0.0)

    def _end_gop(self, next_decode_time: int | None) -> None:
        gop, self._gop = self._gop, {True: [], False: []}
        if not gop[True]:
            return
        if self._file is None:
            self._open(gop[True][0])
        assert self._file is not None
        durations = _durations(gop[True], next_decode_time)
        tracks = [self._track(gop[True], durations)]
        sounds = [sample for sample in gop[False] if self._from_origin(sample) >= 0]
        self.dropped += len(gop[False]) - len(sounds)
        if sounds:
            tracks.append(self._track(sounds, _durations(sounds, None)))
        self._file.write(fragment(self._file.fragments + 1, tracks))
        self._end = gop[True][-1].decode_time + durations[-1]
        if next_decode_time is None:
            return  # about to be closed
        if self._end - self._origin >= self._segment_ticks:
            self._publish(drift=self._drift())
        else:
            self._show(reordered=max(abs(offset) for offset in tracks[0].composition_offsets))

    def _show(self, reordered: int) -> None:
        """Makes known what can be played of the open segment: pictures before which none will come any more.

        Args:
            reordered: ticks by which pictures are shown earlier or later than decoded, at most.
        """
        assert self._file is not None
        length = (self._end - reordered - self._origin) / VIDEO_TIMESCALE
        self._publisher.show_open(self._run_id, self._file, self._file.started_at + timedelta(seconds=length))

    def _open(self, first: Sample) -> None:
        start = free_start(self._folder, self._shelf, self.ended_at or self._anchor(first))
        self.ended_at = start
        if self.started_at is None:
            self.started_at = start
            self._run_id = self._publisher.begin_run(self.started_at)
        self._origin = self._end = first.decode_time
        self._file = SegmentFile(self._folder, self._shelf, start, self._header)

    def _anchor(self, first: Sample) -> datetime:
        # Trust the picture that came through fastest: the first ones of a connection come in a burst.
        delay = self._least_delay + self._clock_offset()
        start = datetime.fromtimestamp(delay + first.decode_time / VIDEO_TIMESCALE, UTC)
        before = self._not_before
        if before is not None and timedelta(0) < before - start < timedelta(seconds=JUMP_SECONDS):
            return before
        return start

    def _from_origin(self, sample: Sample) -> int:
        """The sample's decode time within its segment, in ticks of its track."""
        timescale = self._timescales[sample.video]
        return sample.decode_time - round(self._origin * timescale / VIDEO_TIMESCALE)

    def _track(self, samples: list[Sample], durations: list[int]) -> FragmentTrack:
        return FragmentTrack(
            track_id=VIDEO_TRACK if samples[0].video else AUDIO_TRACK,
            decode_time=self._from_origin(samples[0]),
            samples=[sample.data for sample in samples],
            durations=durations,
            composition_offsets=[sample.presentation_time - sample.decode_time for sample in samples],
            sync=[sample.sync for sample in samples],
        )

    def _drift(self) -> float:
        """Seconds by which the open segment's end moves to follow the wall clock.

        Raises:
            TimestampsJumped: they are too far apart; the segment is published.
        """
        assert self.ended_at is not None
        counted = self.ended_at.timestamp() - self._origin / VIDEO_TIMESCALE
        apart = self._least_delay + self._clock_offset() - counted
        self._least_delay = float("inf")
        if abs(apart) > JUMP_SECONDS:
            self._publish(drift=0.0)
            raise TimestampsJumped(
                f"摄像头时间偏离 {apart:+.1f} 秒 / the camera's clock is {apart:+.1f} s off", -apart
            )
        if abs(apart) < _DRIFT_NOTICED:
            return 0.0
        return max(-_DRIFT_FOLLOWED, min(_DRIFT_FOLLOWED, apart))

    def _publish(self, drift: float) -> None:
        if self._file is None:
            return
        file, self._file = self._file, None
        closed = file.close()
        if closed is not None:
            length = (self._end - self._origin) / VIDEO_TIMESCALE + drift
            self.ended_at = closed.started_at + timedelta(seconds=length)
            self._publisher.publish(self._run_id, closed, self.ended_at)


def _durations(samples: list[Sample], next_decode_time: int | None) -> list[int]:
    """From each sample to the next on its track; the last lasts as the stream says if no next is known."""
    times = [sample.decode_time for sample in samples]
    steps = [later - earlier for earlier, later in pairwise(times)]
    last = samples[-1]
    if next_decode_time is not None:
        steps.append(next_decode_time - last.decode_time)
    else:
        steps.append(last.duration or (steps[-1] if steps else _USUAL_DURATION[last.video]))
    return steps
