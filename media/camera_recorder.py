"""Records one camera: reads it, writes its runs, accounts for its gaps, and comes back whatever happens."""

import errno
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
from av.container import InputContainer
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from data_access import footage_gaps
from data_access.cameras import CameraRow
from data_access.engine import transaction
from domain.vocabulary import FootageEventKind, GapCause
from media.camera import (
    OPEN_SECONDS,
    READ_SECONDS,
    CameraProblem,
    camera_errors,
    open_stream,
    recordable_video,
)
from media.camera_events import CameraEvents
from media.clock_watch import ClockWatch
from media.open_gap import WAS_DOWN, OpenGap, Why
from media.publisher import Publisher
from media.segment_file import DiskFailed
from media.segment_writer import SegmentWriter
from media.stream_meter import StreamMeter
from media.stream_reader import (
    JUMP_SECONDS,
    ParametersChanged,
    Sample,
    StreamReader,
    TimestampsJumped,
)

log = logging.getLogger(__name__)

LONGEST_WAIT = 5.0  # seconds between two attempts
STUCK_SECONDS = OPEN_SECONDS + 2 * READ_SECONDS  # without anything to record, and without an error
_NETWORK_ERRORS = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ETIMEDOUT, errno.ENETDOWN, errno.EHOSTDOWN}
)
ENDED = "码流已结束，请检查设备 / the stream has ended; check the device", GapCause.CAMERA


def open_watched(url: str) -> InputContainer:
    """Opens a camera that `CameraRecorder.stuck` watches."""
    return open_stream(url, watched=True)


@dataclass(frozen=True)
class Surroundings:
    """What a camera's recorder takes from outside, so that a test can give it something else."""

    engine: Engine
    folder: Path  # of all footage
    segment_seconds: float
    clock: Callable[[], float] = time.time  # seconds since 1970
    opener: Callable[[str], InputContainer] = open_watched
    # Waits for so many seconds, or until the recorder is stopped.
    pause: Callable[[threading.Event, float], object] = threading.Event.wait
    # Seconds that only ever go on (media.clock_watch.steady_clock). None: `clock` is such a one itself.
    steady: Callable[[], float] | None = None

    def no_later(self, now: datetime) -> datetime:
        """Now for whoever deletes: a clock that was set ahead makes nothing older than it is."""
        return min(now, datetime.fromtimestamp((self.steady or self.clock)(), UTC))


@dataclass
class Observed:
    """What the recorder sees of its camera; read by the supervisor."""

    recording: bool = False
    last_frame_at: datetime | None = None
    message: str = ""  # why it is not recorded, or what is left out
    meter: StreamMeter | None = None  # while connected


class CameraRecorder:
    """One camera, to be run in a thread of its own."""

    def __init__(self, camera: CameraRow, surroundings: Surroundings, why_until_now: Why = WAS_DOWN) -> None:
        self.camera = camera
        self.observed = Observed()
        self._around = surroundings
        self._why = why_until_now
        self._stopping = threading.Event()
        self._given_up = False
        self._writing = threading.Lock()
        self._waits_since: float | None = None  # for the camera, by the steady clock; None: not reading
        self._publisher = Publisher(surroundings.engine, camera.id, live=True)
        self._events = CameraEvents(surroundings.engine, camera.id)
        self._steady = surroundings.steady or surroundings.clock
        self._clock_watch = ClockWatch(surroundings.clock, self._steady)
        self._gap: OpenGap | None = None
        self._writer: SegmentWriter | None = None  # while a run is being written
        self._format: tuple[bytes, str] | None = None  # of the last run: its header, and that in words
        self._ended_at: datetime | None = None  # of this camera's footage so far

    def stop(self) -> None:
        """Asks it to end; the open segment is closed and published."""
        self._stopping.set()

    @property
    def stuck(self) -> bool:
        """Whether the camera keeps a read from returning: it says something, but sends nothing to record."""
        since = self._waits_since
        return since is not None and self._steady() - since > STUCK_SECONDS

    def give_up(self) -> None:
        """Closes the run in place of the stuck thread, which writes no more when its read returns."""
        with self._writing:
            self._given_up = True
            self._stopping.set()
            self._end_run()

    def run(self) -> None:
        """Records until it is stopped; after a failure it waits a little longer each time, 5 s at most."""
        wait = 0.5
        while not self._stopping.is_set():
            try:
                if self._gap is None:
                    self._take_over()
                self.run_once()
                problem = ENDED
            except Exception as error:  # noqa: BLE001 - one camera must not end the others
                problem = _explained(error)
            self.observed.meter = None
            if self._stopping.is_set():
                break
            wait = 0.5 if self.observed.recording else min(2 * wait, LONGEST_WAIT)
            self._lost(*problem)
            self._around.pause(self._stopping, wait)
        if not self._given_up:  # then another has the camera by now
            self.account()

    def account(self) -> None:
        """Lets the ledger's entry grow while there is no footage."""
        if self._gap is not None and self._writer is None:
            self._gap.write(self._now())

    def _take_over(self) -> None:
        """Publishes what was left behind and opens the gap that reaches back to it."""
        around = self._around
        recovered = self._publisher.publish_left_behind(around.folder, str(self.camera.id))
        self._publisher.forget_open()
        if recovered:
            log.info("%s: %d segments recovered", self.camera.name, recovered)
        with transaction(around.engine) as session:
            self._ended_at = footage_gaps.accounted_until(session, self.camera.id, self._now())
        self._gap = OpenGap(around.engine, self.camera.id, self._ended_at or self._now(), self._why)

    def run_once(self) -> None:
        """Reads the camera until the stream ends or breaks.

        Raises:
            CameraProblem: it cannot be reached or used.
            DiskFailed: the footage cannot be written.
            ParametersChanged: connect anew.
        """
        url = self.camera.url
        self._waits_since = self._steady()
        try:
            self._read(url)
        finally:
            self._waits_since = None

    def _read(self, url: str) -> None:
        with self._around.opener(url) as container, camera_errors(url):
            recordable_video(container, url)
            self.observed.meter = StreamMeter(container, self._around.clock())
            reader = StreamReader(container, self._steady)
            ended = False
            while not ended and not self._stopping.is_set():
                try:
                    self._record(reader)
                    ended = True
                except TimestampsJumped as jump:
                    self._jumped(jump)

    def _record(self, reader: StreamReader) -> None:
        """Writes run after run until the stream ends or breaks; each is closed however it ends."""
        try:
            for sample in self._paced(reader.samples()):
                self._waits_since = None
                with self._writing:
                    if self._given_up:
                        return
                    if sample.video and sample.sync:
                        self._follow_clock()
                    self._write(sample, reader)
                self._waits_since = self._steady()
                if self._stopping.is_set():
                    return
        except (av.FFmpegError, OSError):
            if self._writer is not None:
                self._writer.forget_torn()
            raise
        finally:
            with self._writing:
                self._end_run()

    def _write(self, sample: Sample, reader: StreamReader) -> None:
        try:
            writer = self._writer or self._begin_run(reader)
            writer.write(sample)
        except TimestampsJumped as jump:
            self._jumped(jump)
            writer = self._begin_run(reader)  # with this very key picture: none is lost
            writer.write(sample)
        self._observe(sample, writer, reader)

    def _begin_run(self, reader: StreamReader) -> SegmentWriter:
        header = reader.header()
        self._note_format(header, reader.in_words())
        self.account()  # so that the run is joined by the entry of its own cause
        self._writer = SegmentWriter(
            self._publisher,
            folder=self._around.folder,
            shelf=str(self.camera.id),
            header=header,
            audio_timescale=reader.audio_timescale,
            segment_seconds=self._around.segment_seconds,
            not_before=self._ended_at,
            clock_offset=self._clock_watch.offset,
        )
        return self._writer

    def _note_format(self, header: bytes, words: str) -> None:
        before, self._format = self._format, (header, words)
        if before is not None and before[0] != header:
            detail = f"{before[1]} → {words}" if before[1] != words else f"{words}（编码参数 / parameters）"
            self._events.note(FootageEventKind.FORMAT_CHANGED, self._now(), detail=detail)

    def _observe(self, sample: Sample, writer: SegmentWriter, reader: StreamReader) -> None:
        if self.observed.meter is not None:
            self.observed.meter.count(sample)
        if sample.video:
            arrived_at = sample.arrived_at + self._clock_watch.offset()
            self.observed.last_frame_at = datetime.fromtimestamp(arrived_at, UTC)
        if writer.started_at is not None and not self.observed.recording:
            self.observed.recording, self.observed.message = True, reader.left_out
            log.info("%s: recording%s", self.camera.name, reader.left_out and f"; {reader.left_out}")
            if self._gap is not None:
                self._gap.close(writer.started_at)

    def _end_run(self) -> None:
        writer, self._writer = self._writer, None
        if writer is None:
            return
        try:
            writer.close()
        finally:
            if writer.started_at is not None and writer.ended_at is not None:
                if self._gap is not None:  # a run may end before it was seen to record
                    self._gap.close(writer.started_at)
                self._ended_at = writer.ended_at
                self._gap = OpenGap(self._around.engine, self.camera.id, writer.ended_at)

    def _jumped(self, jump: TimestampsJumped) -> None:
        """The camera's timestamps make a new run."""
        self._end_run()
        self._events.note(
            FootageEventKind.TIMESTAMPS_JUMPED, self._now(), seconds=jump.seconds, detail=str(jump)
        )
        self._lost(str(jump), GapCause.CAMERA)

    def _follow_clock(self) -> None:
        """Notes when this machine's clock was set; by more than can be followed unseen, a new run begins.

        Set back, the new run bears times that footage bears already; both are kept.
        """
        step = self._clock_watch.step()
        if not step:
            return
        words = f"本机时钟被调整 {step:+.1f} 秒 / this machine's clock was set by {step:+.1f} s"
        log.warning("%s: %s", self.camera.name, words)
        now = self._now()
        self._events.note(FootageEventKind.CLOCK_STEP, now, seconds=step, detail=words)
        if abs(step) > JUMP_SECONDS:
            self._end_run()
            self.observed.recording = False
            if self._gap is not None:
                self._gap.clock_set(now - timedelta(seconds=step), now, (GapCause.RECORDER, words))

    def _lost(self, message: str, cause: GapCause) -> None:
        """There is no footage now, and why."""
        if self.observed.recording or message != self.observed.message:
            log.warning("%s: %s", self.camera.name, message)
        self.observed.recording, self.observed.message = False, message
        self._follow_clock()
        self._publisher.catch_up()
        self._events.catch_up()
        if self._gap is not None:
            self._gap.grow(self._now(), (cause, message))

    def _paced(self, samples: Iterator[Sample]) -> Iterator[Sample]:
        """A file is played at the speed of a camera."""
        if "://" in self.camera.url:
            yield from samples
            return
        begun, first = self._steady(), None
        for sample in samples:
            first = sample.seconds if first is None else first
            ahead = begun + sample.seconds - first - self._steady()
            self._around.pause(self._stopping, max(0.0, ahead))
            yield sample

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._around.clock(), UTC)


def _explained(error: Exception) -> tuple[str, GapCause]:
    """What to tell people, and the cause of the gap."""
    if isinstance(error, CameraProblem):
        return f"{error.zh} / {error.en}", _camera_or_network(error.__context__)
    if isinstance(error, ParametersChanged):
        return str(error), GapCause.CAMERA
    if isinstance(error, DiskFailed):
        return str(error), GapCause.DISK
    if isinstance(error, SQLAlchemyError):
        return "数据库不可用 / the database is not available", GapCause.RECORDER
    log.exception("unexpected", exc_info=error)
    return f"录像服务内部错误 / internal error: {type(error).__name__}", GapCause.RECORDER


def _camera_or_network(original: BaseException | None) -> GapCause:
    """Silence comes from the network as far as can be seen from here; any answer from the camera."""
    if isinstance(original, av.ExitError | TimeoutError):
        return GapCause.NETWORK
    if isinstance(original, OSError) and original.errno in _NETWORK_ERRORS:
        return GapCause.NETWORK
    return GapCause.CAMERA
