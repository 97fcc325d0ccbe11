"""The period filter that all figure pages share.

In a link it is `?period=last_half` (one of PRESETS) or `?from=2023-01-01&to=2023-07-01` (half-open: `to` is
the first day outside), which wins over `period`. A link without either means the current half-year. Links to
other pages carry the choice along.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import streamlit as st

from dashboard import links
from dashboard.i18n import t
from domain.periods import (
    SHANGHAI,
    EmptyPeriod,
    Period,
    add_months,
    half_year_of,
    month_of,
    quarter_of,
    year_of,
)

PRESETS: Mapping[str, Callable[[date], Period]] = {
    "this_month": month_of,
    "this_quarter": quarter_of,
    "this_half": half_year_of,
    "this_year": year_of,
    "last_month": lambda day: month_of(day).previous(),
    "last_quarter": lambda day: quarter_of(day).previous(),
    "last_half": lambda day: half_year_of(day).previous(),
    "last_year": lambda day: year_of(day).previous(),
}
CUSTOM = "custom"
_DEFAULT = {"period": "this_half"}


@dataclass(frozen=True)
class Chosen:
    """The period looked at, and what it is fairly compared with.

    While the period still runs, the other periods are cut to as many days as have passed, so that a half of
    a half-year is not compared with a whole one.
    """

    period: Period
    today: date

    @property
    def running(self) -> bool:
        """Whether today lies inside."""
        return self.period.contains(self.today)

    @property
    def so_far(self) -> Period:
        """The part up to and with today, or all of it."""
        return self._cut(self.period)

    @property
    def before(self) -> Period:
        """The period before (上期)."""
        return self._cut(self.period.previous())

    @property
    def year_before(self) -> Period:
        """The same days of the year before (去年同期)."""
        return self.so_far.year_before()

    @property
    def trend(self) -> Period:
        """The calendar months to draw: twelve up to the last one begun, or all of a longer period."""
        last = month_of(self.so_far.last_day)
        first = month_of(self.period.start).start
        return Period(min(first, add_months(last.start, -11)), last.end)

    @property
    def months_inside(self) -> int:
        """How many of the last months of `trend` lie inside the period."""
        return len(self.so_far.months())

    def _cut(self, other: Period) -> Period:
        if not self.running:
            return other
        passed = timedelta(days=(self.today - self.period.start).days + 1)
        return Period(other.start, min(other.end, other.start + passed))


def choice_in(link: Mapping[str, str]) -> dict[str, str] | None:
    """The period that a link names, reduced to its own keys; None when it names none that can be used."""
    if "from" in link and "to" in link:
        choice = {"from": link["from"], "to": link["to"]}
        return choice if _is_usable(choice) else None
    preset = link.get("period", "")
    return {"period": preset} if preset in PRESETS else None


def period_of(choice: Mapping[str, str], today: date) -> Period:
    """The days that a choice means.

    Raises:
        ValueError: a date cannot be read, or the period is empty.
    """
    if "period" in choice:
        return PRESETS[choice["period"]](today)
    return Period(date.fromisoformat(choice["from"]), date.fromisoformat(choice["to"]))


def _is_usable(choice: Mapping[str, str]) -> bool:
    try:
        period_of(choice, date.min)
    except ValueError:
        return False
    return True


def period_filter() -> Chosen:
    """The filter's widgets, in the row that the caller has opened; the link tells what is chosen."""
    today = datetime.now(SHANGHAI).date()
    choice = choice_in(st.query_params) or _DEFAULT
    period = period_of(choice, today)
    st.session_state["period_preset"] = choice.get("period", CUSTOM)
    st.session_state["period_from"], st.session_state["period_to"] = period.start, period.end
    shown = t("period.shown", first=period.start, last=period.last_day)
    st.selectbox(
        t("period.label", days=shown),
        [*PRESETS, CUSTOM],
        format_func=lambda name: t(f"period.{name}"),
        key="period_preset",
        on_change=_preset_chosen,
        args=(period,),
        width=232,
    )
    if "period" not in choice:
        for day in ("from", "to"):
            st.date_input(
                t(f"period.{day}"),
                key=f"period_{day}",
                format="YYYY-MM-DD",
                on_change=_days_chosen,
                width=140,
            )
    if refused := st.session_state.pop("period_refused", None):
        st.warning(t("period.wrong_order", first=refused.start, last=refused.last_day))
    return Chosen(period, today)


def _preset_chosen(shown: Period) -> None:
    name = st.session_state["period_preset"]
    if name == CUSTOM:
        _choose({"from": shown.start.isoformat(), "to": shown.end.isoformat()})
    else:
        _choose({"period": name})


def _days_chosen() -> None:
    """Takes both days over; a period that would be empty is refused and said."""
    start, end = st.session_state["period_from"], st.session_state["period_to"]
    try:
        Period(start, end)
    except EmptyPeriod:
        today = datetime.now(SHANGHAI).date()
        st.session_state["period_refused"] = period_of(choice_in(st.query_params) or _DEFAULT, today)
    else:
        _choose({"from": start.isoformat(), "to": end.isoformat()})


def _choose(choice: Mapping[str, str]) -> None:
    """Puts what the reader chose into the link."""
    in_link = {} if choice == _DEFAULT else choice
    for key in links.PERIOD_NAMES:
        links.put(key, in_link.get(key))
