"""Tables on pages and in exports: one description of the columns serves both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from typing import Literal

import pandas as pd
import streamlit as st
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from streamlit.column_config import (
    ButtonColumn,
    DateColumn,
    DatetimeColumn,
    MultiselectColumn,
    NumberColumn,
    TextColumn,
)
from streamlit.delta_generator import DeltaGenerator

from dashboard.access import viewer
from dashboard.i18n import t
from dashboard.navigation import file_of
from dashboard.numbers import NOT_APPLICABLE, in_percent, in_wan
from data_access import audit
from data_access.engine import transaction
from domain.periods import SHANGHAI
from domain.vocabulary import SessionStatus

Kind = Literal[
    "text", "count", "wan", "percent", "day", "month", "time", "second", "clock", "yes_no", "state"
]

_STATE_COLOURS = {
    SessionStatus.OPEN: "green",
    SessionStatus.SCHEDULED: "blue",
    SessionStatus.PAUSED: "orange",
    SessionStatus.DONE: "gray",
    SessionStatus.CANCELLED: "gray",
}
_ROW_HEIGHT = 33  # pixels
_WIDTHS = {"day": 104, "month": 84, "time": 140, "second": 156, "clock": 64, "yes_no": 72, "state": 88}
_WIDEST_EXPORT = 48  # characters
_DAY_FORMATS = {"day": "YYYY-MM-DD", "month": "YYYY-MM"}
_TIME_FORMATS = {"time": "YYYY-MM-DD HH:mm", "second": "YYYY-MM-DD HH:mm:ss", "clock": "HH:mm"}
_EXCEL_FORMATS = {
    "count": "#,##0",
    "wan": "#,##0.00",
    "percent": '0.00"%"',
    **{kind: shown.lower() for kind, shown in {**_DAY_FORMATS, **_TIME_FORMATS}.items()},
}


@dataclass(frozen=True)
class Column:
    """How a column of a table is named and written.

    Kinds: text; count (integer); wan (yuan in, 万元 out); percent (fraction in); day (date), month (the
    same, without the day); time (aware datetime in, Asia/Shanghai out), second (the same with seconds), clock
    (the same, without the day); yes_no (bool);
    state (a session's status code, as a coloured word).
    """

    label: str
    kind: Kind = "text"
    width: Literal["small", "medium", "large"] | int | None = None
    codes: str = ""
    """The text section that holds the words for this column's codes, for example `method`."""

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
    labels: "pd.Series[str] | None" = None
    """The words on the buttons, empty for no button; None: the same on all."""
    width: int = 64


def presentable(table: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """The named columns in their order, in the units and words that people read, under their headings."""
    return pd.DataFrame(
        {column.heading: _values(table[name], column) for name, column in columns.items()}, index=table.index
    )


def _values(values: "pd.Series[object]", column: Column) -> "pd.Series[object]":
    if column.codes:
        return values.map(lambda code: t(f"{column.codes}.{code if pd.notna(code) else 'unknown'}"))
    if column.kind == "wan":
        return values.map(lambda yuan: None if pd.isna(yuan) else float(in_wan(_exact(yuan)))).astype(
            "float64"
        )
    if column.kind == "percent":
        return values.map(lambda part: None if pd.isna(part) else float(in_percent(_exact(part)))).astype(
            "float64"
        )
    if column.kind in _TIME_FORMATS:
        return pd.to_datetime(values, utc=True).dt.tz_convert(SHANGHAI).dt.tz_localize(None)
    if column.kind in _DAY_FORMATS:
        return pd.to_datetime(values)
    if column.kind == "yes_no":
        return values.map(lambda yes: t("word.yes") if yes else t("word.no"))
    if column.kind == "text":
        return values.map(lambda text: text if isinstance(text, str) and text else NOT_APPLICABLE)
    return values


def _exact(number: object) -> Decimal:
    """A number as a decimal; a float by its shortest text, so that 0.15 stays 0.15."""
    return number if isinstance(number, Decimal) else Decimal(repr(float(str(number))))


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
    config = {column.heading: _config(column) for column in columns.values()}
    clicks = {f"{key}_{action.page}": action for action in actions}
    for place, (click, action) in enumerate(clicks.items()):
        labels = action.labels if action.labels is not None else t("word.open_row")
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
            st.switch_page(
                file_of(action.page), query_params={action.key: str(table["id"].iloc[clicked["row"]])}
            )


def _config(column: Column) -> object:
    width = column.width or _WIDTHS.get(column.kind)
    if column.kind == "count":
        return NumberColumn(width=width, format="%,d")
    if column.kind in {"wan", "percent"}:
        return NumberColumn(width=width, format="%,.2f")
    if column.kind in _DAY_FORMATS:
        return DateColumn(width=width, format=_DAY_FORMATS[column.kind])
    if column.kind in _TIME_FORMATS:
        return DatetimeColumn(width=width, format=_TIME_FORMATS[column.kind])
    if column.kind == "state":
        words = [t(f"{column.codes}.{code}") for code in _STATE_COLOURS]
        return MultiselectColumn(width=width, options=words, color=list(_STATE_COLOURS.values()))
    return TextColumn(width=width)


def export(place: DeltaGenerator, table: pd.DataFrame, columns: Columns, *, name: str) -> None:
    """Offers what is shown as CSV and as a workbook; every download leaves an audit entry."""
    person = viewer().name

    def rows_for(kind: str) -> pd.DataFrame:
        with transaction() as session:
            audit.record(
                session,
                actor=person,
                action="export_table",
                subject=name,
                detail={"as": kind, "rows": len(table)},
            )
        return shown

    shown = presentable(table, columns)
    help_text = t("head.export_help", rows=len(table))
    with place.popover(t("head.export"), icon=":material/download:", type="tertiary", disabled=table.empty):
        st.caption(help_text)
        st.download_button(
            t("head.export_csv"),
            lambda: as_csv(rows_for("csv")),
            file_name=f"{name}.csv",
            mime="text/csv",
            on_click="ignore",
            width="stretch",
        )
        st.download_button(
            t("head.export_xlsx"),
            lambda: as_xlsx(rows_for("xlsx"), list(columns.values()), title=name),
            file_name=f"{name}.xlsx",
            mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            on_click="ignore",
            width="stretch",
        )


def as_csv(shown: pd.DataFrame) -> bytes:
    """UTF-8 with the mark that Excel needs to read Chinese."""
    return shown.to_csv(index=False, date_format="%Y-%m-%d %H:%M").encode("utf-8-sig")


def as_xlsx(shown: pd.DataFrame, columns: Sequence[Column], *, title: str) -> bytes:
    """A workbook with one sheet: heading row frozen, numbers as numbers in the formats of the page."""
    book = Workbook()
    sheet = book.active
    sheet.title = title[:31]
    sheet.append(list(shown.columns))
    for row in shown.astype(object).where(shown.notna(), None).itertuples(index=False):
        sheet.append([value.to_pydatetime() if isinstance(value, pd.Timestamp) else value for value in row])
    for number, column in enumerate(columns, start=1):
        letter = get_column_letter(number)
        lengths = [
            sum(2 if ord(sign) > 0x2E80 else 1 for sign in str(cell.value or "")) for cell in sheet[letter]
        ]
        sheet.column_dimensions[letter].width = min(max(lengths, default=8) + 2, _WIDEST_EXPORT)
        for cell in sheet[letter][1:]:
            cell.number_format = _EXCEL_FORMATS.get(column.kind, "General")
    for cell in sheet[1]:
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="F6F8FA")
        cell.alignment = Alignment(vertical="center")
    sheet.freeze_panes = "A2"
    book.save(content := BytesIO())
    return content.getvalue()
