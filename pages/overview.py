"""How does the centre stand: what is on today, and the main figures of the period against the one before?"""

import streamlit as st

from dashboard import charts
from dashboard.db import read
from dashboard.exports import export
from dashboard.headline import amount, counted, figure, headline_row, rate
from dashboard.i18n import t
from dashboard.numbers import wan, whole
from dashboard.parts import chart, filter_row, page_head, page_tools, peak
from dashboard.period_filter import period_filter
from dashboard.tables import Column
from dashboard.today import sessions_of
from data_access.enterprises import monthly_movement
from data_access.figures import figures, monthly
from data_access.trading import monthly_trading

place = page_head(t("overview.title"), t("overview.answer"))
with filter_row():
    chosen = period_filter()

now, before = read(figures, chosen.so_far), read(figures, chosen.before)
counts, trading = read(monthly, chosen.trend), read(monthly_trading, chosen.trend)
stock = read(monthly_movement, chosen.trend)

total, base = now.total, before.total
supervised = counted(now.openings.supervised, before.openings.supervised)
penalties = counted(now.penalties.person_times, before.penalties.person_times)
members = counted(now.enterprises.closing, before.enterprises.closing)
headlines = [
    figure("transactions", "lots", counted(total.transactions, base.transactions), trading["transactions"]),
    figure("award", "wan", amount(total.award, base.award), trading["award"]),
    figure(
        "saving_rate", "of_budget", rate(total.saving_rate, base.saving_rate), trading["saving_rate"], "line"
    ),
    figure("supervised", "sessions", supervised, counts["openings"]),
    figure("penalties", "person_times", penalties, counts["penalties"]),
    figure("enterprises", "enterprises", members, stock["closing"], "line"),
]
headline_row(headlines, chosen)

sessions_of(chosen.today)

year_before = read(monthly_trading, chosen.trend.year_before())
left, right = st.columns(2)
for side, column, unit, per, decimals in (
    (left, "transactions", "lots", 1, 0),
    (right, "award", "wan", 10_000, 2),
):
    with side:
        drawn = charts.monthly(
            trading,
            column,
            name=t(f"term.{column}"),
            unit=t(f"unit.{unit}"),
            inside=chosen.months_inside,
            before=year_before,
            before_name=t("term.year_before"),
            per=per,
            decimals=decimals,
        )
        show = wan if unit == "wan" else whole
        chart(peak(f"overview.{column}", trading, column, chosen.months_inside, show), drawn, key=column)

months = trading.merge(counts[["month", "openings", "penalties", "draws"]], on="month").merge(
    stock, on="month"
)
columns = {
    "month": Column(t("column.month"), "month"),
    "transactions": Column(t("term.transactions"), "count"),
    "budget": Column(t("term.budget"), "wan"),
    "award": Column(t("term.award"), "wan"),
    "saving": Column(t("term.saving"), "wan"),
    "saving_rate": Column(t("term.saving_rate"), "percent"),
    "openings": Column(t("term.supervised"), "count"),
    "draws": Column(t("term.draws"), "count"),
    "penalties": Column(t("term.penalties"), "count"),
    "closing": Column(t("term.enterprises"), "count"),
}
export(page_tools(place, headlines), months, columns, name="overview")
