"""The lots transacted in a period and the sums over them (KPI 1, 3 to 7 and 23); see docs/kpi.md."""

from decimal import Decimal
from typing import Any, Literal

import pandas as pd
from sqlalchemy import ColumnElement, Date, Select, Subquery, case, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from data_access.models import Award, Lot, Project
from domain.kpi import CLASSES_ALWAYS_SHOWN, LandPremium, Trading, no_trading
from domain.periods import Period
from domain.vocabulary import CLASSES_WITHOUT_SAVING, AwardStatus, ProjectClass

YUAN = "CNY"


def within(column: InstrumentedAttribute[Any], period: Period) -> ColumnElement[bool]:
    """Whether an instant lies in the period."""
    return (column >= period.start_at) & (column < period.end_at)


def shanghai_month(column: ColumnElement[Any] | InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """The first day of the month in Shanghai in which an instant lies."""
    return cast(func.date_trunc("month", func.timezone("Asia/Shanghai", column)), Date)


def awarded_lots(period: Period) -> Subquery:
    """The lots transacted in the period, one row each, for other queries to build on.

    A lot is placed by its first active award and carries the sum of all its active ones, so that it is
    counted once and months add up. Columns: lot_id, project_id, project_class, method, simplified,
    decided_at, in_yuan, budget, award, starting_price (yuan; empty when not in yuan), saving and saving_base
    (empty where no saving is defined or the budget is not known), premium and premium_base (land only).
    """
    active = Award.status == AwardStatus.ACTIVE
    # The first select finds the few lots by the index on decided_at; the second sees all their awards.
    candidates = select(Award.lot_id).where(active, within(Award.decided_at, period))
    awards = (
        select(
            Award.lot_id,
            func.min(Award.decided_at).label("decided_at"),
            func.sum(Award.amount).label("amount"),
        )
        .where(active, Award.lot_id.in_(candidates))
        .group_by(Award.lot_id)
        .having(func.min(Award.decided_at) >= period.start_at)
        .subquery("awards")
    )
    in_yuan = Lot.currency == YUAN
    saved = in_yuan & Project.project_class.not_in(CLASSES_WITHOUT_SAVING) & Lot.budget.is_not(None)
    raised = in_yuan & (Project.project_class == ProjectClass.LAND) & Lot.starting_price.is_not(None)
    return (
        select(
            Lot.id.label("lot_id"),
            Lot.project_id,
            Project.project_class,
            Lot.method,
            Lot.simplified,
            awards.c.decided_at,
            in_yuan.label("in_yuan"),
            case((in_yuan, Lot.budget)).label("budget"),
            case((in_yuan, awards.c.amount)).label("award"),
            case((in_yuan, Lot.starting_price)).label("starting_price"),
            case((saved, Lot.budget - awards.c.amount)).label("saving"),
            case((saved, Lot.budget)).label("saving_base"),
            case((raised, awards.c.amount - Lot.starting_price)).label("premium"),
            case((raised, Lot.starting_price)).label("premium_base"),
        )
        .join(awards, awards.c.lot_id == Lot.id)
        .join(Project, Project.id == Lot.project_id)
        .subquery("awarded_lots")
    )


def trading_by_class(session: Session, period: Period) -> dict[ProjectClass, Trading]:
    """Works, procurement and land always, other classes when they have transactions."""
    lots = awarded_lots(period)
    no_saving = lots.c.project_class.in_(CLASSES_WITHOUT_SAVING)
    rows = session.execute(
        select(
            lots.c.project_class,
            func.count().label("transactions"),
            total(lots.c.budget).label("budget"),
            total(lots.c.award).label("award"),
            total(lots.c.saving).label("saving"),
            total(lots.c.saving_base).label("saving_base"),
            func.count().filter(lots.c.in_yuan, lots.c.budget.is_(None), ~no_saving).label("without_budget"),
            func.count().filter(~lots.c.in_yuan).label("other_currency"),
        ).group_by(lots.c.project_class)
    )
    found = {
        ProjectClass(row.project_class): Trading(
            transactions=row.transactions,
            budget=row.budget,
            award=row.award,
            saving=None if row.project_class in CLASSES_WITHOUT_SAVING else row.saving,
            saving_base=row.saving_base,
            without_budget=row.without_budget,
            other_currency=row.other_currency,
        )
        for row in rows
    }
    shown = [code for code in ProjectClass if code in CLASSES_ALWAYS_SHOWN or code in found]
    return {code: found.get(code, no_trading(code)) for code in shown}


def land_premium(session: Session, period: Period) -> LandPremium:
    """Σ (deal - starting price) of the land lots transacted in the period."""
    lots = awarded_lots(period)
    row = session.execute(
        select(
            total(lots.c.premium).label("premium"),
            total(lots.c.premium_base).label("base"),
            func.count().filter(lots.c.in_yuan, lots.c.starting_price.is_(None)).label("without"),
        ).where(lots.c.project_class == ProjectClass.LAND)
    ).one()
    return LandPremium(premium=row.premium, base=row.base, without_starting_price=row.without)


def simplified_lots(session: Session, period: Period) -> int:
    """Lots of the simplified procedure transacted in the period."""
    lots = awarded_lots(period)
    return count(session, select(func.count()).select_from(lots).where(lots.c.simplified))


def trading_by(session: Session, period: Period, by: Literal["project_class", "method"]) -> pd.DataFrame:
    """The trading figures by class or by method, most transactions first.

    Columns: `by` (code; missing when the method is not recorded), transactions, budget, award (yuan, float),
    saving and saving_base (yuan, float; NaN where no saving is defined), saving_rate (their ratio).
    """
    lots = awarded_lots(period)
    table = frame(
        session,
        select(
            lots.c[by],
            func.count().label("transactions"),
            total(lots.c.budget).label("budget"),
            total(lots.c.award).label("award"),
            func.sum(lots.c.saving).label("saving"),
            func.sum(lots.c.saving_base).label("saving_base"),
        )
        .group_by(lots.c[by])
        .order_by(func.count().desc(), lots.c[by]),
    )
    table = table.astype(dict.fromkeys(["budget", "award", "saving", "saving_base"], "float64"))
    return table.assign(saving_rate=table["saving"] / table["saving_base"].replace(0, float("nan")))


def frame(session: Session, query: Select[*tuple[Any, ...]]) -> pd.DataFrame:
    """The rows of a query as a table with the query's column names."""
    result = session.execute(query)
    return pd.DataFrame(result.all(), columns=list(result.keys()))


def total(column: ColumnElement[Any] | InstrumentedAttribute[Any]) -> ColumnElement[Decimal]:
    """Σ, and 0 over nothing."""
    return func.coalesce(func.sum(column), Decimal(0))


def count(session: Session, query: Select[Any]) -> int:
    """The one number a counting query answers."""
    return int(session.execute(query).scalar_one())
