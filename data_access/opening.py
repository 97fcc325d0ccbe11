"""One session in full, for its own page.

Confidential until the opening has begun: how many bidders there are, and every event that tells of them
(实施条例 art. 41; a count is a leak too). Expert names are never read here (招标投标法 art. 37).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from data_access.models import (
    Award,
    Lot,
    Project,
    Room,
    SessionEvent,
    SessionLot,
    SessionParticipant,
    TradingSession,
)
from data_access.openings import has_opened
from domain.vocabulary import AwardStatus, SessionType

# Who acts in these sessions is an expert or chosen by them, and stays unnamed.
_CLOSED_SESSIONS = (SessionType.EVALUATION, SessionType.NEGOTIATION, SessionType.EXPERT_DRAW)
_EXPERT_EVENTS = ("expert_left",)


@dataclass(frozen=True)
class OpeningLot:
    """A lot dealt with in a session. Amounts in yuan."""

    section_code: str
    title: str
    project: str
    project_class: str
    method: str | None
    budget: Decimal | None
    starting_price: Decimal | None
    award: Decimal | None
    supplier: str | None
    status: str


@dataclass(frozen=True)
class OpeningEvent:
    """Something that happened in a session."""

    at: datetime
    kind: str
    actor: str
    note: str


@dataclass(frozen=True)
class Participant:
    """A monitor or supervisor of a session."""

    role: str
    name: str
    remote: bool


@dataclass(frozen=True)
class OpeningDetail:
    """One session with what hangs on it."""

    id: int
    code: str
    type: str
    room: str | None
    room_type: str | None
    method: str | None
    off_site: bool
    planned_start: datetime
    planned_end: datetime | None
    actual_start: datetime | None
    actual_end: datetime | None
    status: str
    bidder_count: int | None
    """None before the opening, or not recorded."""
    abnormal: bool
    buyers: tuple[str, ...]
    agencies: tuple[str, ...]
    lots: tuple[OpeningLot, ...]
    events: tuple[OpeningEvent, ...]
    participants: tuple[Participant, ...]


def opening(session: Session, session_id: int) -> OpeningDetail | None:
    """One session of any type, or None."""
    row = session.execute(
        select(TradingSession, Room.name, Room.type, has_opened().label("opened"))
        .outerjoin(Room, Room.id == TradingSession.room_id)
        .where(TradingSession.id == session_id)
    ).one_or_none()
    if row is None:
        return None
    found, room, room_type, opened = row
    of_session = select(Lot.project_id).join(SessionLot).where(SessionLot.session_id == session_id)
    projects = session.scalars(select(Project).where(Project.id.in_(of_session)).order_by(Project.code)).all()
    return OpeningDetail(
        id=found.id,
        code=found.code,
        type=found.type,
        room=room,
        room_type=room_type,
        method=found.method,
        off_site=found.off_site,
        planned_start=found.planned_start,
        planned_end=found.planned_end,
        actual_start=found.actual_start,
        actual_end=found.actual_end,
        status=found.status,
        bidder_count=found.bidder_count if opened else None,
        abnormal=found.abnormal,
        buyers=_distinct(project.buyer for project in projects),
        agencies=_distinct(project.agency for project in projects),
        lots=_lots(session, session_id),
        events=_events(session, found) if opened else (),
        participants=tuple(
            Participant(who.role, who.name, who.remote)
            for who in session.scalars(
                select(SessionParticipant)
                .where(SessionParticipant.session_id == session_id)
                .order_by(SessionParticipant.role, SessionParticipant.name)
            )
        ),
    )


def _distinct(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


def _lots(session: Session, session_id: int) -> tuple[OpeningLot, ...]:
    awards = (
        select(
            Award.lot_id,
            func.sum(Award.amount).label("award"),
            func.string_agg(Award.supplier_name.distinct(), "、").label("supplier"),
        )
        .where(Award.status == AwardStatus.ACTIVE, Award.decided_at <= func.now())
        .group_by(Award.lot_id)
        .subquery("awards")
    )
    rows = session.execute(
        select(
            Lot.section_code,
            Lot.title,
            Project.name.label("project"),
            Project.project_class,
            Lot.method,
            Lot.budget,
            Lot.starting_price,
            awards.c.award,
            awards.c.supplier,
            Lot.status,
        )
        .join(SessionLot, and_(SessionLot.lot_id == Lot.id, SessionLot.session_id == session_id))
        .join(Project, Project.id == Lot.project_id)
        .outerjoin(awards, awards.c.lot_id == Lot.id)
        .order_by(Lot.section_code)
    )
    return tuple(OpeningLot(**row._mapping) for row in rows)


def _events(session: Session, found: TradingSession) -> tuple[OpeningEvent, ...]:
    unnamed = found.type in _CLOSED_SESSIONS
    events = session.scalars(
        select(SessionEvent)
        .where(SessionEvent.session_id == found.id)
        .order_by(SessionEvent.at, SessionEvent.id)
    )
    return tuple(
        OpeningEvent(
            at=event.at,
            kind=event.kind,
            actor="" if unnamed or event.kind in _EXPERT_EVENTS else event.actor,
            note=event.note,
        )
        for event in events
    )
