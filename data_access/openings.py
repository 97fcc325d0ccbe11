"""Sessions on the floor, for the overview and the bid-opening pages.

Confidential until the opening has begun: how many bidders there are, and every event that tells of them
(实施条例 art. 41; a count is a leak too). Expert names are never read here (招标投标法 art. 37).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import pandas as pd
from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session

from data_access.figures import held_in, is_supervised
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
from data_access.trading_figures import frame, shanghai_month, within
from domain.periods import Period
from domain.vocabulary import AwardStatus, ParticipantRole, ProcurementMethod, SessionStatus, SessionType

MOST_ROWS = 5000
PUNCTUAL_SECONDS = 5 * 60  # domain KPI 13

ON_NOW = (SessionStatus.OPEN, SessionStatus.PAUSED)

# Who acts in these sessions is an expert or chosen by them, and stays unnamed.
_CLOSED_SESSIONS = (SessionType.EVALUATION, SessionType.NEGOTIATION, SessionType.EXPERT_DRAW)
_EXPERT_EVENTS = ("expert_left",)


@dataclass(frozen=True)
class OpeningQuality:
    """Further figures of the bid openings held in a period."""

    held: int
    punctual: int
    """Begun at most 5 minutes before or after the planned time (KPI 13)."""
    off_site: int
    abnormal: int
    bidders: int
    """Σ bidders of the openings where the number is recorded."""
    with_bidders: int
    """Openings where it is recorded."""


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


def has_opened() -> ColumnElement[bool]:
    """Whether the session has begun, so that its bidders are no secret any more."""
    return (TradingSession.actual_start <= func.now()) & (TradingSession.status != SessionStatus.SCHEDULED)


def monthly_openings(session: Session, period: Period) -> pd.DataFrame:
    """Bid openings held, months without any included.

    Columns: month (date, its first day); held, supervised, others (not supervised), punctual (counts of
    sessions), and of the supervised ones `open` and `selective` (by method).
    """
    month = shanghai_month(TradingSession.actual_start).label("month")
    rows = frame(
        session,
        select(
            month,
            func.count().label("held"),
            func.count().filter(is_supervised()).label("supervised"),
            func.count().filter(_is_punctual()).label("punctual"),
            *(
                func.count().filter(is_supervised(), TradingSession.method == method).label(method)
                for method in (ProcurementMethod.OPEN, ProcurementMethod.SELECTIVE)
            ),
        )
        .where(held_in(period, [SessionType.OPENING]))
        .group_by(month),
    ).set_index("month")
    months = pd.Index([part.start.replace(day=1) for part in period.months()], name="month")
    table = rows.reindex(months).fillna(0).astype("int64").reset_index()
    return table.assign(others=table["held"] - table["supervised"])


def by_method(session: Session, period: Period) -> pd.DataFrame:
    """Bid openings held by method, most first.

    Columns: method (code or None), held, supervised, others (not supervised), bidders (Σ where recorded),
    with_bidders (sessions where recorded).
    """
    rows = frame(
        session,
        select(
            TradingSession.method,
            func.count().label("held"),
            func.count().filter(is_supervised()).label("supervised"),
            func.coalesce(func.sum(TradingSession.bidder_count), 0).label("bidders"),
            func.count(TradingSession.bidder_count).label("with_bidders"),
        )
        .where(held_in(period, [SessionType.OPENING]))
        .group_by(TradingSession.method)
        .order_by(func.count().desc(), TradingSession.method),
    )
    return rows.assign(others=rows["held"] - rows["supervised"])


def opening_quality(session: Session, period: Period) -> OpeningQuality:
    """Punctuality, place and bidders of the bid openings held in the period."""
    row = session.execute(
        select(
            func.count().label("held"),
            func.count().filter(_is_punctual()).label("punctual"),
            func.count().filter(TradingSession.off_site).label("off_site"),
            func.count().filter(TradingSession.abnormal).label("abnormal"),
            func.coalesce(func.sum(TradingSession.bidder_count), 0).label("bidders"),
            func.count(TradingSession.bidder_count).label("with_bidders"),
        ).where(held_in(period, [SessionType.OPENING]))
    ).one()
    return OpeningQuality(**row._mapping)


def _is_punctual() -> ColumnElement[bool]:
    seconds = func.extract("epoch", TradingSession.actual_start - TradingSession.planned_start)
    return func.abs(seconds) <= PUNCTUAL_SECONDS


def openings_in(
    session: Session, period: Period, method: str | None = None, supervised: bool | None = None
) -> pd.DataFrame:
    """The bid openings of the period by their actual start, those not begun by the planned one; newest first.

    Columns: id, code, start (aware UTC: actual, else planned), project, lots (how many), room, method,
    supervision ("on_site", else "remote", else "none"), bidders (None before the opening), status, abnormal,
    off_site. At most MOST_ROWS.
    """
    not_begun = TradingSession.actual_start.is_(None) & within(TradingSession.planned_start, period)
    query = _sessions().where(
        TradingSession.type == SessionType.OPENING,
        or_(within(TradingSession.actual_start, period), not_begun),
    )
    if method is not None:
        query = query.where(TradingSession.method == method)
    if supervised is not None:
        query = query.where(is_supervised() if supervised else ~is_supervised())
    start = func.coalesce(TradingSession.actual_start, TradingSession.planned_start)
    return frame(session, query.order_by(start.desc(), TradingSession.id).limit(MOST_ROWS))


def sessions_on(session: Session, day: Period) -> pd.DataFrame:
    """The sessions planned for the day or on during it, cancelled ones included.

    What is on now comes first, then what is to come, then the rest, each by planned start.

    Columns: those of `openings_in`, and type, room_type, planned_start, actual_start (aware UTC).
    """
    began = within(TradingSession.actual_start, day)
    still_on = TradingSession.status.in_(ON_NOW) & (TradingSession.planned_start < day.end_at)
    turn = case(
        (TradingSession.status.in_(ON_NOW), 0), (TradingSession.status == SessionStatus.SCHEDULED, 1), else_=2
    )
    query = _sessions().add_columns(
        TradingSession.type,
        Room.type.label("room_type"),
        TradingSession.planned_start,
        TradingSession.actual_start,
    )
    return frame(
        session,
        query.where(or_(within(TradingSession.planned_start, day), began, still_on)).order_by(
            turn, TradingSession.planned_start, TradingSession.id
        ),
    )


def _sessions() -> Select[tuple[object, ...]]:
    """A row a session, with the columns of `openings_in`."""
    lots = (
        select(
            SessionLot.session_id,
            func.count().label("lots"),
            func.string_agg(Project.name.distinct(), "；").label("project"),
        )
        .join(Lot, Lot.id == SessionLot.lot_id)
        .join(Project, Project.id == Lot.project_id)
        .group_by(SessionLot.session_id)
        .subquery("lots")
    )
    on_site = (
        select(literal(1))
        .where(
            SessionParticipant.session_id == TradingSession.id,
            SessionParticipant.role == ParticipantRole.SUPERVISOR,
            ~SessionParticipant.remote,
        )
        .exists()
    )
    return (
        select(
            TradingSession.id,
            TradingSession.code,
            func.coalesce(TradingSession.actual_start, TradingSession.planned_start).label("start"),
            lots.c.project,
            func.coalesce(lots.c.lots, 0).label("lots"),
            Room.name.label("room"),
            TradingSession.method,
            case((on_site, "on_site"), (is_supervised(), "remote"), else_="none").label("supervision"),
            case((has_opened(), TradingSession.bidder_count)).label("bidders"),
            TradingSession.status,
            TradingSession.abnormal,
            TradingSession.off_site,
        )
        .outerjoin(Room, Room.id == TradingSession.room_id)
        .outerjoin(lots, lots.c.session_id == TradingSession.id)
    )


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
