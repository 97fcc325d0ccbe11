"""The keeper process: archive copies, evidence packages, seals and checks of footage.

python -m media.keeper
"""

import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from data_access import workers
from data_access.engine import engine, transaction
from data_access.settings import Settings, settings
from media import integrity_duties, thumbnails
from media.archiver import Archiver
from media.duty import Duty
from media.evidence import duties as evidence_duties

log = logging.getLogger(__name__)

BEAT_SECONDS = 3.0  # its heartbeat must be younger than 10 s, however long a duty takes
_LOOK_SECONDS = 0.5
_ARCHIVE_SECONDS = 5.0


class Keeper:
    """Does its duties one after the other; one that fails is tried again at its next time."""

    def __init__(self, duties: Sequence[Duty], clock: Callable[[], float] = time.monotonic) -> None:
        self._duties = duties
        self._clock = clock
        self._due_at = dict.fromkeys((duty.name for duty in duties), 0.0)

    def run(self, stopped: threading.Event) -> None:
        """Works until `stopped`."""
        while not stopped.is_set():
            self.run_due(stopped)
            stopped.wait(_LOOK_SECONDS)

    def run_due(self, stopped: threading.Event | None = None) -> None:
        """Does once what is due."""
        for duty in self._duties:
            if stopped is not None and stopped.is_set():
                return
            if self._clock() < self._due_at[duty.name]:
                continue
            try:
                duty.run()
            except Exception:
                # Whatever is wrong with one duty, the others go on.
                log.exception("%s: tried again in %.0f s", duty.name, duty.every_seconds)
            self._due_at[duty.name] = self._clock() + duty.every_seconds


def beat(bind: Engine, stopped: threading.Event, every_seconds: float = BEAT_SECONDS) -> None:
    """Says that the keeper is alive, until `stopped`."""
    while not stopped.is_set():
        try:
            with transaction(bind) as session:
                workers.beat(session, "keeper", datetime.now(UTC))
        except SQLAlchemyError as error:
            log.warning("the database is not available: %s", type(error).__name__)
        stopped.wait(every_seconds)


def all_duties(bind: Engine, chosen: Settings) -> list[Duty]:
    """What the installation's keeper has to do."""
    building = evidence_duties.Building(bind, chosen.footage_folder, chosen.exports_folder)
    archiver = Archiver.of(bind, chosen)
    sweeping = thumbnails.Sweeping(bind, thumbnails.folder_in(chosen.home))
    return [
        Duty("evidence packages", evidence_duties.EVERY, building.run),
        *([Duty("archive", 5, archiver.work)] if archiver else []),
        *integrity_duties.duties(bind, chosen.footage_folder),
        Duty("thumbnails", thumbnails.SWEPT_EVERY, sweeping.run),
    ]


def main() -> None:
    """Keeps the footage of the configured installation until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s keeper: %(message)s")
    stopped = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stopped.set())
    chosen = settings()
    keeper = Keeper(all_duties(engine(), chosen))
    # All that it does can be broken off and taken up again: the process need not wait for a long copy.
    threading.Thread(target=keeper.run, args=(stopped,), name="duties", daemon=True).start()
    beat(engine(), stopped)


if __name__ == "__main__":
    main()
