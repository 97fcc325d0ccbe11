"""Whose the footage folder is: a marker file in it bears the installation's identity.

Nothing is written into, deleted from or accused in a folder that is another installation's, or that is an
empty mount point: the disk that belongs there is not mounted.
"""

import contextlib
import logging
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from data_access import footage_integrity
from data_access.engine import transaction
from data_access.models import FootageOpenSegment, FootageSegment, Installation

log = logging.getLogger(__name__)

MARKER = ".mingjing"
QUARANTINE = "quarantine"
_NOTE = "明镜录像目录的标识，请勿改动或删除 / marks Mingjing's footage folder; do not change or delete\n"
_LOOKED_FOR = 20  # newest segments; of a folder without a marker one of them must be there


class WrongFolder(Exception):
    """The footage folder cannot be used: what is wrong and what to do, in Chinese and English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en


def claim(engine: Engine, folder: Path) -> None:
    """Makes sure that the folder is this database's; the first use marks it as such.

    Quick enough to be asked before every writing. Several processes may ask at once.

    Raises:
        WrongFolder: it bears another identity, or none although there is footage: it is not mounted.
    """
    marked = _marked(folder)
    with transaction(engine) as session:
        known = footage_integrity.installation(session)
        if marked and marked == known:
            return
        if marked:
            raise _of_another(folder)
        _refuse_unless_new(session, folder, known)
    # First the identity, for good, then the marker: a start that breaks off between is simply done again.
    identity = known or _make_identity(engine)
    try:
        _write_marker(folder, identity)
    except OSError as error:
        raise WrongFolder(
            f"录像目录 {folder} 无法写入，请检查磁盘和权限",
            f"the footage folder {folder} cannot be written, check disk and permissions: {error.strerror}",
        ) from error
    if _marked(folder) != identity:  # another installation was a moment faster
        raise _of_another(folder)


def trouble(engine: Engine, folder: Path) -> WrongFolder | None:
    """What is wrong with the folder of an installation that has claimed one before; None: nothing is."""
    with transaction(engine) as session:
        if not footage_integrity.installation(session):
            return None
    try:
        claim(engine, folder)
    except WrongFolder as wrong:
        return wrong
    return None


def _make_identity(engine: Engine) -> str:
    made = {"id": 1, "identity": secrets.token_hex(16), "made_at": datetime.now(UTC)}
    with transaction(engine) as session:
        # Whoever comes second waits here for the first, and then takes what that one made.
        session.execute(insert(Installation).values(made).on_conflict_do_nothing())
    with transaction(engine) as session:
        return footage_integrity.installation(session)


def _marked(folder: Path) -> str:
    """The identity in the folder's marker; empty when there is none."""
    try:
        return (folder / MARKER).read_text(encoding="utf-8").partition("\n")[0].strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise WrongFolder(
            f"录像目录 {folder} 的标识无法读取，请检查磁盘和权限",
            f"the marker of the footage folder {folder} cannot be read, check disk and permissions: {error}",
        ) from error


def _of_another(folder: Path) -> WrongFolder:
    return WrongFolder(
        f"录像目录 {folder} 属于另一套系统的数据库；请挂载本系统的录像磁盘，"
        "或更正 MINGJING_FOOTAGE 与 DATABASE_URL",
        f"the footage folder {folder} belongs to another database; mount this installation's disk, "
        "or correct MINGJING_FOOTAGE or DATABASE_URL",
    )


def _refuse_unless_new(session: Session, folder: Path, known: str) -> None:
    """Lets a folder without marker pass if it is new, or of a time before there were markers."""
    if not _has_footage(session):
        if _has_segments(folder):
            raise _of_another(folder)
        return
    if not known and _has_newest(session, folder):
        return
    zh = f"录像目录 {folder} 没有标识，而数据库中已有录像：多半是录像磁盘未挂载，请挂载"
    en = (
        f"the footage folder {folder} has no marker although there is footage: "
        "its disk is not mounted, mount it"
    )
    if known:
        zh += f"；如确认目录无误只是标识丢失，请将 {known} 写入 {folder / MARKER}"
        en += f"; if it is the right folder and only lost its marker, write {known} into {folder / MARKER}"
    raise WrongFolder(zh, en)


def _has_footage(session: Session) -> bool:
    rows = (FootageSegment.camera_id, FootageOpenSegment.camera_id)
    return any(session.scalar(select(row).limit(1)) is not None for row in rows)


def _has_segments(folder: Path) -> bool:
    return next(folder.glob("*/[0-9][0-9][0-9][0-9]/*/*/*.mp4*"), None) is not None


def _has_newest(session: Session, folder: Path) -> bool:
    newest = select(FootageSegment.path).order_by(FootageSegment.started_at.desc()).limit(_LOOKED_FOR)
    return any((folder / path).is_file() for path in session.scalars(newest))


def _write_marker(folder: Path, identity: str) -> None:
    """Puts the marker there whole or not at all, and only if there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / MARKER).exists():
        return
    trial = folder / f"{MARKER}.{secrets.token_hex(4)}"
    try:
        with trial.open("x", encoding="utf-8") as file:
            file.write(f"{identity}\n{_NOTE}")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(trial, folder / MARKER)
            log.info("%s is marked as the footage folder of this installation", folder)
    finally:
        trial.unlink(missing_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
