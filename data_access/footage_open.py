"""The segment that a camera's recorder is writing now: its whole fragments are footage already.

Its row is written after every fragment, goes with the transaction that publishes the segment, and is removed
by a recorder that starts. One that a dead recorder left behind still tells of fragments that are on disk.
"""

from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Table, and_, bindparam, delete, func, literal, or_, select, text, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from data_access.models import FootageOpenSegment, FootageRun

# One statement, written once: this is what a recorder asks of the database most often. The row is of no use
# after a power cut, so the recorder need not wait for the disk.
_GROW = text(
    """
    INSERT INTO footage_open_segment (camera_id, started_at, ended_at, run_id, path, size, sample_index)
    SELECT :camera_id, :started_at, :ended_at, :run_id, :path, :size, :sample_index
    FROM set_config('synchronous_commit', 'off', true)
    ON CONFLICT (camera_id) DO UPDATE SET
        started_at = excluded.started_at, ended_at = excluded.ended_at, run_id = excluded.run_id,
        path = excluded.path, size = excluded.size, sample_index = excluded.sample_index
    """
)


def grow(
    session: Session,
    camera_id: int,
    *,
    started_at: datetime,
    ended_at: datetime,
    run_id: int,
    path: str,
    size: int,
    sample_index: bytes,
) -> None:
    """Writes how far the camera's open segment has come; a row of another segment makes room."""
    told = {
        "camera_id": camera_id,
        "started_at": started_at,
        "ended_at": ended_at,
        "run_id": run_id,
        "path": path,
        "size": size,
        "sample_index": sample_index,
    }
    session.execute(_GROW, told)


def forget(session: Session, camera_id: int, begun_by: datetime | None = None) -> None:
    """Removes the camera's row; with `begun_by` only if its segment started then or before."""
    row = delete(FootageOpenSegment).where(FootageOpenSegment.camera_id == camera_id)
    session.execute(row if begun_by is None else row.where(FootageOpenSegment.started_at <= begun_by))


_COLUMNS = cast("Table", FootageOpenSegment.__table__).c
_OVERLAPS = and_(
    _COLUMNS.camera_id == bindparam("camera_id"),
    _COLUMNS.started_at < bindparam("end"),
    _COLUMNS.ended_at > bindparam("start"),
)
# With the columns of `footage.Segment`; for that module only.
OVERLAPPING = select(
    _COLUMNS.camera_id,
    _COLUMNS.started_at,
    _COLUMNS.ended_at,
    _COLUMNS.run_id,
    _COLUMNS.path,
    _COLUMNS.size,
    literal(b""),
    literal(b""),
    _COLUMNS.sample_index,
    true(),
).where(_OVERLAPS)
_STRETCH = select(_COLUMNS.started_at, _COLUMNS.ended_at).where(_OVERLAPS)


def of_camera(
    session: Session, camera_id: int, start: datetime, end: datetime
) -> tuple[datetime, datetime] | None:
    """From when to when the camera's open segment reaches, if it overlaps [start, end)."""
    found = session.execute(_STRETCH, {"camera_id": camera_id, "start": start, "end": end}).one_or_none()
    return None if found is None else (found.started_at, found.ended_at)


def run_end() -> ColumnElement[datetime]:
    """Where a run's footage ends, the open segment included; to be selected beside `FootageRun`."""
    still_open = (
        select(FootageOpenSegment.ended_at)
        .where(
            FootageOpenSegment.camera_id == FootageRun.camera_id, FootageOpenSegment.run_id == FootageRun.id
        )
        .correlate(FootageRun)
        .scalar_subquery()
    )
    return func.greatest(FootageRun.ended_at, still_open)


def run_reaches_beyond(
    instant: ColumnElement[datetime] | InstrumentedAttribute[datetime] | datetime,
) -> ColumnElement[bool]:
    """Whether a run has footage after the instant; of all runs, only those being written are looked up."""
    being_written = FootageRun.id.in_(select(FootageOpenSegment.run_id))
    return or_(FootageRun.ended_at > instant, and_(being_written, run_end() > instant))
