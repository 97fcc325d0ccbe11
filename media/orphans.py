"""Files in the footage folder that no row tells of: found, and set aside, never deleted."""

import os
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data_access import footage_doomed, footage_integrity
from data_access.engine import transaction
from data_access.footage_integrity import DAY
from media.footage_folder import MARKER, QUARANTINE
from media.integrity_scope import Scope
from media.segment_file import PART
from media.segment_names import camera_of, start_in_name

# A recorder recovers what it finds in a shelf's two newest days with files (media.segment_file.left_behind).
_RECOVERED_DAYS = 2
_AHEAD = timedelta(hours=25)  # a clock that is set back makes footage of the future, though not of days
_JUST_NOW = 30.0  # seconds; a camera's groups of pictures are shorter
_NOT_OURS = frozenset({QUARANTINE, "lost+found"})  # the latter is the file system's own


def without_row(engine: Engine, folder: Path, scope: Scope, now: datetime) -> tuple[list[str], list[str]]:
    """The files that are nobody's, and those that wait for the recorder to publish them."""
    orphans: list[str] = []
    waiting: list[str] = []
    for names in _by_folder(folder):
        paths = [name for name in names if scope.has(name)]
        with transaction(engine) as session:
            for path in _unknown(session, paths):
                (waiting if _waits(session, folder, path, now) else orphans).append(path)
    return orphans, waiting


def is_being_written(folder: Path, path: str) -> bool:
    """Whether the file grew a moment ago, or is called otherwise by now."""
    try:
        return time.time() - (folder / path).stat().st_mtime < _JUST_NOW
    except FileNotFoundError:
        return True


def still_without_row(engine: Engine, folder: Path, path: str) -> bool:
    """Whether the file is there and nobody's after a while: it was not just being published or deleted."""
    with transaction(engine) as session:
        return (folder / path).is_file() and bool(_unknown(session, [path]))


def _by_folder(folder: Path) -> Iterator[list[str]]:
    """The paths of all files, folder by folder."""
    for place, folders, files in os.walk(folder):
        relative = Path(place).relative_to(folder)
        if relative == Path():
            folders[:] = [name for name in folders if name not in _NOT_OURS]
            files = [name for name in files if not name.startswith(MARKER)]  # noqa: PLW2901
        folders.sort()
        if files:
            yield [(relative / name).as_posix() for name in sorted(files)]


def _unknown(session: Session, paths: list[str]) -> list[str]:
    """Those of the paths of one folder that no row tells of and nobody is about to delete."""
    named = [at for path in paths if (at := start_in_name(path)) is not None]
    left = set(paths)
    if named:  # their rows lie in a day or two of the index
        left -= footage_integrity.known_paths(session, left, (min(named), max(named) + DAY))
    if left:
        left -= footage_integrity.known_paths(session, left)
    if left:
        left -= footage_doomed.doomed(session, left)
    return sorted(left)


def _waits(session: Session, folder: Path, path: str, now: datetime) -> bool:
    """Whether a recorder is writing the file, or will publish it: it lies where one recovers."""
    camera_id, started_at = camera_of(path), start_in_name(path)
    if camera_id is None or started_at is None or started_at > now + _AHEAD:
        return False
    if not footage_integrity.is_camera(session, camera_id):
        return False
    shelf = path.partition("/")[0]
    days = sorted(day for day in (folder / shelf).glob("*/*/*") if day.is_dir())[-_RECOVERED_DAYS:]
    if (folder / path).parent not in days:
        return False
    if path.endswith(PART):
        return True
    # Rows are written in order: a closed file waits only if it is newer than all that have one.
    newest = footage_integrity.newest_end(session, camera_id, shelf)
    return newest is None or started_at >= newest - timedelta(seconds=1)


def quarantine(folder: Path, path: str) -> str:
    """Sets a file aside below `quarantine/`, with its path kept; returns where it lies now.

    Raises:
        OSError: it cannot be moved.
    """
    target = folder / QUARANTINE / path
    number = 1
    while target.exists():
        number += 1
        target = folder / QUARANTINE / f"{path}.{number}"
    target.parent.mkdir(parents=True, exist_ok=True)
    (folder / path).rename(target)
    for place in (target.parent, (folder / path).parent):
        descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    return target.relative_to(folder).as_posix()
