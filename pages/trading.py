"""How many lots were transacted, for how much, and how much was saved, by class and method?"""

import pandas as pd
import streamlit as st

from dashboard import charts, tables
from dashboard.db import read
from dashboard.exports import export
from dashboard.headline import amount, counted, figure, headline_row, rate
from dashboard.i18n import section, t
from dashboard.parts import chart, choose, filter_row, nothing_here, page_head, page_tools, peak
from dashboard.period_filter import period_filter
from dashboard.tables import Column
from data_access.figures import figures
from data_access.trading import lots_awarded, monthly_by_class, monthly_trading, trading_compared
from domain.kpi import Figures, Trading, change, no_trading
from domain.vocabulary import ProjectClass

place = page_head(t("trading.title"), t("trading.answer"))
with filter_row():
    chosen = period_filter()
    wanted = choose("class", t("column.class"), list(ProjectClass), "project_class")


def trading_in(found: Figures) -> Trading:
    """The figures of the class chosen, or of all."""
    if wanted is None:
        return found.total
    return found.by_class.get(ProjectClass(wanted), no_trading(ProjectClass(wanted)))


now, before, then = (read(figures, days) for days in (chosen.so_far, chosen.before, chosen.year_before))
this, base = trading_in(now), trading_in(before)
months = read(monthly_trading, chosen.trend, wanted)
saving_rate = rate(this.saving_rate, base.saving_rate)
headlines = [
    figure("transactions", "lots", counted(this.transactions, base.transactions), months["transactions"]),
    figure("budget", "wan", amount(this.budget, base.budget), months["budget"]),
    figure("award", "wan", amount(this.award, base.award), months["award"]),
    figure("saving", "wan", amount(this.saving, base.saving), months["saving"]),
    figure("saving_rate", "of_budget", saving_rate, months["saving_rate"], "line"),
    figure("premium", "wan", amount(now.land.premium, before.land.premium), months["premium"]),
]
headline_row(headlines, chosen)

by_class = read(trading_compared, chosen.so_far, chosen.year_before, "project_class")
total = {
    "project_class": t("trading.total"),
    "transactions": now.total.transactions,
    "transactions_before": then.total.transactions,
    "growth": change(now.total.transactions, then.total.transactions),
    "budget": now.total.budget,
    "award": now.total.award,
    "saving": now.total.saving,
    "saving_rate": now.total.saving_rate,
    "saving_rate_before": then.total.saving_rate,
}
by_method = read(trading_compared, chosen.so_far, chosen.year_before, "method")
lots = read(lots_awarded, chosen.so_far, wanted)
left, right = st.columns([3, 2])
with left:
    title = peak("trading.by_month", months, "transactions", chosen.months_inside)
    if wanted is None:
        by_month = read(monthly_by_class, chosen.trend)
        drawn = charts.monthly_stacked(
            by_month, section("project_class"), unit=t("unit.lots"), inside=chosen.months_inside
        )
    else:
        drawn = charts.monthly(
            months,
            "transactions",
            name=t(f"project_class.{wanted}"),
            unit=t("unit.lots"),
            inside=chosen.months_inside,
            before=read(monthly_trading, chosen.trend.year_before(), wanted),
            before_name=t("term.year_before"),
        )
    chart(title, drawn, key="months")
with right:
    rates = tables.worded(by_method.dropna(subset=["saving_rate"]), "method", "method").assign(
        now=lambda rows: rows["saving_rate"] * 100,
        then=lambda rows: rows["saving_rate_before"] * 100,
    )
    names = (t("term.this_period"), t("term.year_before"))
    drawn = charts.compared(rates, "method", "now", "then", names=names, unit="%")
    chart(t("trading.none" if rates.empty else "trading.rate_by_method"), drawn, key="rates")

compared = {
    "transactions": Column(t("term.transactions"), "count"),
    "transactions_before": Column(t("term.year_before"), "count"),
    "growth": Column(t("column.growth"), "percent"),
    "budget": Column(t("term.budget"), "wan"),
    "award": Column(t("term.award"), "wan"),
    "saving": Column(t("term.saving"), "wan"),
    "saving_rate": Column(t("term.saving_rate"), "percent"),
    "saving_rate_before": Column(t("column.rate_before"), "percent"),
}
lot_columns = {
    "decided_at": Column(t("column.awarded"), "day"),
    "section_code": Column(t("column.section_code")),
    "title": Column(t("column.lot"), width="large"),
    "project_class": Column(t("column.class"), codes="project_class"),
    "method": Column(t("column.method"), codes="method"),
    "budget": Column(t("term.budget"), "wan"),
    "starting_price": Column(t("column.starting_price"), "wan"),
    "award": Column(t("term.award"), "wan"),
    "rate": Column(t("column.saving_or_premium_rate"), "percent"),
    "suppliers": Column(t("column.supplier"), width="medium"),
}
if wanted is not None:
    st.caption(t("trading.all_classes"))
tabs = st.tabs([t("trading.tab_class"), t("trading.tab_method"), t("trading.tab_lots", lots=len(lots))])
with tabs[0]:
    columns = {"project_class": Column(t("column.class"), codes="project_class"), **compared}
    tables.show(
        pd.concat([by_class, pd.DataFrame([total])]), columns, key="classes", alt=t("trading.tab_class")
    )
with tabs[1]:
    columns = {"method": Column(t("column.method"), codes="method"), **compared}
    tables.show(by_method, columns, key="methods", alt=t("trading.tab_method"))
with tabs[2]:
    if lots.empty:
        nothing_here(t("trading.none"), t("period.try_longer"))
    else:
        tables.show(lots, lot_columns, key="lots", alt=t("trading.answer"))
export(page_tools(place, headlines), lots, lot_columns, name="trading")
