"""Footage that is older than it is kept."""

from datetime import datetime

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from data_access.models import FootageGap, FootageOpenSegment, FootageRun, FootageSegment


def expired_paths(
    session: Session, camera_id: int, before: datetime, limit: int = 500
) -> list[tuple[datetime, str]]:
    """Start and path of the camera's oldest segments that ended before `before`."""
    rows = session.execute(
        select(FootageSegment.started_at, FootageSegment.path)
        .where(FootageSegment.camera_id == camera_id, FootageSegment.ended_at <= before)
        .order_by(FootageSegment.started_at)
        .limit(limit)
    )
    return [(started_at, path) for started_at, path in rows]


def forget(session: Session, camera_id: int, started_at: datetime) -> None:
    """Deletes the row of a segment whose file is gone; its run begins where the segment ended."""
    run_id, ended_at = session.execute(
        delete(FootageSegment)
        .where(FootageSegment.camera_id == camera_id, FootageSegment.started_at == started_at)
        .returning(FootageSegment.run_id, FootageSegment.ended_at)
    ).one()
    session.execute(
        update(FootageRun)
        .where(FootageRun.id == run_id)
        .values(started_at=ended_at)
        .execution_options(synchronize_session=False)
    )


def forget_left_open(session: Session, camera_id: int, before: datetime) -> str | None:
    """Deletes the row of an open segment that ended before `before`: nobody came back to close it.

    Returns:
        The path of its file; None when there is none such.
    """
    return session.scalar(
        delete(FootageOpenSegment)
        .where(FootageOpenSegment.camera_id == camera_id, FootageOpenSegment.ended_at <= before)
        .returning(FootageOpenSegment.path)
    )


def forget_empty(session: Session, camera_id: int, before: datetime) -> None:
    """Deletes the ledger's entries and the emptied runs that ended before `before`."""
    session.execute(
        delete(FootageGap).where(FootageGap.camera_id == camera_id, FootageGap.ended_at <= before)
    )
    session.execute(
        delete(FootageRun)
        .where(
            FootageRun.camera_id == camera_id,
            FootageRun.ended_at <= before,
            ~exists().where(FootageSegment.run_id == FootageRun.id),
        )
        .execution_options(synchronize_session=False)
    )
