"""A small month calendar that tells of each day what there is; Streamlit's date field cannot."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import streamlit as st

from dashboard.i18n import section, t
from data_access.footage_calendar import DayOfFootage

_HERE = Path(__file__).parent
_WHOLE = 0.9995  # of a day: less is shown as incomplete
_CALENDAR = st.components.v2.component(
    "mingjing_day_calendar",
    css=(_HERE / "day_calendar.css").read_text(encoding="utf-8"),
    js=(_HERE / "day_calendar.js").read_text(encoding="utf-8"),
)


def day_calendar(
    day: date | None,
    days: Sequence[DayOfFootage],
    *,
    on_day: Callable[[date], None],
    key: str = "footage_calendar",
) -> None:
    """Shows a month with sessions and coverage a day; a day that has footage can be chosen.

    Args:
        day: that is chosen now.
        days: from the first of which footage is kept until today, without a break.
        on_day: called with the chosen day at the start of the script run that follows.
    """

    def changed() -> None:
        chosen = st.session_state[key].day
        if chosen:
            on_day(date.fromisoformat(chosen))

    words = section("footage.calendar")
    words["note"] = t("footage.calendar.note", days=len(days) - 1)
    _CALENDAR(
        key=key,
        data={
            "day": day.isoformat() if day else None,
            "days": {each.day.isoformat(): _told(each) for each in days if each.recorded},
            "first": days[0].day.isoformat(),
            "last": days[-1].day.isoformat(),
            "words": words,
        },
        on_day_change=changed,
    )


def _told(found: DayOfFootage) -> dict[str, object]:
    coverage = found.coverage or 0.0
    share = f"{int(coverage * 1000) / 10:.1f}"  # rounded down: what is not whole is not shown as 100
    return {
        "sessions": t("footage.calendar.sessions", count=found.sessions) if found.sessions else "",
        "share": coverage,
        "whole": coverage >= _WHOLE,
        "text": t("footage.calendar.day", day=found.day.isoformat(), count=found.sessions, share=share),
    }
