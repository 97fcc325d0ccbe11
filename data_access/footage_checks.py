"""Runs of the integrity check, and the faults that they found."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from data_access.models import Camera, FootageCheck, FootageFaultFound
from domain.vocabulary import FootageFault


@dataclass(frozen=True)
class CheckRow:
    """A run of the check; `ended_at` is None while it runs, or when it was broken off."""

    id: int
    full: bool
    began_at: datetime
    ended_at: datetime | None
    segments: int
    size: int  # bytes that were read


@dataclass(frozen=True)
class FaultRow:
    """Something that a check found; `mended_at` is None while it lasts."""

    id: int
    kind: FootageFault
    camera_id: int | None
    camera_name: str  # empty: of no camera
    started_at: datetime | None  # of the segment concerned
    path: str  # relative to the footage folder
    detail: str  # Chinese and English with a stroke between
    found_at: datetime
    quarantined_to: str  # relative to the footage folder; empty: it was left where it is
    mended_at: datetime | None


def begin(session: Session, *, full: bool, at: datetime) -> int:
    """Enters a check that begins; returns its id."""
    check = FootageCheck(full=full, began_at=at)
    session.add(check)
    session.flush()
    return check.id


def end(session: Session, check_id: int, *, segments: int, size: int, at: datetime) -> None:
    """The check is done: how many segments were looked at, and how many bytes of files were read."""
    session.execute(
        update(FootageCheck)
        .where(FootageCheck.id == check_id)
        .values(ended_at=at, segments=segments, size=size)
        .execution_options(synchronize_session=False)
    )


def last_check(session: Session, *, full: bool | None = None) -> CheckRow | None:
    """The check that ended last; `full`: of that sort."""
    query = select(FootageCheck).where(FootageCheck.ended_at.is_not(None))
    if full is not None:
        query = query.where(FootageCheck.full == full)
    row = session.scalar(query.order_by(FootageCheck.ended_at.desc()).limit(1))
    if row is None:
        return None
    return CheckRow(row.id, row.full, row.began_at, row.ended_at, row.segments, row.size)


def add_fault(
    session: Session,
    check_id: int,
    *,
    kind: FootageFault,
    camera_id: int | None,
    started_at: datetime | None,
    path: str,
    detail: str,
    at: datetime,
    quarantined_to: str = "",
) -> int:
    """Enters a fault, unless it is known and lasts; returns its id."""
    same = (
        FootageFaultFound.kind == kind.value,
        FootageFaultFound.camera_id.is_not_distinct_from(camera_id),
        FootageFaultFound.started_at.is_not_distinct_from(started_at),
        FootageFaultFound.path == path,
        FootageFaultFound.mended_at.is_(None),
    )
    known = session.scalar(select(FootageFaultFound.id).where(*same).limit(1))
    if known is not None:
        return known
    made = FootageFaultFound(
        check_id=check_id,
        kind=kind.value,
        camera_id=camera_id,
        started_at=started_at,
        path=path,
        detail=detail,
        found_at=at,
        quarantined_to=quarantined_to,
    )
    session.add(made)
    session.flush()
    return made.id


def lasting_faults(session: Session, limit: int | None = None) -> list[FaultRow]:
    """What was found and not found well since, the latest first."""
    rows = session.execute(
        select(FootageFaultFound, Camera.name)
        .outerjoin(Camera, Camera.id == FootageFaultFound.camera_id)
        .where(FootageFaultFound.mended_at.is_(None))
        .order_by(FootageFaultFound.found_at.desc(), FootageFaultFound.id.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [_fault(row, name) for row, name in rows]


def lasting_count(session: Session) -> int:
    """How many faults last."""
    count = select(func.count()).where(FootageFaultFound.mended_at.is_(None))
    return session.scalar(count) or 0


def _fault(row: FootageFaultFound, camera_name: str | None) -> FaultRow:
    return FaultRow(
        id=row.id,
        kind=FootageFault(row.kind),
        camera_id=row.camera_id,
        camera_name=camera_name or "",
        started_at=row.started_at,
        path=row.path,
        detail=row.detail,
        found_at=row.found_at,
        quarantined_to=row.quarantined_to,
        mended_at=row.mended_at,
    )


def mend(session: Session, fault_ids: Collection[int], at: datetime) -> None:
    """A later check looked there again and found all well."""
    session.execute(
        update(FootageFaultFound)
        .where(FootageFaultFound.id.in_(fault_ids))
        .values(mended_at=at)
        .execution_options(synchronize_session=False)
    )
