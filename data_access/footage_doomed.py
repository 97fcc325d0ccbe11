"""Files that are to be deleted: their rows are gone by rule, in a transaction that nobody's hold was against.

The list outlives a kill, so a file is deleted sooner or later, and no row ever tells of a file that is gone.
A day of which all goes is its own list: the table of its rows, detached from `footage_segment`.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from data_access.models import FootageDoomed

_DAY_APART = "footage_segment_expired_"


def doom(session: Session, paths: Collection[str], at: datetime) -> None:
    """Puts files on the list, in the transaction that deletes their rows."""
    if paths:
        new = insert(FootageDoomed).on_conflict_do_nothing()
        session.execute(new, [{"path": path, "doomed_at": at} for path in paths])


def some_doomed(session: Session, limit: int = 2000) -> list[str]:
    """Paths of files on the list."""
    return list(session.scalars(select(FootageDoomed.path).order_by(FootageDoomed.path).limit(limit)))


def are_gone(session: Session, paths: Sequence[str]) -> None:
    """Takes files off the list: they are deleted, for good."""
    session.execute(delete(FootageDoomed).where(FootageDoomed.path.in_(paths)))


def doomed(session: Session, paths: Collection[str]) -> set[str]:
    """Those of the paths that are on a list: files without a row, which are no orphans."""
    found = set(session.scalars(select(FootageDoomed.path).where(FootageDoomed.path.in_(paths))))
    for table in days_apart(session):
        named = text(f"SELECT path FROM {table} WHERE path = ANY(:paths)")  # noqa: S608
        found.update(session.scalars(named, {"paths": list(paths)}))
    return found


def set_day_apart(session: Session, day: date) -> None:
    """Makes the table of a day's rows a list of files to be deleted; nobody finds its footage any more.

    Waits for whoever reads footage; the caller sets how long.
    """
    table = f"footage_segment_{day:%Y%m%d}"
    session.execute(text(f"ALTER TABLE footage_segment DETACH PARTITION {table}"))
    session.execute(text(f"ALTER TABLE {table} RENAME TO {_DAY_APART}{day:%Y%m%d}"))


def days_apart(session: Session) -> list[str]:
    """The tables of days whose files are to be deleted."""
    named = text("SELECT relname FROM pg_class WHERE relkind = 'r' AND starts_with(relname, :prefix)")
    return sorted(session.scalars(named, {"prefix": _DAY_APART}))


def paths_in(session: Session, table: str) -> list[str]:
    """The paths of a day that is set apart."""
    return list(session.scalars(text(f"SELECT path FROM {table}")))  # noqa: S608


def drop_day(session: Session, table: str) -> None:
    """Drops the table of a day whose files are gone."""
    session.execute(text(f"DROP TABLE IF EXISTS {table}"))
