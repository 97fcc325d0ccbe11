"""Copies of whole sessions in other storage: which are due, and how far they are.

Due is every finished session on the floor and every evaluation, on each camera of its room that recorded it.
Source of the years: 政府采购法 art. 42 (15 years).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from data_access.footage import Stretch
from data_access.footage_holds import AROUND_SESSION
from data_access.models import Camera, FootageArchive, FootageRun, Room, TradingSession
from domain.vocabulary import FLOOR_SESSION_TYPES, ArchiveStatus, SessionStatus, SessionType

_ARCHIVED_TYPES = (*FLOOR_SESSION_TYPES, SessionType.EVALUATION)
_SETTLED = timedelta(minutes=15)  # after the footage's end: the last segment is closed and published then

_starts: ColumnElement[datetime] = (
    func.coalesce(TradingSession.actual_start, TradingSession.planned_start) - AROUND_SESSION
)
_ends: ColumnElement[datetime | None] = TradingSession.actual_end + AROUND_SESSION


@dataclass(frozen=True)
class ArchiveJob:
    """One camera's footage of a finished session, to be copied."""

    session_id: int
    session_code: str
    session_type: str  # domain.vocabulary.SessionType
    session_end: datetime
    room_name: str
    camera_id: int
    camera_name: str
    footage: Stretch

    @property
    def key(self) -> tuple[int, int]:
        """What names it within a storage."""
        return self.session_id, self.camera_id


@dataclass(frozen=True)
class ArchiveState:
    """How far the archive is."""

    waiting: int  # cameras' sessions that are not begun
    copying: int
    verified: int
    failed: int
    size: int  # bytes that are verified
    last_verified_at: datetime | None
    error: str  # of the copy that failed last; empty: none has failed


def next_job(
    session: Session, target: str, now: datetime, leave_out: Collection[tuple[int, int]] = ()
) -> ArchiveJob | None:
    """What is to be copied next, the session that ended first; None: all is there.

    Args:
        leave_out: keys of jobs that are not to be tried now.
    """
    query = _due(target, now).add_columns(
        TradingSession.id,
        TradingSession.code,
        TradingSession.type,
        TradingSession.actual_end,
        Room.name,
        Camera.id,
        Camera.name,
        _starts,
        _ends,
    )
    if leave_out:
        query = query.where(tuple_(TradingSession.id, Camera.id).not_in(list(leave_out)))
    row = session.execute(query.order_by(TradingSession.actual_end, TradingSession.id, Camera.id)).first()
    if row is None:
        return None
    session_id, code, kind, ended_at, room, camera_id, camera, start, end = row
    return ArchiveJob(session_id, code, kind, ended_at, room, camera_id, camera, Stretch(start, end))


def _due(target: str, now: datetime) -> Select[*tuple[Any, ...]]:
    done = exists().where(
        FootageArchive.session_id == TradingSession.id,
        FootageArchive.camera_id == Camera.id,
        FootageArchive.target == target,
        FootageArchive.status == ArchiveStatus.VERIFIED,
    )
    recorded = exists().where(
        FootageRun.camera_id == Camera.id, FootageRun.started_at < _ends, FootageRun.ended_at > _starts
    )
    return (
        select()
        .select_from(TradingSession)
        .join(Room, Room.id == TradingSession.room_id)
        .join(Camera, Camera.room_id == Room.id)
        .where(
            TradingSession.type.in_(_ARCHIVED_TYPES),
            TradingSession.status == SessionStatus.DONE,
            TradingSession.actual_end > _oldest_footage(),
            TradingSession.actual_end <= now - AROUND_SESSION - _SETTLED,
            recorded,
            ~done,
        )
    )


def _oldest_footage() -> ColumnElement[datetime]:
    return select(func.min(FootageRun.started_at)).scalar_subquery()


def begin(session: Session, job: ArchiveJob, target: str, folder: str, keep_until: date) -> int:
    """Notes that a job is being copied, anew if it was before; returns the copy's id."""
    told = {
        "folder": folder,
        "status": ArchiveStatus.COPYING.value,
        "started_at": job.footage.start,
        "ended_at": job.footage.end,
        "keep_until": keep_until,
    }
    new = insert(FootageArchive).values(
        session_id=job.session_id, camera_id=job.camera_id, target=target, **told
    )
    made = new.on_conflict_do_update(
        index_elements=["session_id", "camera_id", "target"], set_=told
    ).returning(FootageArchive.id)
    return session.scalars(made).one()


def finish(
    session: Session, copy_id: int, *, segments: int, size: int, manifest_sha256: bytes, at: datetime
) -> None:
    """The copy was read back and is what was recorded."""
    _change(
        session,
        copy_id,
        status=ArchiveStatus.VERIFIED.value,
        segments=segments,
        size=size,
        manifest_sha256=manifest_sha256,
        copied_at=at,
        verified_at=at,
        error="",
    )


def fail(session: Session, copy_id: int, error: str) -> None:
    """The copy could not be made; it will be tried again."""
    _change(session, copy_id, status=ArchiveStatus.FAILED.value, error=error)


def _change(session: Session, copy_id: int, **told: object) -> None:
    session.execute(
        update(FootageArchive)
        .where(FootageArchive.id == copy_id)
        .values(**told)
        .execution_options(synchronize_session=False)
    )


def has_verified(session: Session, target: str) -> bool:
    """Whether a whole copy lies in that storage."""
    found = exists().where(
        FootageArchive.target == target, FootageArchive.status == ArchiveStatus.VERIFIED.value
    )
    return bool(session.scalar(select(found)))


def state(session: Session, target: str, now: datetime) -> ArchiveState:
    """How far the archive in that storage is."""
    due = session.scalar(
        select(func.count()).select_from(_due(target, now).add_columns(Camera.id).subquery())
    )
    counts: dict[str, int] = {}
    size, verified_at = 0, None
    rows = session.execute(
        select(
            FootageArchive.status,
            func.count(),
            func.coalesce(func.sum(FootageArchive.size), 0),
            func.max(FootageArchive.verified_at),
        )
        .where(FootageArchive.target == target)
        .group_by(FootageArchive.status)
    )
    for status, count, its_size, last in rows:
        counts[status] = count
        if status == ArchiveStatus.VERIFIED:
            size, verified_at = int(its_size), last
    begun = counts.get(ArchiveStatus.COPYING, 0) + counts.get(ArchiveStatus.FAILED, 0)
    error = session.scalar(
        select(FootageArchive.error)
        .where(FootageArchive.target == target, FootageArchive.status == ArchiveStatus.FAILED.value)
        .order_by(FootageArchive.id.desc())
        .limit(1)
    )
    return ArchiveState(
        waiting=max(0, (due or 0) - begun),
        copying=counts.get(ArchiveStatus.COPYING, 0),
        verified=counts.get(ArchiveStatus.VERIFIED, 0),
        failed=counts.get(ArchiveStatus.FAILED, 0),
        size=size,
        last_verified_at=verified_at,
        error=error or "",
    )
