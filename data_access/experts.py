"""Penalties of evaluation experts.

An expert's name and employer are confidential until the award (招标投标法 art. 37), so a penalty for a
session shows them only when every lot of that session is awarded, failed or cancelled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import pandas as pd
from sqlalchemy import ColumnElement, Date, case, func, literal, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session

from data_access.models import Award, Expert, ExpertPenalty, Lot, SessionLot, TradingSession
from data_access.trading_figures import frame, shanghai_month, within
from domain.periods import Period
from domain.vocabulary import AwardStatus, LotStatus, PenaltyKind

MOST_ROWS = 5000


@dataclass(frozen=True)
class PenaltyDetail:
    """One penalty."""

    id: int
    expert_code: str
    expert_name: str | None
    """None while confidential."""
    employer: str | None
    """None while confidential, or not recorded."""
    confidential: bool
    speciality: str | None
    kind: str
    behaviour: str
    points: Decimal | None
    suspended_from: date | None
    suspended_to: date | None
    """The first day without suspension."""
    decided_at: datetime
    decided_by: str | None
    document_no: str | None
    legal_basis: str | None
    facts: str | None
    session_id: int | None
    session_code: str | None


def penalties_in(
    session: Session, period: Period, kind: str | None = None, behaviour: str | None = None
) -> pd.DataFrame:
    """The penalties decided in the period, newest first, at most MOST_ROWS.

    Columns: id, decided_at (aware UTC), expert_code, expert_name (None while confidential), speciality, kind,
    behaviour, points (Decimal or None), suspended_from, suspended_to (date or None), document_no, decided_by.
    """
    query = (
        select(
            ExpertPenalty.id,
            ExpertPenalty.decided_at,
            Expert.code.label("expert_code"),
            case((_may_be_named(), Expert.name)).label("expert_name"),
            Expert.speciality,
            ExpertPenalty.kind,
            ExpertPenalty.behaviour,
            ExpertPenalty.points,
            ExpertPenalty.suspended_from,
            ExpertPenalty.suspended_to,
            ExpertPenalty.document_no,
            ExpertPenalty.decided_by,
        )
        .join(Expert, Expert.id == ExpertPenalty.expert_id)
        .where(within(ExpertPenalty.decided_at, period))
        .order_by(ExpertPenalty.decided_at.desc(), ExpertPenalty.id)
        .limit(MOST_ROWS)
    )
    if kind is not None:
        query = query.where(ExpertPenalty.kind == kind)
    if behaviour is not None:
        query = query.where(ExpertPenalty.behaviour == behaviour)
    return frame(session, query)


def penalties_by_behaviour(session: Session, period: Period) -> pd.DataFrame:
    """Person-times by behaviour and kind, behaviours without any left out.

    Columns: behaviour (code), and one of counts for each `PenaltyKind` code.
    """
    rows = frame(
        session,
        select(ExpertPenalty.behaviour, ExpertPenalty.kind, func.count().label("times"))
        .where(within(ExpertPenalty.decided_at, period))
        .group_by(ExpertPenalty.behaviour, ExpertPenalty.kind),
    )
    table = rows.pivot_table(index="behaviour", columns="kind", values="times", aggfunc="sum")
    kinds = [kind.value for kind in PenaltyKind]
    return table.reindex(columns=kinds).fillna(0).astype("int64").rename_axis(columns=None).reset_index()


def monthly_penalised(session: Session, period: Period) -> pd.DataFrame:
    """Experts penalised and suspended month by month, months without any included.

    Columns: month (date, its first day), persons (different experts penalised in it), suspended (different
    experts suspended on its last day).
    """
    month = shanghai_month(ExpertPenalty.decided_at).label("month")
    persons = frame(
        session,
        select(month, func.count(ExpertPenalty.expert_id.distinct()).label("persons"))
        .where(within(ExpertPenalty.decided_at, period))
        .group_by(month),
    ).set_index("month")["persons"]
    suspended = suspended_on(session, [part.last_day for part in period.months()])
    months = pd.Index([part.start.replace(day=1) for part in period.months()], name="month")
    table = pd.DataFrame({"persons": persons.reindex(months).fillna(0), "suspended": suspended}, index=months)
    return table.astype("int64").reset_index()


def suspended_on(session: Session, days: Sequence[date]) -> list[int]:
    """How many different experts are suspended from evaluating on each of the days."""
    day = func.unnest(array(days, type_=Date)).column_valued("day")
    suspended = (ExpertPenalty.suspended_from <= day) & (ExpertPenalty.suspended_to > day)
    experts = func.count(ExpertPenalty.expert_id.distinct())
    rows = session.execute(select(day, experts).where(suspended).group_by(day))
    counts: dict[date, int] = {row[0]: row[1] for row in rows}
    return [counts.get(wanted, 0) for wanted in days]


def penalty(session: Session, penalty_id: int) -> PenaltyDetail | None:
    """One penalty, or None."""
    row = session.execute(
        select(ExpertPenalty, Expert, TradingSession.code, _may_be_named().label("named"))
        .join(Expert, Expert.id == ExpertPenalty.expert_id)
        .outerjoin(TradingSession, TradingSession.id == ExpertPenalty.session_id)
        .where(ExpertPenalty.id == penalty_id)
    ).one_or_none()
    if row is None:
        return None
    found, expert, session_code, named = row
    return PenaltyDetail(
        id=found.id,
        expert_code=expert.code,
        expert_name=expert.name if named else None,
        employer=expert.employer if named else None,
        confidential=not named,
        speciality=expert.speciality,
        kind=found.kind,
        behaviour=found.behaviour,
        points=found.points,
        suspended_from=found.suspended_from,
        suspended_to=found.suspended_to,
        decided_at=found.decided_at,
        decided_by=found.decided_by,
        document_no=found.document_no,
        legal_basis=found.legal_basis,
        facts=found.facts,
        session_id=found.session_id,
        session_code=session_code,
    )


def penalties_of_same_expert(session: Session, penalty_id: int) -> pd.DataFrame:
    """The other penalties of the expert, newest first.

    Columns: id, decided_at (aware UTC), kind, behaviour, points, document_no.
    """
    expert = select(ExpertPenalty.expert_id).where(ExpertPenalty.id == penalty_id).scalar_subquery()
    return frame(
        session,
        select(
            ExpertPenalty.id,
            ExpertPenalty.decided_at,
            ExpertPenalty.kind,
            ExpertPenalty.behaviour,
            ExpertPenalty.points,
            ExpertPenalty.document_no,
        )
        .where(ExpertPenalty.expert_id == expert, ExpertPenalty.id != penalty_id)
        .order_by(ExpertPenalty.decided_at.desc()),
    )


def _may_be_named() -> ColumnElement[bool]:
    """Whether no lot of the penalty's session is still to be awarded."""
    awarded = (
        select(literal(1))
        .where(Award.lot_id == Lot.id, Award.status == AwardStatus.ACTIVE, Award.decided_at <= func.now())
        .exists()
    )
    still_open = (
        select(literal(1))
        .select_from(SessionLot)
        .join(Lot, Lot.id == SessionLot.lot_id)
        .where(
            SessionLot.session_id == ExpertPenalty.session_id,
            Lot.status.not_in([LotStatus.UNSUCCESSFUL, LotStatus.CANCELLED]),
            ~awarded,
        )
        .exists()
    )
    return ~still_open
