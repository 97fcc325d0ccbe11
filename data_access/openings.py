"""Sessions on the floor, for the overview and the bid-opening pages.

Confidential until the opening has begun: how many bidders there are, and every event that tells of them
(实施条例 art. 41; a count is a leak too). Expert names are never read here (招标投标法 art. 37).
"""

from dataclasses import dataclass

import pandas as pd
from sqlalchemy import ColumnElement, Select, case, func, literal, or_, select
from sqlalchemy.orm import Session

from data_access.figures import held_in, is_supervised
from data_access.models import (
    Lot,
    Project,
    Room,
    SessionLot,
    SessionParticipant,
    TradingSession,
)
from data_access.trading_figures import frame, shanghai_month, within
from domain.periods import Period
from domain.vocabulary import ParticipantRole, ProcurementMethod, SessionStatus, SessionType

MOST_ROWS = 5000
PUNCTUAL_SECONDS = 5 * 60  # domain KPI 13

ON_NOW = (SessionStatus.OPEN, SessionStatus.PAUSED)


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
