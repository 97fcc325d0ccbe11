"""Records one camera: reads it, writes its runs, accounts for its gaps, and comes back whatever happens."""

import contextlib
import errno
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import av
from av.container import InputContainer
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from data_access import footage
from data_access.cameras import CameraRow
from data_access.engine import transaction
from domain.vocabulary import GapCause
from media.camera import CameraProblem, camera_errors, open_stream, recordable_video
from media.publisher import Publisher
from media.segment_file import DiskFailed
from media.segment_writer import SegmentWriter
from media.stream_meter import StreamMeter
from media.stream_reader import ParametersChanged, Sample, StreamReader, TimestampsJumped

log = logging.getLogger(__name__)

LONGEST_WAIT = 5.0  # seconds between two attempts
_NETWORK_ERRORS = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ETIMEDOUT, errno.ENETDOWN, errno.EHOSTDOWN}
)
ENDED = "码流已结束，请检查设备 / the stream has ended; check the device", GapCause.CAMERA
WAS_DOWN = (GapCause.RECORDER, "录像服务未运行 / the recorder was not running")
WAS_DISABLED = (GapCause.PLANNED, "摄像头已停用 / the camera was disabled")


@dataclass(frozen=True)
class Surroundings:
    """What a camera's recorder takes from outside, so that a test can give it something else."""

    engine: Engine
    folder: Path  # of all footage
    segment_seconds: float
    clock: Callable[[], float] = time.time  # seconds since 1970
    opener: Callable[[str], InputContainer] = open_stream
    # Waits for so many seconds, or until the recorder is stopped.
    pause: Callable[[threading.Event, float], object] = threading.Event.wait


class OpenGap:
    """A stretch without footage that lasts; its ledger row grows."""

    def __init__(
        self, engine: Engine, camera_id: int, since: datetime, why: tuple[GapCause, str] | None = None
    ) -> None:
        self._engine = engine
        self._camera_id = camera_id
        self._since = since
        self._why = why  # None: not known yet
        self._lock = threading.Lock()  # the camera's thread finds out why, the supervisor's sees it last

    def grow(self, until: datetime, why: tuple[GapCause, str]) -> None:
        """The gap lasts until now; where its cause changes a new entry begins."""
        with self._lock:
            if self._why is not None and self._why[0] is not why[0]:
                self._write(until)
                self._since = max(until, self._since)
            self._why = why
            self._write(until)

    def write(self, until: datetime) -> None:
        """Brings the ledger up to date."""
        with self._lock:
            self._write(until)

    def close(self, at: datetime) -> None:
        """Footage begins, at an instant that may lie a little back."""
        with self._lock:
            self._write(at)
            self._why = None  # it grows no more
            try:
                with transaction(self._engine) as session:
                    footage.end_gaps(session, self._camera_id, at)
            except SQLAlchemyError as error:
                log.debug("camera %d: gaps not ended: %s", self._camera_id, error)

    def _write(self, until: datetime) -> None:
        if self._why is None:
            return
        cause, detail = self._why
        try:
            with transaction(self._engine) as session:
                footage.record_gap(session, self._camera_id, self._since, until, cause=cause, detail=detail)
        except SQLAlchemyError as error:
            log.debug("camera %d: gap not written yet: %s", self._camera_id, error)


@dataclass
class Observed:
    """What the recorder sees of its camera; read by the supervisor."""

    recording: bool = False
    last_frame_at: datetime | None = None
    message: str = ""
    meter: StreamMeter | None = None  # while connected


class CameraRecorder:
    """One camera, to be run in a thread of its own."""

    def __init__(
        self, camera: CameraRow, surroundings: Surroundings, why_until_now: tuple[GapCause, str] = WAS_DOWN
    ) -> None:
        self.camera = camera
        self.observed = Observed()
        self._around = surroundings
        self._why = why_until_now
        self._stopping = threading.Event()
        self._publisher = Publisher(surroundings.engine, camera.id, live=True)
        self._gap: OpenGap | None = None
        self._ended_at: datetime | None = None  # of this camera's footage so far

    def stop(self) -> None:
        """Asks it to end; the open segment is closed and published."""
        self._stopping.set()

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
                return
            wait = 0.5 if self.observed.recording else min(2 * wait, LONGEST_WAIT)
            self._lost(*problem)
            self._around.pause(self._stopping, wait)

    def account(self) -> None:
        """Lets the ledger's entry grow while there is no footage."""
        if self._gap is not None and not self.observed.recording:
            self._gap.write(self._now())

    def _take_over(self) -> None:
        """Publishes what was left behind and opens the gap that reaches back to it."""
        around = self._around
        recovered = self._publisher.publish_left_behind(around.folder, str(self.camera.id))
        self._publisher.forget_open()
        if recovered:
            log.info("%s: %d segments recovered", self.camera.name, recovered)
        with transaction(around.engine) as session:
            self._ended_at = footage.accounted_until(session, self.camera.id)
        self._gap = OpenGap(around.engine, self.camera.id, self._ended_at or self._now(), self._why)

    def run_once(self) -> None:
        """Reads the camera until the stream ends or breaks.

        Raises:
            CameraProblem: it cannot be reached or used.
            DiskFailed: the footage cannot be written.
            ParametersChanged: connect anew.
        """
        url = self.camera.url
        with self._around.opener(url) as container, camera_errors(url):
            recordable_video(container, url)
            self.observed.meter = StreamMeter(container, self._around.clock())
            reader = StreamReader(container, self._around.clock)
            if reader.left_out:
                log.warning("%s: sound left out, MP4 cannot hold %s", self.camera.name, reader.left_out)
            ended = False
            while not ended and not self._stopping.is_set():
                try:
                    self._record_run(reader)
                    ended = True
                except TimestampsJumped as jump:
                    self._lost(str(jump), GapCause.CAMERA)

    def _record_run(self, reader: StreamReader) -> None:
        """Writes one run, and closes it however it ends."""
        with contextlib.ExitStack() as at_end:
            writer: SegmentWriter | None = None
            for sample in self._paced(reader.samples()):
                if writer is None:
                    writer = self._new_writer(reader)
                    at_end.callback(self._end_run, writer)
                writer.write(sample)
                self._observe(sample, writer)
                if self._stopping.is_set():
                    return

    def _new_writer(self, reader: StreamReader) -> SegmentWriter:
        return SegmentWriter(
            self._publisher,
            folder=self._around.folder,
            shelf=str(self.camera.id),
            header=reader.header(),
            audio_timescale=reader.audio_timescale,
            segment_seconds=self._around.segment_seconds,
            not_before=self._ended_at,
        )

    def _observe(self, sample: Sample, writer: SegmentWriter) -> None:
        if self.observed.meter is not None:
            self.observed.meter.count(sample)
        if sample.video:
            self.observed.last_frame_at = datetime.fromtimestamp(sample.arrived_at, UTC)
        if writer.started_at is not None and not self.observed.recording:
            self.observed.recording, self.observed.message = True, ""
            log.info("%s: recording", self.camera.name)
            if self._gap is not None:
                self._gap.close(writer.started_at)

    def _end_run(self, writer: SegmentWriter) -> None:
        try:
            writer.close()
        finally:
            if writer.started_at is not None and writer.ended_at is not None:
                if self._gap is not None:  # a run may end before it was seen to record
                    self._gap.close(writer.started_at)
                self._ended_at = writer.ended_at
                self._gap = OpenGap(self._around.engine, self.camera.id, writer.ended_at)

    def _lost(self, message: str, cause: GapCause) -> None:
        """There is no footage now, and why."""
        if self.observed.recording or message != self.observed.message:
            log.warning("%s: %s", self.camera.name, message)
        self.observed.recording, self.observed.message = False, message
        self._publisher.catch_up()
        if self._gap is not None:
            self._gap.grow(self._now(), (cause, message))

    def _paced(self, samples: Iterator[Sample]) -> Iterator[Sample]:
        """A file is played at the speed of a camera."""
        if "://" in self.camera.url:
            yield from samples
            return
        begun, first = self._around.clock(), None
        for sample in samples:
            first = sample.seconds if first is None else first
            ahead = begun + sample.seconds - first - self._around.clock()
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
