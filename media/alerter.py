"""The alerter process: sees what is wrong with cameras, recording, disk and sessions, and tells of it.

python -m media.alerter
"""

import logging
import shutil
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from data_access import alerts, cameras, footage_checks, footage_gaps, recording_times, schedule_view, workers
from data_access.engine import engine, transaction
from data_access.footage_disk import DiskUse, disk_use
from data_access.settings import settings
from media import footage_folder
from media.alert_rules import SESSION_AHEAD, Facts, Patience, judge
from media.alert_sender import Teller, channels_in

log = logging.getLogger(__name__)

TICK_SECONDS = 4.0  # its heartbeat must be younger than 10 s
_STOP_SECONDS = 6.0
_DISK_USE_FOR = timedelta(minutes=10)  # summing up all footage takes its time


class Alerter:
    """Compares what should be with what is; several may run, one judges at a time."""

    def __init__(
        self,
        bind: Engine,
        *,
        footage_folder: Path,
        kept_days: int,
        disk_limit: float,
        reserve_bytes: int = 0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self._engine = bind
        self._folder = footage_folder
        self._kept_days = kept_days
        self._disk_limit = disk_limit
        self._reserve = reserve_bytes
        self._now = now
        self._free = free
        self._patience = Patience()
        self._disk_use: tuple[datetime, DiskUse] | None = None

    def run(self, stopped: threading.Event, tick_seconds: float = TICK_SECONDS) -> None:
        """Looks every few seconds until `stopped`."""
        while not stopped.is_set():
            try:
                self.tick()
            except (SQLAlchemyError, OSError) as error:
                log.warning("cannot look now: %s", type(error).__name__)
            stopped.wait(tick_seconds)

    def tick(self) -> None:
        """Looks once; opens and clears alerts."""
        now = self._now()
        with transaction(self._engine) as session:
            workers.beat(session, "alerter", now)
        with transaction(self._engine) as session:
            if not alerts.only_one_judges(session):
                return
            lasting = {alert.subject: alert for alert in alerts.open_alerts(session)}
            judgements = list(judge(self._facts(session, now)))
            begun, over = self._patience.decide(judgements, lasting, now)
            for judged, since in begun:
                if alerts.begin(session, judged.subject, zh=judged.zh, en=judged.en, at=since):
                    log.warning("%s", judged.en)
            for alert, at in over:
                alerts.clear(session, alert.id, at)
                log.info("over: %s", alert.message_en)

    def _facts(self, session: Session, now: datetime) -> Facts:
        statuses = cameras.statuses(session)
        sessions = {held.id: held for held in schedule_view.on_now(session, now)}
        for held in schedule_view.next_up(session, now, most=100):
            if held.planned_start - now <= SESSION_AHEAD:
                sessions[held.id] = held
        known = cameras.enabled_cameras(session)
        use, left = self._use(session, now), self._free(self._folder) - self._reserve
        return Facts(
            now=now,
            cameras=[(row, statuses.get(row.id)) for row in known],
            causes=footage_gaps.lasting_causes(session, now),
            due=recording_times.due(session, known, now),
            recorder_seen_at=alerts.seen_at(session, "recorder"),
            sessions=list(sessions.values()),
            disk_days=use.days_left(left),
            disk_limit=self._disk_limit,
            disk_tight=use.days_left(left - use.daily / 2) is not None,
            disk_full=left < 0,
            kept_days=self._kept_days,
            faults=footage_checks.lasting_count(session),
            newest_fault=next(iter(footage_checks.lasting_faults(session, limit=1)), None),
            wrong_folder=footage_folder.trouble(self._engine, self._folder),
        )

    def _use(self, session: Session, now: datetime) -> DiskUse:
        if self._disk_use is None or now - self._disk_use[0] >= _DISK_USE_FOR:
            self._disk_use = now, disk_use(session, now, self._kept_days)
        return self._disk_use[1]


def main() -> None:
    """Watches the configured installation until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s alerter: %(message)s")
    stopped = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stopped.set())
    chosen = settings()
    chosen.footage_folder.mkdir(parents=True, exist_ok=True)
    channels = channels_in(chosen.alert_urls.get_secret_value())
    tellers = [
        threading.Thread(target=Teller(engine(), channel, channels).run, args=(stopped,), daemon=True)
        for channel in channels
    ]
    for teller in tellers:
        teller.start()
    Alerter(
        engine(),
        footage_folder=chosen.footage_folder,
        kept_days=chosen.online_days,
        disk_limit=chosen.disk_days,
        reserve_bytes=int(chosen.reserve_gb * 1e9),
    ).run(stopped)
    # What is on its way is written down, or it would go out again after the next start.
    deadline = time.monotonic() + _STOP_SECONDS
    for teller in tellers:
        teller.join(max(0.0, deadline - time.monotonic()))


if __name__ == "__main__":
    main()
