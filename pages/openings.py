"""How many bid openings were held and supervised, by method and month?"""

import streamlit as st

from dashboard import charts, tables
from dashboard.db import read
from dashboard.exports import export
from dashboard.headline import counted, figure, headline_row, rate
from dashboard.i18n import t
from dashboard.parts import chart, choose, filter_row, nothing_here, page_head, page_tools, peak
from dashboard.period_filter import period_filter
from dashboard.tables import Action, Column
from data_access.figures import figures
from data_access.openings import by_method, monthly_openings, opening_quality, openings_in
from domain.kpi import ratio
from domain.vocabulary import ProcurementMethod, SessionStatus

place = page_head(t("openings.title"), t("openings.answer"))
with filter_row():
    chosen = period_filter()
    method = choose("method", t("column.method"), list(ProcurementMethod), "method")
    watched = choose("supervised", t("column.supervised"), ["yes", "no"], "word", width=110)

now, before = read(figures, chosen.so_far).openings, read(figures, chosen.before).openings
quality, quality_before = read(opening_quality, chosen.so_far), read(opening_quality, chosen.before)
months = read(monthly_openings, chosen.trend)
punctual = rate(ratio(quality.punctual, quality.held), ratio(quality_before.punctual, quality_before.held))
held = months["held"].where(months["held"] > 0)
headlines = [
    figure("supervised", "sessions", counted(now.supervised, before.supervised), months["supervised"]),
    *(
        figure(
            f"supervised_{code}",
            "sessions",
            counted(now.by_method.get(code, 0), before.by_method.get(code, 0)),
            months[code],
        )
        for code in (ProcurementMethod.OPEN, ProcurementMethod.SELECTIVE)
    ),
    figure("held", "sessions", counted(now.held, before.held), months["held"]),
    figure("coverage", "of_held", rate(now.coverage, before.coverage), months["supervised"] / held, "line"),
    figure("punctual", "of_held", punctual, months["punctual"] / held, "line"),
]
headline_row(headlines, chosen)

parts = {"supervised": t("term.supervised"), "others": t("term.unsupervised")}
colours = (charts.ACCENT, charts.COMPARISON)
left, right = st.columns([3, 2])
with left:
    drawn = charts.monthly_stacked(
        months, parts, unit=t("unit.sessions"), inside=chosen.months_inside, colours=colours
    )
    chart(peak("openings.by_month", months, "supervised", chosen.months_inside), drawn, key="months")
with right:
    methods = read(by_method, chosen.so_far)
    if methods.empty:
        nothing_here(t("openings.none"), t("period.try_longer"))
    else:
        named = tables.worded(methods, "method", "method")
        drawn = charts.ranked(named, "method", parts, unit=t("unit.sessions"), colours=colours)
        chart(t("openings.by_method"), drawn, key="methods")

sessions = read(openings_in, chosen.period, method, None if watched is None else watched == "yes")
columns = {
    "start": Column(t("column.start"), "time"),
    "code": Column(t("column.session_code")),
    "project": Column(t("column.project"), width=290),
    "method": Column(t("column.method"), codes="method"),
    "room": Column(t("column.room")),
    "status": Column(t("column.status"), "state", codes="session_status"),
    "supervision": Column(t("column.supervised"), codes="supervision"),
    "bidders": Column(t("column.bidders"), "count", 84),
    "abnormal": Column(t("column.abnormal"), "yes_no"),
}
ahead = int((sessions["status"] == SessionStatus.SCHEDULED).sum())
st.markdown(f"**{t('openings.table', sessions=len(sessions), ahead=ahead)}**")
if sessions.empty:
    nothing_here(t("openings.none"), t("period.try_longer"))
else:
    tables.show(sessions, columns, key="openings", alt=t("openings.answer"), actions=[Action("opening")])
export(page_tools(place, headlines), sessions, columns, name="openings")
