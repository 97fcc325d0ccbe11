"""Deletes footage that is older than it is kept, by whole days (UTC); for want of room piece by piece.

First the rows, then the files: the list of files to be deleted outlives a kill (data_access.footage_doomed).
"""

import logging
import os
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from data_access import footage_doomed, footage_expiry, footage_integrity
from data_access.engine import transaction
from data_access.footage import LONGEST_SEGMENT
from data_access.footage_after_expiry import settle_ledger
from media.footage_folder import WrongFolder, claim

log = logging.getLogger(__name__)


def expire(engine: Engine, folder: Path, now: datetime, default_days: int) -> int:
    """Deletes the days that are beyond their camera's days, removed cameras' too; returns how many segments.

    What is held stays. What cannot be done now, as somebody is busy with it, is done by the next round.
    """
    if not _is_ours(engine, folder):
        return 0
    delete_doomed(engine, folder)
    with transaction(engine) as session:
        ends = footage_expiry.ends_of_window(session, now, default_days)
        days = footage_expiry.days_with_rows(session, max(ends.values(), default=now))
    count, busy = 0, False
    for day in days:
        try:
            count += _expire_day(engine, day, ends, now)
        except OperationalError as error:
            log.warning("%s does not expire in this round: %s", day, error.orig)
            busy = True
        delete_doomed(engine, folder)
    if not busy:
        _settle(engine, folder, ends, now)
    if count:
        log.info("%d expired segments deleted", count)
    return count


def _is_ours(engine: Engine, folder: Path) -> bool:
    """Whether files may be deleted here: a folder that is not mounted would only lose its rows."""
    with transaction(engine) as session:
        marked = footage_integrity.installation(session)
    try:
        if marked:
            claim(engine, folder)
    except WrongFolder as wrong:
        log.warning("nothing expires: %s", wrong)
        return False
    return True


def _expire_day(engine: Engine, day: date, ends: dict[int, datetime], now: datetime) -> int:
    due = {camera_id: end for camera_id, end in ends.items() if footage_expiry.whole_day_is_beyond(day, end)}
    if not due:
        return 0
    with transaction(engine) as session:
        count = footage_expiry.expire_whole_day(session, day, due)
        camera_ids = footage_expiry.cameras_on(session, day) if count is None else set()
    if count is not None:
        return count
    gone = 0
    # A transaction a camera: while it lasts nobody can mark or hold anything.
    for camera_id in due.keys() & camera_ids:
        with transaction(engine) as session:
            gone += len(footage_expiry.expire_rows(session, day, {camera_id: due[camera_id]}, now))
    return gone


def _settle(engine: Engine, folder: Path, ends: dict[int, datetime], now: datetime) -> None:
    """What is left besides closed segments: the ledger, and open ones that nobody came back to."""
    for camera_id, end in ends.items():
        midnight = datetime.combine((end - LONGEST_SEGMENT).astimezone(UTC).date(), time(), UTC)
        try:
            with transaction(engine) as session:
                footage_expiry.begin_deleting(session)
                footage_expiry.expire_left_open(session, camera_id, end, now)
                settle_ledger(session, camera_id, midnight)
        except OperationalError as error:
            log.warning("the ledger of camera %d is settled by the next round: %s", camera_id, error.orig)
    delete_doomed(engine, folder)


def make_room(engine: Engine, folder: Path, now: datetime, default_days: int, wanted: int) -> int:
    """Deletes the oldest footage that is beyond its days and not held, at once.

    Args:
        wanted: bytes after which it is enough.

    Returns:
        The bytes that were deleted; 0: there is nothing that may go.
    """
    delete_doomed(engine, folder)
    with transaction(engine) as session:
        ends = footage_expiry.ends_of_window(session, now, default_days)
        days = footage_expiry.days_with_rows(session, max(ends.values(), default=now))
    freed = 0
    for day in days:
        with transaction(engine) as session:
            gone = footage_expiry.expire_rows(session, day, ends, now, at_most=wanted - freed)
            newest: dict[int, datetime] = {}
            for segment in gone:
                newest[segment.camera_id] = segment.ended_at
            for camera_id, until in newest.items():
                settle_ledger(session, camera_id, until)
        delete_doomed(engine, folder)
        freed += sum(segment.size for segment in gone)
        if freed >= wanted:
            break
    return freed


def delete_doomed(engine: Engine, folder: Path) -> None:
    """Deletes the files whose rows are gone, also what a killed process has left of them."""
    while paths := _some_doomed(engine):
        deleted = _delete_files(folder, paths)
        with transaction(engine) as session:
            footage_doomed.are_gone(session, deleted)
        if len(deleted) < len(paths):
            return  # the disk refuses; the next round tries again
    with transaction(engine) as session:
        tables = footage_doomed.days_apart(session)
    for table in tables:
        with transaction(engine) as session:
            paths = footage_doomed.paths_in(session, table)
        if len(_delete_files(folder, paths)) == len(paths):
            with transaction(engine) as session:
                footage_doomed.drop_day(session, table)


def _some_doomed(engine: Engine) -> list[str]:
    with transaction(engine) as session:
        return footage_doomed.some_doomed(session)


def _delete_files(folder: Path, paths: Iterable[str]) -> list[str]:
    """Deletes files and the day folders that are empty then; returns which are gone for good."""
    gone: dict[Path, list[str]] = defaultdict(list)
    for path in paths:
        try:
            (folder / path).unlink(missing_ok=True)
            gone[(folder / path).parent].append(path)
        except OSError as error:
            log.warning("%s cannot be deleted: %s", path, error.strerror)
    for parent in gone:
        _settle_folder(parent)
    return [path for those in gone.values() for path in those]


def _settle_folder(parent: Path) -> None:
    """Makes sure that deleted names do not come back after a power cut; an empty folder goes."""
    try:
        descriptor = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if not any(parent.iterdir()):
        parent.rmdir()
