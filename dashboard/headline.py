"""The row of headline figures on a page: value, difference to the period before, months, definition."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from math import isnan
from pathlib import Path
from typing import Literal

import streamlit as st

from dashboard.i18n import t
from dashboard.numbers import Number, in_percent, percent, signed, wan, whole
from dashboard.period_filter import Chosen

_HERE = Path(__file__).parent
_ROW = st.components.v2.component(
    "mingjing_headline",
    css="".join((_HERE / f"{part}.css").read_text(encoding="utf-8") for part in ("define", "headline")),
    js=(_HERE / "headline.js").read_text(encoding="utf-8"),
)


Shown = tuple[str, str, str]
"""A value, its change with sign ("+6", empty: nothing to compare with) and from what to what ("72→78")."""


@dataclass(frozen=True)
class Headline:
    """One figure, ready to be shown. `term` has its name and definition in the text files."""

    term: str
    label: str
    unit: str
    definition: str
    value: str
    change: str
    base: str
    months: list[float]
    """The values of the months up to the period's end, or nothing."""
    drawn_as: Literal["bars", "line"]


def figure(
    term: str,
    unit: str,
    shown: Shown,
    months: Iterable[float] = (),
    drawn_as: Literal["bars", "line"] = "bars",
) -> Headline:
    """A headline figure with its name and definition in the reader's language.

    Args:
        term: the key below `term` and `definition` in the text files.
        unit: the key below `unit`.
        shown: from `counted`, `amount` or `rate`.
        months: the months up to the period's end; bars for counts and amounts, a line for stocks and rates.
        drawn_as: how the months are drawn.
    """
    label, definition = t(f"term.{term}"), t(f"definition.{term}")
    values = [0.0 if isnan(value) else float(value) for value in months]
    return Headline(term, label, t(f"unit.{unit}"), definition, *shown, values, drawn_as)


def counted(value: Number | None, before: Number | None) -> Shown:
    """Value, change and base of a count."""
    return whole(value), *_compared(value, before, whole)


def amount(value: Decimal | None, before: Decimal | None) -> Shown:
    """Value, change and base of an amount in yuan, shown in 万元."""
    return wan(value), *_compared(value, before, wan)


def rate(value: Decimal | None, before: Decimal | None) -> Shown:
    """Value, change and base of a fraction, shown in percent; the change is in percentage points."""
    if value is None or before is None:
        return percent(value), "", ""
    difference = in_percent(value) - in_percent(before)
    change = t("figure.points", value=signed(f"{difference:,}", difference)) if difference else ""
    return percent(value), change or t("figure.unchanged"), f"{percent(before)}→{percent(value)}"


def _compared(value: Number | None, before: Number | None, show: Callable[[Number], str]) -> tuple[str, str]:
    if value is None or before is None:
        return "", ""
    difference = value - before
    change = signed(show(difference), difference) if difference else t("figure.unchanged")
    return change, f"{show(before)}→{show(value)}"


def headline_row(figures: Sequence[Headline], chosen: Chosen) -> None:
    """Shows at most six figures in one row, fewer in a row on a narrow screen."""
    against = t("figure.against_elapsed") if chosen.running else t("figure.against_previous")
    _ROW(
        key="headline",
        data={
            "figures": [asdict(figure) for figure in figures],
            "against": against,
            "inside": chosen.months_inside,
        },
        width="stretch",
        height="content",
    )
