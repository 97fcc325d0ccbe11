"""The sums behind the supervisors' figures; what each one means stands in docs/kpi.md.

Every figure is placed in a period by one time attribute (T), compared half-open with the period's bounds
in Asia/Shanghai.
"""

from collections.abc import Iterable
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Date, Select, Subquery, cast, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from data_access.models import (
    Complaint,
    ExpertDrawMember,
    ExpertPenalty,
    Inspection,
    LibraryMembership,
    MallOrder,
    SessionParticipant,
    TradingSession,
)
from data_access.trading_figures import (
    awarded_lots,
    count,
    frame,
    land_premium,
    shanghai_month,
    simplified_lots,
    total,
    trading_by,
    trading_by_class,
    within,
)
from domain.kpi import Figures, Mall, Movement, Openings, Penalties, Received
from domain.periods import Period
from domain.vocabulary import (
    FLOOR_SESSION_TYPES,
    ComplaintType,
    DrawResponse,
    Library,
    ParticipantRole,
    ProcurementMethod,
    SessionStatus,
    SessionType,
)

__all__ = [
    "accepted_in",
    "awarded_lots",
    "enterprise_movement",
    "figures",
    "held_in",
    "is_supervised",
    "monthly",
    "openings",
    "shanghai_month",
    "trading_by",
    "within",
]


_SUMS = ("budget", "award", "saving", "saving_base")


def figures(session: Session, period: Period) -> Figures:
    """All figures of the period; `Figures.as_json()` is what `kpi --json` prints."""
    return Figures(
        period=period,
        by_class=trading_by_class(session, period),
        land=land_premium(session, period),
        floor_sessions=floor_sessions(session, period),
        openings=openings(session, period),
        simplified=simplified_lots(session, period),
        expert_draws=expert_draws(session, period),
        penalties=penalties(session, period),
        complaints=received(session, period, ComplaintType.COMPLAINT),
        petitions=received(session, period, ComplaintType.PETITION),
        enterprises=enterprise_movement(session, period),
        mall=mall(session, period),
        inspections=inspections(session, period),
    )


def held_in(period: Period, types: Iterable[SessionType]) -> ColumnElement[bool]:
    """Whether a session of one of the types really took place in the period (T actual start)."""
    return (
        TradingSession.type.in_(list(types))
        & (TradingSession.status != SessionStatus.CANCELLED)
        & within(TradingSession.actual_start, period)
    )


def is_supervised() -> ColumnElement[bool]:
    """Whether a session had a supervisor, on site or through the monitoring window."""
    return (
        select(literal(1))
        .where(
            SessionParticipant.session_id == TradingSession.id,
            SessionParticipant.role == ParticipantRole.SUPERVISOR,
        )
        .exists()
    )


def floor_sessions(session: Session, period: Period) -> int:
    """Openings, negotiations, lotteries and auctions held."""
    return count(session, select(func.count(TradingSession.id)).where(held_in(period, FLOOR_SESSION_TYPES)))


def openings(session: Session, period: Period) -> Openings:
    """Bid openings held, and the supervised ones by method."""
    rows = session.execute(
        select(
            TradingSession.method,
            func.count().label("held"),
            func.count().filter(is_supervised()).label("supervised"),
        )
        .where(held_in(period, [SessionType.OPENING]))
        .group_by(TradingSession.method)
    ).all()
    return Openings(
        held=sum(row.held for row in rows),
        supervised=sum(row.supervised for row in rows),
        by_method={ProcurementMethod(row.method) if row.method else None: row.supervised for row in rows},
    )


def expert_draws(session: Session, period: Period) -> int:
    """Accepted draw members, person-times."""
    return count(session, select(func.count(ExpertDrawMember.id)).where(accepted_in(period)))


def accepted_in(period: Period) -> ColumnElement[bool]:
    """Whether a draw member accepted and was drawn in the period."""
    return (ExpertDrawMember.response == DrawResponse.ACCEPTED) & within(ExpertDrawMember.drawn_at, period)


def penalties(session: Session, period: Period) -> Penalties:
    """Penalties decided in the period, and how many different experts they concern."""
    times, persons = session.execute(
        select(func.count(), func.count(ExpertPenalty.expert_id.distinct())).where(
            within(ExpertPenalty.decided_at, period)
        )
    ).one()
    return Penalties(person_times=times, persons=persons)


def received(session: Session, period: Period, kind: ComplaintType) -> Received:
    """Received in the period, and how many of them were not decided before it ended."""
    undecided = or_(Complaint.decided_at.is_(None), Complaint.decided_at >= period.end_at)
    arrived, still_open = session.execute(
        select(func.count(), func.count().filter(undecided)).where(
            Complaint.type == kind, within(Complaint.received_at, period)
        )
    ).one()
    return Received(received=arrived, open=still_open)


def mall(session: Session, period: Period) -> Mall:
    """Online mall orders placed in the period."""
    orders, amount = session.execute(
        select(func.count(), total(MallOrder.amount)).where(within(MallOrder.ordered_at, period))
    ).one()
    return Mall(orders=orders, amount=amount)


def inspections(session: Session, period: Period) -> int:
    """Post-award inspections made in the period."""
    return count(
        session,
        select(func.count(Inspection.id)).where(
            Inspection.inspected_on >= period.start, Inspection.inspected_on < period.end
        ),
    )


def enterprise_movement(session: Session, period: Period, library: Library | None = None) -> Movement:
    """Distinct enterprises of one library, or of all together.

    Spells of one enterprise that touch or overlap count as one: who changes from one library to another, or
    stands in two, neither joins nor leaves the whole. A spell without a day does not count.
    """
    spells = _spells(library)
    before = spells.c.joined_on < period.start
    joined = (spells.c.joined_on >= period.start) & (spells.c.joined_on < period.end)
    stays_to_start = spells.c.left_on >= period.start
    stays_to_end = spells.c.left_on >= period.end
    row = session.execute(
        select(
            func.count().filter(before & stays_to_start).label("opening"),
            func.count().filter(joined).label("joined"),
            func.count().filter(stays_to_start & ~stays_to_end).label("left"),
            func.count().filter((before | joined) & stays_to_end).label("closing"),
        ).select_from(spells)
    ).one()
    return Movement(opening=row.opening, joined=row.joined, left=row.left, closing=row.closing)


def _spells(library: Library | None) -> Subquery:
    """Enterprise, joined_on and left_on ('infinity': still in) of each unbroken stay."""
    days = func.daterange(LibraryMembership.joined_on, LibraryMembership.left_on)
    stays = select(func.unnest(func.range_agg(days)).label("days")).group_by(LibraryMembership.enterprise_id)
    if library is not None:
        stays = stays.where(LibraryMembership.library == library)
    unbroken = stays.subquery("stays")
    return select(
        func.lower(unbroken.c.days).label("joined_on"),
        func.coalesce(func.upper(unbroken.c.days), cast("infinity", Date)).label("left_on"),
    ).subquery("spells")


def monthly(session: Session, period: Period) -> pd.DataFrame:
    """One row a calendar month of the period, months without anything included.

    Columns: month (date, its first day), transactions, openings (supervised), penalties, draws (counts);
    budget, award, saving, saving_base (Σ budget of the lots that have a saving; all four in yuan as float,
    good to the fen below 10^13). Land is in award but neither in budget nor in saving.
    """
    lots = awarded_lots(period)
    trading = _by_month(
        session,
        select(
            shanghai_month(lots.c.decided_at).label("month"),
            func.count().label("transactions"),
            *(total(lots.c[name]).label(name) for name in _SUMS),
        ).group_by("month"),
    )
    supervised = held_in(period, [SessionType.OPENING]) & is_supervised()
    counts = [
        _by_month(session, _monthly_count(column, name).where(condition))
        for name, column, condition in (
            ("openings", TradingSession.actual_start, supervised),
            ("penalties", ExpertPenalty.decided_at, within(ExpertPenalty.decided_at, period)),
            ("draws", ExpertDrawMember.drawn_at, accepted_in(period)),
        )
    ]
    months = pd.Index([month.start.replace(day=1) for month in period.months()], name="month")
    table = pd.concat([trading, *counts], axis=1).reindex(months).fillna(0)
    return table.astype({name: "float64" if name in _SUMS else "int64" for name in table}).reset_index()


def _monthly_count(column: InstrumentedAttribute[Any], name: str) -> Select[Any]:
    return select(shanghai_month(column).label("month"), func.count().label(name)).group_by("month")


def _by_month(session: Session, query: Select[Any]) -> pd.DataFrame:
    return frame(session, query).set_index("month")
