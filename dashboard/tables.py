"""Tables on pages: one description of the columns serves the page and the export."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import pandas as pd
import streamlit as st
from streamlit.column_config import (
    ButtonColumn,
    DateColumn,
    DatetimeColumn,
    MultiselectColumn,
    NumberColumn,
    TextColumn,
)

from dashboard.i18n import section, t
from dashboard.links import go_to_page
from dashboard.numbers import NOT_APPLICABLE, in_percent, in_wan
from domain.periods import SHANGHAI
from domain.vocabulary import SessionStatus

Kind = Literal[
    "text", "count", "wan", "percent", "day", "month", "time", "second", "clock", "yes_no", "state"
]

DAY_FORMATS = {"day": "YYYY-MM-DD", "month": "YYYY-MM"}
TIME_FORMATS = {"time": "YYYY-MM-DD HH:mm", "second": "YYYY-MM-DD HH:mm:ss", "clock": "HH:mm"}

_WIDTHS = {"day": 104, "month": 84, "time": 140, "second": 156, "clock": 64, "yes_no": 72, "state": 88}
_ROW_HEIGHT = 33  # pixels
_STATE_COLOURS = {
    SessionStatus.OPEN: "green",
    SessionStatus.SCHEDULED: "blue",
    SessionStatus.PAUSED: "orange",
    SessionStatus.DONE: "gray",
    SessionStatus.CANCELLED: "gray",
}


@dataclass(frozen=True)
class Column:
    """How a column of a table is named and written.

    Kinds: text; count (integer); wan (yuan in, 万元 out); percent (fraction in); day (date), month (the same,
    without the day); time (aware datetime in, Asia/Shanghai out), second (with seconds), clock (without the
    day); yes_no (bool); state (a session's status code, as a coloured word).
    """

    label: str
    kind: Kind = "text"
    width: Literal["small", "medium", "large"] | int | None = None
    codes: str = ""
    """The text section with the words for this column's codes, for example `method`."""

    @property
    def heading(self) -> str:
        """The label with the unit."""
        unit = {"wan": t("unit.wan"), "percent": t("unit.percent")}.get(self.kind)
        return f"{self.label}（{unit}）" if unit else self.label


Columns = Mapping[str, Column]


@dataclass(frozen=True)
class Action:
    """A column of buttons that lead to the page of a row."""

    page: str
    key: str = "id"
    """What the page calls the row's id in its link."""
    labels: Sequence[str] | None = None
    """The words on the buttons, empty for no button; None: the same on all."""
    width: int = 64


def presentable(table: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """The named columns in their order, in the units and words that people read, under their headings."""
    return pd.DataFrame(
        {column.heading: _values(table[name], column) for name, column in columns.items()}, index=table.index
    )


def worded(table: pd.DataFrame, column: str, codes: str) -> pd.DataFrame:
    """The table with the words of a text section in the place of a column's codes, for a chart."""
    return table.assign(**{column: _values(table[column], Column("", codes=codes))})


def _values(values: Any, column: Column) -> Any:
    """A column as people read it."""
    if column.codes:
        words = section(column.codes)
        return values.map(lambda code: words.get(code, code) if isinstance(code, str) else words["unknown"])
    if column.kind in TIME_FORMATS:
        return pd.to_datetime(values, utc=True).dt.tz_convert(SHANGHAI).dt.tz_localize(None)
    if column.kind in DAY_FORMATS:
        return pd.to_datetime(values)
    if column.kind == "count":
        return values.astype("float64").convert_dtypes()  # whole numbers without decimals
    return values.map(_WRITTEN[column.kind])


def _number(value: object, write: Callable[[Decimal], Decimal]) -> float:
    """A rounded number; nothing stays nothing. A float is taken by its shortest text, so 0.15 is 0.15."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return math.nan
    return float(write(value if isinstance(value, Decimal) else Decimal(str(value))))


_WRITTEN: Mapping[str, Callable[[Any], object]] = {
    "wan": lambda yuan: _number(yuan, in_wan),
    "percent": lambda fraction: _number(fraction, in_percent),
    "yes_no": lambda yes: t("word.yes") if yes else t("word.no"),
    "text": lambda text: text if isinstance(text, str) and text else NOT_APPLICABLE,
}


def show(
    table: pd.DataFrame,
    columns: Columns,
    *,
    key: str,
    alt: str,
    actions: Sequence[Action] = (),
    rows_shown: int = 12,
) -> None:
    """The table, and before it a column for each action that leads to a page with the row's `id`.

    Args:
        table: the rows, with a column `id` when there are actions.
        columns: what to show.
        key: names the widget.
        alt: what the table is, for screen readers.
        actions: where a row leads.
        rows_shown: the height in rows before it scrolls.
    """
    shown = presentable(table, columns)
    config: dict[str, Any] = {column.heading: _config(column) for column in columns.values()}
    clicks = {f"{key}_{action.page}": action for action in actions}
    for place, (click, action) in enumerate(clicks.items()):
        labels = action.labels if action.labels is not None else [t("word.open_row")] * len(shown)
        shown.insert(place, click, labels)
        config[click] = ButtonColumn("", key=click, width=action.width, type="tertiary", pinned=True)
    st.dataframe(
        shown,
        key=key,
        column_config=config,
        hide_index=True,
        placeholder=NOT_APPLICABLE,
        height="content" if len(shown) <= rows_shown else _ROW_HEIGHT * (rows_shown + 1) + 2,
        row_height=_ROW_HEIGHT,
        alt=alt,
    )
    for click, action in clicks.items():
        if clicked := st.session_state.get(click):
            row = str(table["id"].iloc[clicked["row"]])
            go_to_page(action.page, **{action.key: row})


def _config(column: Column) -> Any:
    width = column.width or _WIDTHS.get(column.kind)
    if column.kind == "count":
        return NumberColumn(width=width, format="%,d")
    if column.kind in {"wan", "percent"}:
        return NumberColumn(width=width, format="%,.2f")
    if column.kind in DAY_FORMATS:
        return DateColumn(width=width, format=DAY_FORMATS[column.kind])
    if column.kind in TIME_FORMATS:
        return DatetimeColumn(width=width, format=TIME_FORMATS[column.kind])
    if column.kind == "state":
        words = [t(f"{column.codes}.{code}") for code in _STATE_COLOURS]
        return MultiselectColumn(width=width, options=words, color=list(_STATE_COLOURS.values()))
    return TextColumn(width=width)
