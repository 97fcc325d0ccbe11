"""The keeper's duties for integrity: sealing past days, and the nightly check."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from data_access import footage_checks
from data_access.engine import transaction
from domain.periods import SHANGHAI
from media.duty import Duty
from media.footage_folder import WrongFolder
from media.integrity import AlreadyChecking, check
from media.read_back import Pace
from media.sealing import seal_days

log = logging.getLogger(__name__)

QUIET_HOURS = range(2, 6)  # in Asia/Shanghai: nobody evaluates or watches then
# A machine that is off at night checks when it is on.
_LATEST = timedelta(hours=36)
_NIGHT = timedelta(hours=12)
_SEAL_SECONDS, _LOOK_SECONDS = 300.0, 300.0
_BYTES_A_SECOND = 40e6  # a fraction of what a disk gives: recording goes on beside it


def duties(
    engine: Engine, folder: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> list[Duty]:
    """What the keeper does for the footage to stay whole."""
    return [
        Duty("sealing", _SEAL_SECONDS, lambda: seal(engine, folder, now())),
        Duty("nightly check", _LOOK_SECONDS, lambda: check_nightly(engine, folder, now())),
    ]


def seal(engine: Engine, folder: Path, now: datetime) -> None:
    """Seals the days that are over; a folder that is not there is told by the alerter."""
    try:
        seal_days(engine, folder, now)
    except WrongFolder as wrong:
        log.warning("nothing is sealed: %s", wrong)


def check_nightly(engine: Engine, folder: Path, now: datetime) -> bool:
    """Reads back a sample once a night; returns whether it was time."""
    with transaction(engine) as session:
        last = footage_checks.last_check(session)
    if not is_due(now, last.began_at if last else None):
        return False
    try:
        report = check(engine, folder, full=False, now=now, pace=Pace(_BYTES_A_SECOND))
    except (WrongFolder, AlreadyChecking) as error:
        log.warning("no check tonight yet: %s", error)
        return False
    log.info("%d segments checked, %d faults", report.segments, len(report.faults))
    return True


def is_due(now: datetime, last_began_at: datetime | None) -> bool:
    """Whether the nightly check is to begin now; the first one comes with the first night."""
    quiet = now.astimezone(SHANGHAI).hour in QUIET_HOURS
    if last_began_at is None:
        return quiet
    since = now - last_began_at
    return since >= _LATEST or (quiet and since >= _NIGHT)
