"""Which experts were penalised, for what and how, and how often for each draw?"""

import streamlit as st

from dashboard import charts, tables
from dashboard.db import read
from dashboard.exports import export
from dashboard.headline import counted, figure, headline_row, rate
from dashboard.i18n import section, t
from dashboard.parts import chart, choose, filter_row, nothing_here, page_head, page_tools, peak
from dashboard.period_filter import period_filter
from dashboard.tables import Action, Column
from data_access.experts import monthly_penalised, penalties_by_behaviour, penalties_in, suspended_on
from data_access.figures import figures, monthly
from domain.vocabulary import PenaltyBehaviour, PenaltyKind

place = page_head(t("penalties.title"), t("penalties.answer"))
with filter_row():
    chosen = period_filter()
    kind = choose("kind", t("column.kind"), list(PenaltyKind), "penalty_kind")
    behaviour = choose("behaviour", t("column.behaviour"), list(PenaltyBehaviour), "behaviour", width=180)

now, before = read(figures, chosen.so_far), read(figures, chosen.before)
months = read(monthly, chosen.trend)
people = read(monthly_penalised, chosen.trend)
suspended = read(suspended_on, (chosen.so_far.last_day, chosen.before.last_day))
rates = months["penalties"] / months["draws"].where(months["draws"] > 0)
times = counted(now.penalties.person_times, before.penalties.person_times)
persons = counted(now.penalties.persons, before.penalties.persons)
headlines = [
    figure("penalties", "person_times", times, months["penalties"]),
    figure("penalised", "persons", persons, people["persons"]),
    figure("draws", "person_times", counted(now.expert_draws, before.expert_draws), months["draws"]),
    figure("penalty_rate", "of_draws", rate(now.penalty_rate, before.penalty_rate), rates, "line"),
    figure("suspended", "persons", counted(*suspended), people["suspended"]),
]
headline_row(headlines, chosen)

left, right = st.columns([3, 2])
with left:
    reasons = read(penalties_by_behaviour, chosen.so_far)
    if reasons.empty:
        nothing_here(t("penalties.none"), t("period.try_longer"))
    else:
        named = tables.worded(reasons, "behaviour", "behaviour")
        drawn = charts.ranked(named, "behaviour", section("penalty_kind"), unit=t("unit.person_times"))
        chart(t("penalties.by_behaviour"), drawn, key="reasons")
with right:
    drawn = charts.monthly(
        months,
        "penalties",
        name=t("term.penalties"),
        unit=t("unit.person_times"),
        inside=chosen.months_inside,
        before=read(monthly, chosen.trend.year_before()),
        before_name=t("term.year_before"),
    )
    chart(peak("penalties.by_month", months, "penalties", chosen.months_inside), drawn, key="months")

found = read(penalties_in, chosen.so_far, kind, behaviour)
columns = {
    "decided_at": Column(t("column.decided"), "time"),
    "expert_code": Column(t("column.expert_code")),
    "expert_name": Column(t("column.expert")),
    "speciality": Column(t("column.speciality")),
    "behaviour": Column(t("column.behaviour"), width="medium", codes="behaviour"),
    "kind": Column(t("column.kind"), codes="penalty_kind"),
    "points": Column(t("column.points"), "count", 70),
    "suspended_from": Column(t("column.suspended_from"), "day"),
    "suspended_to": Column(t("column.suspended_to"), "day"),
    "document_no": Column(t("column.document_no")),
}
st.markdown(f"**{t('penalties.table', times=len(found))}**")
if found.empty:
    nothing_here(t("penalties.none"), t("period.try_longer"))
else:
    shown = found.fillna({"expert_name": t("penalties.confidential")})
    tables.show(shown, columns, key="penalties", alt=t("penalties.answer"), actions=[Action("penalty")])
export(page_tools(place, headlines), found, columns, name="penalties")
