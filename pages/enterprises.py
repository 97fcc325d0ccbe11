"""How many enterprises stand in the library, who came and who left, by library and grade?"""

import streamlit as st

from dashboard import charts, tables
from dashboard.db import read
from dashboard.exports import export
from dashboard.headline import counted, figure, headline_row, rate
from dashboard.i18n import t
from dashboard.parts import chart, choose, filter_row, nothing_here, page_head, page_tools, search_box
from dashboard.period_filter import period_filter
from dashboard.tables import Column
from data_access.enterprises import members_by_grade, members_in, monthly_movement, movement_by_library
from data_access.figures import enterprise_movement
from domain.vocabulary import Library

GRADES = ("A", "B", "C", "D")

place = page_head(t("enterprises.title"), t("enterprises.answer"))
with filter_row():
    chosen = period_filter()
    library = choose("library", t("column.library"), list(Library), "library", width=130)
    grade = choose("grade", t("column.grade"), GRADES, width=90)
    search = search_box(t("enterprises.search"))

now, before = read(enterprise_movement, chosen.so_far), read(enterprise_movement, chosen.before)
months = read(monthly_movement, chosen.trend)
growth = (months["closing"] - months["opening"]) / months["opening"].where(months["opening"] > 0)
headlines = [
    figure(
        "enterprises_opening", "enterprises", counted(now.opening, before.opening), months["opening"], "line"
    ),
    figure("enterprises_joined", "enterprises", counted(now.joined, before.joined), months["joined"]),
    figure("enterprises_left", "enterprises", counted(now.left, before.left), months["left"]),
    figure(
        "enterprises_closing", "enterprises", counted(now.closing, before.closing), months["closing"], "line"
    ),
    figure("enterprises_growth", "of_opening", rate(now.growth, before.growth), growth, "line"),
]
headline_row(headlines, chosen)

left, right = st.columns([3, 2])
with left:
    drawn = charts.stock_and_flow(
        months,
        stock=t("enterprises.stock"),
        joined=t("term.enterprises_joined"),
        left=t("term.enterprises_left"),
        unit=t("unit.enterprises"),
        inside=chosen.months_inside,
    )
    chart(t("enterprises.by_month", opening=now.opening, closing=now.closing), drawn, key="months")
with right:
    grades = read(members_by_grade, chosen.so_far.end).pivot_table(
        index="library", columns="grade", values="members", fill_value=0
    )
    if grades.empty:
        nothing_here(t("enterprises.none"), t("period.try_longer"))
    else:
        names = {str(code): str(code) or t("enterprises.no_grade") for code in grades}
        named = tables.worded(grades.reset_index(), "library", "library")
        drawn = charts.ranked(named, "library", names, unit=t("unit.enterprises"), colours=charts.ORDERED)
        chart(t("enterprises.by_grade"), drawn, key="grades")

members = read(members_in, chosen.so_far, library, grade, search)
columns = {
    "name": Column(t("column.enterprise"), width="large"),
    "uscc": Column(t("column.uscc"), width=180),
    "library": Column(t("column.library"), codes="library"),
    "grade": Column(t("column.grade"), width=70),
    "local": Column(t("column.local"), "yes_no", 80),
    "joined_on": Column(t("column.joined"), "day"),
    "left_on": Column(t("column.left"), "day"),
    "leave_reason": Column(t("column.leave_reason")),
}
movement = {
    "library": Column(t("column.library"), codes="library"),
    "opening": Column(t("term.enterprises_opening"), "count"),
    "joined": Column(t("term.enterprises_joined"), "count"),
    "left": Column(t("term.enterprises_left"), "count"),
    "closing": Column(t("term.enterprises_closing"), "count"),
}
tabs = st.tabs([t("enterprises.tab_members", members=len(members)), t("enterprises.tab_libraries")])
with tabs[0]:
    if members.empty:
        nothing_here(t("enterprises.none_found"), t("enterprises.none_found_help"))
    else:
        tables.show(members, columns, key="members", alt=t("enterprises.answer"))
with tabs[1]:
    tables.show(
        read(movement_by_library, chosen.so_far),
        movement,
        key="libraries",
        alt=t("enterprises.tab_libraries"),
    )
export(page_tools(place, headlines), members, columns, name="enterprises")
