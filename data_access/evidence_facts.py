"""What a package tells beside the pictures: events, seals, who looked, and which installation it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from data_access.evidence import Package, PackagePart
from data_access.footage import LONGEST_SEGMENT
from data_access.models import AuditEntry, FootageDay, FootageSegment, Installation, TradingSession

# Of the log only what concerns footage and packages: who signed in or marked something is nobody's else.
_CONCERNED = ("footage", "evidence")


@dataclass(frozen=True)
class LogEntry:
    """An entry of the audit log, with its place in the log's chain."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    address: str
    previous_hash: bytes
    hash: bytes


@dataclass(frozen=True)
class Seal:
    """The signed hash of all of a camera's segments of a day (UTC)."""

    camera_id: int
    day: str  # ISO 8601
    segments: int
    chain_sha256: bytes
    signature: bytes


def identity(session: Session) -> str:
    """What tells this installation from every other; empty while it has none yet."""
    return session.scalar(select(Installation.identity)) or ""


def seals_of(session: Session, part: PackagePart) -> list[Seal]:
    """The seals of the days that a stretch lies in; a day that is not over has none yet."""
    rows = session.scalars(
        select(FootageDay)
        .where(
            FootageDay.camera_id == part.camera_id,
            FootageDay.day.between(part.start.astimezone(UTC).date(), part.end.astimezone(UTC).date()),
        )
        .order_by(FootageDay.day)
    )
    return [
        Seal(row.camera_id, row.day.isoformat(), row.segments, row.chain_sha256, row.signature)
        for row in rows
    ]


def size_of(session: Session, camera_id: int, start: datetime, end: datetime) -> int:
    """About how many bytes of footage a stretch has: of all segments that it touches."""
    return int(
        session.scalar(
            select(func.coalesce(func.sum(FootageSegment.size), 0)).where(
                FootageSegment.camera_id == camera_id,
                FootageSegment.started_at > start - LONGEST_SEGMENT,
                FootageSegment.started_at < end,
                FootageSegment.ended_at > start,
            )
        )
        or 0
    )


def log_of(session: Session, made: Package) -> list[LogEntry]:
    """The log's entries about the package, and about the footage in it, by time."""
    ids = [part.camera_id for part in made.parts]
    of_camera = or_(
        AuditEntry.subject.in_([part.camera for part in made.parts]),
        AuditEntry.detail["camera_id"].astext.in_([str(camera_id) for camera_id in ids]),
        *(AuditEntry.detail.contains({"camera_ids": [camera_id]}) for camera_id in ids),
        AuditEntry.subject
        == select(TradingSession.code).where(TradingSession.id == made.session_id).scalar_subquery(),
    )
    rows = session.scalars(
        select(AuditEntry)
        .where(
            # Nobody looks at footage before it is there.
            AuditEntry.at >= min(part.start for part in made.parts),
            or_(*(AuditEntry.action.contains(word) for word in _CONCERNED)),
            or_(AuditEntry.subject == made.number, of_camera),
        )
        .order_by(AuditEntry.id)
    )
    return [_entry(row) for row in rows if row.subject == made.number or _overlaps(row.detail, made.parts)]


def _overlaps(detail: Mapping[str, Any], parts: Sequence[PackagePart]) -> bool:
    """Whether an entry is about the stretch of any of the parts; one without a range is about all."""
    start, end = _instant(detail.get("from")), _instant(detail.get("to"))
    return start is None or end is None or any(start < part.end and end > part.start for part in parts)


def _instant(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def _entry(row: AuditEntry) -> LogEntry:
    return LogEntry(
        id=row.id,
        at=row.at,
        actor=row.actor,
        action=row.action,
        subject=row.subject,
        detail=row.detail,
        address=row.address,
        previous_hash=row.previous_hash,
        hash=row.hash,
    )
