"""A small month calendar that marks the days which have footage; Streamlit's date field cannot."""

from collections.abc import Callable, Collection
from datetime import date
from pathlib import Path

import streamlit as st

from dashboard.i18n import section, t

_HERE = Path(__file__).parent
_KEY = "footage_calendar"
_CALENDAR = st.components.v2.component(
    "mingjing_day_calendar",
    css=(_HERE / "day_calendar.css").read_text(encoding="utf-8"),
    js=(_HERE / "day_calendar.js").read_text(encoding="utf-8"),
)


def day_calendar(
    day: date, marked: Collection[date], first: date, last: date, *, on_day: Callable[[date], None]
) -> None:
    """Shows the month of `day`; one of the `marked` days between `first` and `last` (today) can be chosen.

    Args:
        on_day: called with the chosen day at the start of the script run that follows.
    """

    def changed() -> None:
        chosen = st.session_state[_KEY].day
        if chosen:
            on_day(date.fromisoformat(chosen))

    words = section("footage.calendar")
    words["note"] = t("footage.calendar.note", days=(last - first).days)
    _CALENDAR(
        key=_KEY,
        data={
            "day": day.isoformat(),
            "days": sorted(each.isoformat() for each in marked),
            "first": first.isoformat(),
            "last": last.isoformat(),
            "words": words,
        },
        on_day_change=changed,
    )
