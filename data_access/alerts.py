"""Alerts: what is wrong now and was lately, and who has been told of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, any_, func, literal, not_, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from data_access.models import Alert, WorkerHeartbeat
from domain.vocabulary import AlertKind

# What has been over for longer is no news: an address that was away for days is not flooded.
NEWS_FOR = timedelta(days=1)
_ALERT_LOCK = 0x6D6A_0006
_DETECTING = 0  # with _ALERT_LOCK: one alerter judges at a time; other numbers are addresses


@dataclass(frozen=True)
class Subject:
    """What an alert is about: there is at most one open alert of it."""

    kind: AlertKind
    name: str  # "camera:7", "session:12", "recorder" or "disk"
    camera_id: int | None = None
    session_id: int | None = None


@dataclass(frozen=True)
class AlertRow:
    """An alert; `cleared_at` is None while it lasts."""

    id: int
    subject: Subject
    message_zh: str
    message_en: str
    began_at: datetime
    cleared_at: datetime | None
    began_told_at: datetime | None
    cleared_told_at: datetime | None
    told: frozenset[str]


def only_one_judges(session: Session) -> bool:
    """Whether no other alerter judges at this moment; holds until the transaction ends."""
    return _locked(session, _DETECTING)


def only_one_tells(session: Session, channel: str) -> bool:
    """Whether no other alerter is sending to the address of that hash; holds until the transaction ends."""
    return _locked(session, int(channel[:7], 16) or 1)


def _locked(session: Session, number: int) -> bool:
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(_ALERT_LOCK, number))))


def open_alerts(session: Session) -> list[AlertRow]:
    """What is wrong now, the latest first."""
    return _rows(session, Alert.cleared_at.is_(None))


def cleared_since(session: Session, since: datetime) -> list[AlertRow]:
    """What was wrong and is over, cleared at `since` or later, the latest first."""
    return _rows(session, Alert.cleared_at >= since)


def begin(session: Session, subject: Subject, *, zh: str, en: str, at: datetime) -> bool:
    """Opens an alert; False when one of the subject is open already."""
    added = session.execute(
        insert(Alert)
        .values(
            kind=subject.kind.value,
            subject=subject.name,
            camera_id=subject.camera_id,
            session_id=subject.session_id,
            message_zh=zh,
            message_en=en,
            began_at=at,
        )
        .on_conflict_do_nothing()
        .returning(Alert.id)
    )
    return added.first() is not None


def clear(session: Session, alert_id: int, at: datetime) -> None:
    """Ends an alert, not before it began."""
    session.execute(
        update(Alert)
        .where(Alert.id == alert_id, Alert.cleared_at.is_(None))
        .values(cleared_at=func.greatest(Alert.began_at, at))
        .execution_options(synchronize_session=False)
    )


def next_to_tell(session: Session, channel: str, now: datetime) -> AlertRow | None:
    """The oldest alert of which the address does not know the beginning or the end."""
    unknown = or_(_untold(channel, "began"), and_(Alert.cleared_at.is_not(None), _untold(channel, "cleared")))
    unfinished = or_(
        Alert.began_told_at.is_(None),
        and_(Alert.cleared_at.is_not(None), Alert.cleared_told_at.is_(None)),
    )
    news = or_(Alert.cleared_at.is_(None), Alert.cleared_at > now - NEWS_FOR)
    found = _rows(session, and_(unknown, unfinished, news), oldest_first=True, limit=1)
    return next(iter(found), None)


def mark_told(
    session: Session, alert: AlertRow, channel: str, channels: Collection[str], at: datetime
) -> None:
    """Notes that an address knows what `alert` says; the alert counts as told when all `channels` know it."""
    phases = ["began"] if alert.cleared_at is None else ["began", "cleared"]
    session.execute(
        update(Alert)
        .where(Alert.id == alert.id)
        .values(told=Alert.told + [f"{channel}:{phase}" for phase in phases])
        .execution_options(synchronize_session=False)
    )
    for phase in phases:
        column = Alert.began_told_at if phase == "began" else Alert.cleared_told_at
        known_to_all = Alert.told.contains([f"{each}:{phase}" for each in channels])
        session.execute(
            update(Alert)
            .where(Alert.id == alert.id, column.is_(None), known_to_all)
            .values({column: at})
            .execution_options(synchronize_session=False)
        )


def seen_at(session: Session, worker: str) -> datetime | None:
    """When a worker last said that it is alive."""
    return session.scalar(select(WorkerHeartbeat.seen_at).where(WorkerHeartbeat.worker == worker))


def _untold(channel: str, phase: str) -> ColumnElement[bool]:
    return not_(literal(f"{channel}:{phase}") == any_(Alert.told))


def _rows(
    session: Session, condition: ColumnElement[bool], *, oldest_first: bool = False, limit: int = 500
) -> list[AlertRow]:
    order = (Alert.began_at, Alert.id) if oldest_first else (Alert.began_at.desc(), Alert.id.desc())
    query = select(Alert).where(condition).order_by(*order).limit(limit)
    return [
        AlertRow(
            id=row.id,
            subject=Subject(AlertKind(row.kind), row.subject, row.camera_id, row.session_id),
            message_zh=row.message_zh,
            message_en=row.message_en,
            began_at=row.began_at,
            cleared_at=row.cleared_at,
            began_told_at=row.began_told_at,
            cleared_told_at=row.cleared_told_at,
            told=frozenset(row.told),
        )
        for row in session.scalars(query.execution_options(populate_existing=True))
    ]
