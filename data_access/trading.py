"""The lots transacted in a period, for the trading page: by month and class, and one by one."""

from typing import Literal

import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data_access.models import Award, Lot, Project
from data_access.trading_figures import awarded_lots, frame, shanghai_month, trading_by
from domain.periods import Period
from domain.vocabulary import CLASSES_WITHOUT_SAVING, AwardStatus, ProjectClass

MOST_ROWS = 5000


def monthly_by_class(session: Session, period: Period) -> pd.DataFrame:
    """Transactions by month and class, months without any included.

    Columns: month (date, its first day), and one of counts for each `ProjectClass` code.
    """
    lots = awarded_lots(period)
    month = shanghai_month(lots.c.decided_at).label("month")
    rows = frame(
        session,
        select(month, lots.c.project_class, func.count().label("transactions")).group_by(
            month, lots.c.project_class
        ),
    )
    table = rows.pivot_table(index="month", columns="project_class", values="transactions", aggfunc="sum")
    classes = [code.value for code in ProjectClass]
    counts = _every_month(table.reindex(columns=classes), period).astype("int64")
    return counts.rename_axis(columns=None).reset_index()


def monthly_trading(session: Session, period: Period, project_class: str | None = None) -> pd.DataFrame:
    """The trading figures by month, months without any included.

    Columns: month (date, its first day), transactions (count), budget, award, saving, premium (yuan, float),
    saving_rate, premium_rate (fraction; 0 where there is no base).
    """
    lots = awarded_lots(period)
    month = shanghai_month(lots.c.decided_at).label("month")
    sums = ["budget", "award", "saving", "saving_base", "premium", "premium_base"]
    query = select(
        month,
        func.count().label("transactions"),
        *(func.coalesce(func.sum(lots.c[name]), 0).label(name) for name in sums),
    ).group_by(month)
    if project_class is not None:
        query = query.where(lots.c.project_class == project_class)
    table = _every_month(frame(session, query).set_index("month"), period).astype(
        dict.fromkeys(sums, "float64")
    )
    for part in ("saving", "premium"):
        table[f"{part}_rate"] = (table[part] / table.pop(f"{part}_base")).fillna(0.0)
    return table.astype({"transactions": "int64"}).reset_index()


def _every_month(table: pd.DataFrame, period: Period) -> pd.DataFrame:
    """The table, indexed by month, with rows of 0 for the months of the period that it lacks."""
    months = pd.Index([part.start.replace(day=1) for part in period.months()], name="month")
    return table.reindex(months).fillna(0)


def trading_compared(
    session: Session, period: Period, before: Period, by: Literal["project_class", "method"]
) -> pd.DataFrame:
    """The trading figures by class or method with those of another period, most transactions first.

    Columns: those of `figures.trading_by` for `period` (budget NaN for a class that has none);
    transactions_before, award_before, saving_rate_before; growth (fraction, of transactions; NaN when the
    base is 0).
    """
    now = trading_by(session, period, by)
    then = trading_by(session, before, by)[[by, "transactions", "award", "saving_rate"]]
    table = now.merge(then, on=by, how="outer", suffixes=("", "_before"))
    counts = ["transactions", "transactions_before"]
    table[counts] = table[counts].fillna(0).astype("int64")
    money = ["budget", "award", "award_before"]
    table[money] = table[money].fillna(0.0)
    if by == "project_class":
        sold = table[by].isin(CLASSES_WITHOUT_SAVING) & (table["budget"] == 0)
        table.loc[sold, "budget"] = float("nan")
    base = table["transactions_before"].where(table["transactions_before"] > 0)
    table["growth"] = table["transactions"] / base - 1
    return table.sort_values(["transactions", by], ascending=[False, True], ignore_index=True)


def lots_awarded(session: Session, period: Period, project_class: str | None = None) -> pd.DataFrame:
    """The lots transacted, newest first, at most MOST_ROWS.

    Columns: id (lot), section_code, title, project, project_class, method (code or None), budget, award,
    starting_price, saving, premium (yuan as Decimal or None), rate (fraction: saving / budget, or premium /
    starting price; None where neither is defined), suppliers, decided_at (aware UTC).
    """
    lots = awarded_lots(period)
    suppliers = (
        select(func.string_agg(Award.supplier_name.distinct(), "、"))
        .where(Award.lot_id == lots.c.lot_id, Award.status == AwardStatus.ACTIVE)
        .scalar_subquery()
    )
    query = (
        select(
            lots.c.lot_id.label("id"),
            Lot.section_code,
            Lot.title,
            Project.name.label("project"),
            lots.c.project_class,
            lots.c.method,
            lots.c.budget,
            lots.c.award,
            lots.c.starting_price,
            lots.c.saving,
            lots.c.premium,
            func.coalesce(
                lots.c.saving / func.nullif(lots.c.saving_base, 0),
                lots.c.premium / func.nullif(lots.c.premium_base, 0),
            ).label("rate"),
            suppliers.label("suppliers"),
            lots.c.decided_at,
        )
        .join(Lot, Lot.id == lots.c.lot_id)
        .join(Project, Project.id == lots.c.project_id)
        .order_by(lots.c.decided_at.desc(), lots.c.lot_id)
        .limit(MOST_ROWS)
    )
    if project_class is not None:
        query = query.where(lots.c.project_class == project_class)
    return frame(session, query)
