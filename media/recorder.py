"""The recorder process: a thread for every enabled camera, started and stopped as the database says.

python -m media.recorder
"""

import logging
import signal
import threading
import time
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from data_access import cameras, footage, workers
from data_access.cameras import NOT_CONNECTED, CameraRow
from data_access.engine import engine, transaction
from data_access.settings import settings
from media import retention
from media.camera_locks import LIVE, CameraLocks
from media.camera_recorder import WAS_DISABLED, WAS_DOWN, CameraRecorder, OpenGap, Surroundings

log = logging.getLogger(__name__)

TICK_SECONDS = 2.0
STOP_SECONDS = 1.0
_EXPIRY_SECONDS = 3600.0


class Recorder:
    """Keeps one thread for each enabled camera that no other recorder has."""

    def __init__(self, surroundings: Surroundings, online_days: int) -> None:
        self._around = surroundings
        self._online_days = online_days
        self._locks = CameraLocks(surroundings.engine, LIVE)
        self._running: dict[int, tuple[CameraRecorder, threading.Thread]] = {}
        self._disabled: dict[int, OpenGap] = {}
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
        with transaction(self._around.engine) as session:
            workers.beat(session, "recorder", self._now())
            known = {camera.id: camera for camera in cameras.all_cameras(session)}
        mine = {camera_id: camera for camera_id, camera in known.items() if self._locks.take(camera_id)}
        for camera_id in list(self._running):
            self._stop_if_unwanted(camera_id, mine.get(camera_id))
        for camera in mine.values():
            if camera.enabled and camera.id not in self._running:
                self._start(camera)
            elif not camera.enabled and camera.id not in self._running:
                self._account_for_disabled(camera)
        for camera_id in self._disabled.keys() - mine.keys():
            del self._disabled[camera_id]
        self._report()
        for recorder, _ in self._running.values():
            recorder.account()
        self._expire()

    def _start(self, camera: CameraRow) -> None:
        was_disabled = self._disabled.pop(camera.id, None) is not None
        recorder = CameraRecorder(camera, self._around, WAS_DISABLED if was_disabled else WAS_DOWN)
        thread = threading.Thread(target=recorder.run, name=f"camera-{camera.id}", daemon=True)
        self._running[camera.id] = recorder, thread
        thread.start()

    def _stop_if_unwanted(self, camera_id: int, wanted: CameraRow | None) -> None:
        """Ends a thread whose camera is removed, disabled, moved or lost to another recorder."""
        recorder, thread = self._running[camera_id]
        if wanted is None or not wanted.enabled or wanted.url != recorder.camera.url:
            recorder.stop()
        if not thread.is_alive():
            del self._running[camera_id]
            if wanted is None:
                self._locks.release(camera_id)

    def _account_for_disabled(self, camera: CameraRow) -> None:
        if camera.id not in self._disabled:
            with transaction(self._around.engine) as session:
                since = footage.accounted_until(session, camera.id)
            self._disabled[camera.id] = OpenGap(
                self._around.engine, camera.id, since or self._now(), WAS_DISABLED
            )
        self._disabled[camera.id].write(self._now())

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
            for camera_id in self._disabled:
                cameras.report_status(
                    session,
                    camera_id,
                    recording=False,
                    last_frame_at=None,
                    message=WAS_DISABLED[1],
                    at=self._now(),
                )

    def _expire(self) -> None:
        """Once an hour, beside the recording."""
        now = self._around.clock()
        if now >= self._expires_at:
            self._expires_at = now + _EXPIRY_SECONDS
            arguments = (self._around.engine, self._around.folder, self._now(), self._online_days)
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


def main() -> None:
    """Records all cameras of the configured database until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s recorder: %(message)s")
    stopped = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stopped.set())
    chosen = settings()
    chosen.footage_folder.mkdir(parents=True, exist_ok=True)
    surroundings = Surroundings(engine(), chosen.footage_folder, chosen.segment_seconds)
    Recorder(surroundings, chosen.online_days).run(stopped)


if __name__ == "__main__":
    main()
