"""Tables as files: CSV and workbook, each download with an audit entry."""

from collections.abc import Mapping
from io import BytesIO

import pandas as pd
import streamlit as st
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from streamlit.delta_generator import DeltaGenerator

from dashboard.access import viewer
from dashboard.i18n import t
from dashboard.tables import DAY_FORMATS, TIME_FORMATS, Columns, Kind, presentable
from data_access import audit
from data_access.engine import transaction

_WIDEST = 48  # characters
_WIDE_FROM = 0x2E80  # the first Chinese sign; they take the room of two letters
_EXCEL_FORMATS = {
    "count": "#,##0",
    "wan": "#,##0.00",
    "percent": "0.00",
    **{kind: shown.lower() for kind, shown in {**DAY_FORMATS, **TIME_FORMATS}.items()},
}
_CSV_FORMATS = {
    "day": "%Y-%m-%d",
    "month": "%Y-%m",
    "time": "%Y-%m-%d %H:%M",
    "second": "%Y-%m-%d %H:%M:%S",
    "clock": "%H:%M",
}
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def export(place: DeltaGenerator, table: pd.DataFrame, columns: Columns, *, name: str) -> None:
    """Offers what is shown as CSV and as a workbook.

    Args:
        place: where the button goes.
        table: the rows as they came from the query.
        columns: what the page shows of them.
        name: of the file and in the audit log.
    """
    person, shown = viewer().name, presentable(table, columns)
    # Words are looked up here: the files are made in a thread that knows nothing of the reader.
    kinds = {column.heading: column.kind for column in columns.values()}

    def noted(kind: str) -> pd.DataFrame:
        detail = {"as": kind, "rows": len(table)}
        with transaction() as session:
            audit.record(session, actor=person, action="export_table", subject=name, detail=detail)
        return shown

    with place.popover(t("head.export"), icon=":material/download:", type="tertiary", disabled=table.empty):
        st.caption(t("head.export_help", rows=len(table)))
        st.download_button(
            t("head.export_csv"),
            lambda: as_csv(noted("csv"), kinds),
            file_name=f"{name}.csv",
            mime="text/csv",
            on_click="ignore",
            width="stretch",
        )
        st.download_button(
            t("head.export_xlsx"),
            lambda: as_xlsx(noted("xlsx"), kinds, title=name),
            file_name=f"{name}.xlsx",
            mime=_XLSX,
            on_click="ignore",
            width="stretch",
        )


def as_csv(shown: pd.DataFrame, kinds: Mapping[str, Kind]) -> bytes:
    """UTF-8 with the mark that Excel needs to read Chinese; no text can begin a formula.

    `kinds`: by heading, in the order of the columns.
    """
    harmless = shown.copy()
    for heading, kind in kinds.items():
        if kind == "text":
            harmless[heading] = [f"'{text}" if _begins_formula(text) else text for text in shown[heading]]
        elif kind in _CSV_FORMATS:
            harmless[heading] = shown[heading].dt.strftime(_CSV_FORMATS[kind])
    return harmless.to_csv(index=False).encode("utf-8-sig")


def as_xlsx(shown: pd.DataFrame, kinds: Mapping[str, Kind], *, title: str) -> bytes:
    """A workbook with one sheet: heading row frozen, numbers as numbers in the formats of the page.

    `kinds`: by heading, in the order of the columns.
    """
    book = Workbook()
    book.remove(book.worksheets[0])
    sheet: Worksheet = book.create_sheet(title)
    sheet.append(list(shown.columns))
    for row in shown.astype(object).where(shown.notna(), None).itertuples(index=False):
        sheet.append([value.to_pydatetime() if isinstance(value, pd.Timestamp) else value for value in row])
    for number, kind in enumerate(kinds.values(), start=1):
        letter = get_column_letter(number)
        cells = sheet[letter]
        widest = max(_printed_width(cell.value) for cell in cells)
        sheet.column_dimensions[letter].width = min(widest + 2, _WIDEST)
        for cell in cells[1:]:
            cell.number_format = _EXCEL_FORMATS.get(kind, "General")
            if cell.data_type == "f":  # text from outside that begins with "=" stays text
                cell.data_type = "s"
    for cell in sheet[1]:
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="F6F8FA")
        cell.alignment = Alignment(vertical="center")
    sheet.freeze_panes = "A2"
    book.save(content := BytesIO())
    return content.getvalue()


def _begins_formula(value: object) -> bool:
    return isinstance(value, str) and len(value) > 1 and value[0] in "=+-@\t"


def _printed_width(value: object) -> int:
    return sum(2 if ord(sign) >= _WIDE_FROM else 1 for sign in str(value or ""))
