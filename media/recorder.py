"""The recorder process: a thread for every enabled camera, started and stopped as the database says.

python -m media.recorder
"""

import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from data_access import cameras, footage_gaps, recording_times, workers
from data_access.cameras import NOT_CONNECTED, CameraRow
from data_access.engine import engine, transaction
from data_access.recording_times import Due
from data_access.settings import settings
from domain.vocabulary import GapCause
from media import retention
from media.camera_locks import LIVE, CameraLocks
from media.camera_recorder import CameraRecorder, Surroundings
from media.clock_watch import steady_clock
from media.disk_guard import DiskGuard
from media.footage_folder import WrongFolder, claim
from media.open_gap import BETWEEN_SESSIONS, WAS_DISABLED, WAS_DOWN, WAS_STUCK, OpenGap, Why

log = logging.getLogger(__name__)

TICK_SECONDS = 2.0
STOP_SECONDS = 1.0
_EXPIRY_SECONDS = 3600.0


# Asked at every tick: why nothing may be written at all now; None: all is well.
Obstacle = Callable[[datetime], Why | None]


class Recorder:
    """Keeps one thread for each camera that is to be recorded now and that no other recorder has."""

    def __init__(
        self, surroundings: Surroundings, online_days: int, obstacles: Sequence[Obstacle] = ()
    ) -> None:
        self._around = surroundings
        self._online_days = online_days
        self._obstacles = obstacles
        self._locks = CameraLocks(surroundings.engine, LIVE)
        self._running: dict[int, tuple[CameraRecorder, threading.Thread]] = {}
        self._recorded: set[int] = set()  # the cameras that this process has recorded
        self._resting: dict[int, OpenGap] = {}  # of cameras that are not to be recorded now
        self._expires_at = 0.0

    def run(self, stopped: threading.Event, tick_seconds: float = TICK_SECONDS) -> None:
        """Records until `stopped`, then closes and publishes the open segments."""
        while not stopped.is_set():
            try:
                self.tick()
            except SQLAlchemyError as error:
                log.warning("the database is not available: %s", type(error).__name__)
            stopped.wait(tick_seconds)
        self.stop()

    def tick(self) -> None:
        """Follows the database once: starts, stops, reports."""
        self._locks.check()
        now = self._now()
        with transaction(self._around.engine) as session:
            workers.beat(session, "recorder", now)
            known = {camera.id: camera for camera in cameras.all_cameras(session)}
            due = recording_times.due(session, known.values(), now)
        obstacle = self._obstacle(now)
        mine = {camera_id: camera for camera_id, camera in known.items() if self._locks.take(camera_id)}
        why_not = {camera.id: _why_not(camera, due[camera.id], obstacle) for camera in mine.values()}
        for camera_id in list(self._running):
            self._stop_if_unwanted(camera_id, mine.get(camera_id), why_not.get(camera_id))
        stuck = self._give_up_stuck()
        for camera_id, camera in mine.items():
            if camera_id not in self._running:
                self._start(camera, why_not[camera_id], WAS_STUCK if camera_id in stuck else None)
        for camera_id in self._resting.keys() - mine.keys():
            del self._resting[camera_id]
        self._report()
        for recorder, _ in self._running.values():
            recorder.account()
        self._expire()

    def _obstacle(self, now: datetime) -> Why | None:
        found = (obstacle(now) for obstacle in self._obstacles)
        return next((why for why in found if why is not None), None)

    def _start(self, camera: CameraRow, why_not: Why | None, until_now: Why | None) -> None:
        """Records the camera, or accounts for its not being recorded."""
        if why_not is not None:
            self._account_for(camera, why_not)
            return
        rested = self._resting.pop(camera.id, None)
        recorder = CameraRecorder(camera, self._around, until_now or (rested and rested.why) or WAS_DOWN)
        thread = threading.Thread(target=recorder.run, name=f"camera-{camera.id}", daemon=True)
        self._running[camera.id] = recorder, thread
        self._recorded.add(camera.id)
        thread.start()

    def _stop_if_unwanted(self, camera_id: int, wanted: CameraRow | None, why_not: Why | None) -> None:
        """Ends a thread whose camera is not to be recorded now, was moved, or is another recorder's."""
        recorder, thread = self._running[camera_id]
        if wanted is None or why_not is not None or wanted.url != recorder.camera.url:
            recorder.stop()
        if not thread.is_alive():
            del self._running[camera_id]
            if wanted is None:
                self._locks.release(camera_id)

    def _give_up_stuck(self) -> set[int]:
        """Leaves threads alone whose camera keeps a read from returning; returns whose they were."""
        stuck = {camera_id for camera_id, (recorder, _) in self._running.items() if recorder.stuck}
        for camera_id in stuck:
            recorder, _ = self._running.pop(camera_id)
            log.warning("%s: %s", recorder.camera.name, WAS_STUCK[1])
            recorder.give_up()
        return stuck

    def _account_for(self, camera: CameraRow, why: Why) -> None:
        now = self._now()
        if camera.id not in self._resting:
            with transaction(self._around.engine) as session:
                since = footage_gaps.accounted_until(session, camera.id, now) or now
                cause = footage_gaps.cause_until(session, camera.id, since)
            # Of a time before this process nobody knows when it was planned to be one without footage.
            unplanned = camera.id not in self._recorded and cause is not GapCause.PLANNED
            until_now = WAS_DOWN if unplanned else why
            self._resting[camera.id] = OpenGap(self._around.engine, camera.id, since, until_now)
        self._resting[camera.id].grow(now, why)

    def _report(self) -> None:
        with transaction(self._around.engine) as session:
            for camera_id, (recorder, _) in self._running.items():
                seen = recorder.observed
                cameras.report_status(
                    session,
                    camera_id,
                    recording=seen.recording,
                    last_frame_at=seen.last_frame_at,
                    message=seen.message,
                    at=self._now(),
                    stream=seen.meter.now if seen.meter else NOT_CONNECTED,
                )
            for camera_id, gap in self._resting.items():
                cameras.report_status(
                    session,
                    camera_id,
                    recording=False,
                    last_frame_at=None,
                    message=gap.why[1] if gap.why else "",
                    at=self._now(),
                )

    def _expire(self) -> None:
        """Once an hour, beside the recording; a clock that is set ahead deletes nothing before its time."""
        now = (self._around.steady or self._around.clock)()
        if now >= self._expires_at:
            self._expires_at = now + _EXPIRY_SECONDS
            by = self._around.no_later(self._now())
            arguments = (self._around.engine, self._around.folder, by, self._online_days)
            threading.Thread(target=retention.expire, args=arguments, name="expiry", daemon=True).start()

    def stop(self) -> None:
        """Ends all threads; one that hangs in its camera leaves its segment to be recovered."""
        for recorder, _ in self._running.values():
            recorder.stop()
        deadline = time.monotonic() + STOP_SECONDS
        for recorder, thread in self._running.values():
            thread.join(max(0.0, deadline - time.monotonic()))
            recorder.observed.recording, recorder.observed.meter = False, None
            recorder.observed.message = "录像服务已停止 / the recorder is stopped"
        try:
            self._report()
        except SQLAlchemyError as error:
            log.warning("the last status is not written: %s", type(error).__name__)
        self._locks.close()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._around.clock(), UTC)


def _why_not(camera: CameraRow, due: Due, obstacle: Why | None) -> Why | None:
    """Why the camera is not to be recorded now; None: it is."""
    if not camera.enabled:
        return WAS_DISABLED
    return BETWEEN_SESSIONS if due.resting else obstacle


def wrong_folder(engine: Engine, folder: Path) -> Obstacle:
    """The obstacle of a footage folder that is another database's, or not mounted."""

    def look(_now: datetime) -> Why | None:
        try:
            claim(engine, folder)
        except WrongFolder as wrong:
            return GapCause.DISK, str(wrong)
        return None

    return look


def main() -> None:
    """Records all cameras of the configured database until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s recorder: %(message)s")
    stopped = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stopped.set())
    chosen = settings()
    folder = chosen.footage_folder
    around = Surroundings(engine(), folder, chosen.segment_seconds, steady=steady_clock())
    reserve = round(chosen.reserve_gb * 1e9)
    guard = DiskGuard(around.engine, folder, reserve, chosen.online_days, by=around.no_later)
    obstacles = [wrong_folder(around.engine, folder), guard.obstacle]
    Recorder(around, chosen.online_days, obstacles).run(stopped)


if __name__ == "__main__":
    main()
