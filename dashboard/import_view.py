"""What the import page shows of a report: tables and the few widgets around them."""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, time

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from dashboard import tables
from dashboard.access import Viewer
from dashboard.i18n import language, t
from dashboard.parts import nothing_here, plain
from dashboard.tables import Column, Columns
from data_access.engine import transaction
from data_access.workbook.importing import (
    ImportReport,
    PastImport,
    SheetReport,
    import_workbook,
    preview_workbook,
)
from data_access.workbook.reading import read
from data_access.workbook.template import empty_workbook, rejected_workbook
from data_access.workbook.words import State, Words

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_PROBLEMS = 500  # on the page; the returned workbook has all


def choose_file(key: str) -> UploadedFile | None:
    """The place to put a filled workbook; Streamlit's own words in it are replaced by ours."""
    zone = f'.st-key-{key} [data-testid="stFileUploaderDropzone"]'
    held_over = f"{zone} > input + div:not(:has([data-testid])) > span"
    st.html(
        f"""<style>
        {zone} button p, {held_over} {{font-size: 0}}
        {zone} button p::after {{content: "{t("import.choose")}"; font-size: 0.875rem}}
        {held_over}::after {{content: "{t("import.let_go")}"; font-size: 0.875rem}}
        {zone} [data-testid="stFileUploaderDropzoneInstructions"] > * {{display: none}}
        {zone} [data-testid="stFileUploaderDropzoneInstructions"]::after
          {{content: "{t("import.drop")}"; font-size: 0.8rem; opacity: 0.75}}
        </style>"""
    )
    return st.file_uploader(
        t("import.file"), type=["xlsx", "xlsm", "csv"], key=key, label_visibility="collapsed"
    )


def template_button() -> None:
    """Hands out the empty workbook."""
    st.download_button(
        t("import.template"),
        empty_workbook,
        file_name=f"{t('import.template_file')}.xlsx",
        mime=XLSX,
        icon=":material/download:",
        on_click="ignore",
    )


def rejected_button(report: ImportReport) -> None:
    """Hands back the rejected rows, when there are any."""
    if any(sheet.rejected for sheet in report.sheets):
        st.download_button(
            t("import.rejected_rows"),
            lambda: rejected_workbook(report) or b"",
            file_name=f"{t('import.rejected_file')}.xlsx",
            mime=XLSX,
            icon=":material/assignment_return:",
            on_click="ignore",
        )


def preview(file: UploadedFile) -> ImportReport:
    """What importing the file would do now.

    Raises:
        UnreadableWorkbook: it cannot be read.
    """
    with transaction() as session:
        return preview_workbook(session, read(file.getvalue(), file.name))


def run_import(file: UploadedFile, person: Viewer) -> ImportReport:
    """Imports the file in one transaction."""
    data = file.getvalue()
    book = read(data, file.name)
    with transaction() as session:
        return import_workbook(
            session,
            book,
            sha256=hashlib.sha256(data).hexdigest(),
            actor=person.name,
            address=st.context.ip_address or "",
        )


def in_language(words: Words) -> str:
    """The sentence in the visitor's language."""
    return words.zh if language() == "zh" else words.en


def show(report: ImportReport) -> None:
    """The outcome by sheet, the problems, and the first rows."""
    if not report.filled_sheets:
        nothing_here(t("import.no_rows"), t("import.no_rows_help"))
        return
    with st.container(horizontal=True):
        for state in State:
            st.metric(t(f"import.count_{state}"), f"{report.count(state):,}", border=True, width=170)
    for sheet in report.sheets:
        if sheet.error:
            st.error(plain(f"{sheet.name}：{in_language(sheet.error)}"), icon=":material/error:")
    if report.ignored_sheets:
        st.caption(t("import.ignored_sheets", sheets=plain("、".join(report.ignored_sheets))))
    sheets = [sheet for sheet in report.sheets if sheet.first_rows]
    by_sheet, wrong, *previews = st.tabs(
        [t("import.by_sheet"), t("import.problems", problems=len(report.problems)), *(s.name for s in sheets)]
    )
    with by_sheet:
        tables.show(*counts(report), key="counts", alt=t("import.by_sheet"))
    with wrong:
        if report.problems:
            tables.show(*problems(report), key="problems", alt=t("import.reason"))
        else:
            st.caption(t("import.no_problems"))
        if len(report.problems) > MOST_PROBLEMS:
            st.caption(t("import.more_problems", shown=MOST_PROBLEMS))
    for tab, sheet in zip(previews, sheets, strict=True):
        with tab:
            tables.show(*first_rows(sheet), key=f"rows_{sheet.name}", alt=sheet.name)
            st.caption(t("import.first_rows", rows=len(sheet.first_rows)))


def counts(report: ImportReport) -> tuple[pd.DataFrame, Columns]:
    """One row a sheet that has rows: how many are new, changed, unchanged, rejected."""
    sheets = report.filled_sheets
    rows = [{"sheet": sheet.name, **{state.value: sheet.count(state) for state in State}} for sheet in sheets]
    columns = {
        "sheet": Column(t("import.sheet")),
        **{state.value: Column(t(f"import.{state.value}"), "count") for state in State},
        "remark": Column(t("import.remark"), width="large"),
    }
    remarks = [_remark(sheet) for sheet in sheets]
    return pd.DataFrame(rows, columns=list(columns)).assign(remark=remarks), columns


def _remark(sheet: SheetReport) -> str:
    if sheet.error:
        return in_language(sheet.error)
    ignored = "、".join(sheet.ignored_columns)
    return t("import.ignored_columns", columns=ignored) if ignored else ""


def problems(report: ImportReport) -> tuple[pd.DataFrame, Columns]:
    """One row a problem: sheet, row, column, whether the row is rejected, and why."""
    rows = [
        {
            "sheet": problem.sheet,
            "row": problem.row,
            "column": problem.column,
            "severity": t(f"import.{problem.severity}"),
            "reason": in_language(problem.words),
        }
        for problem in report.problems[:MOST_PROBLEMS]
    ]
    columns = {
        "sheet": Column(t("import.sheet"), width=100),
        "row": Column(t("import.row"), "count", 70),
        "column": Column(t("import.column"), width=130),
        "severity": Column(t("import.outcome"), width=80),
        "reason": Column(t("import.reason"), width=640),
    }
    return pd.DataFrame(rows, columns=list(columns)), columns


def first_rows(sheet: SheetReport) -> tuple[pd.DataFrame, Columns]:
    """The first rows of a sheet as they stand in the file, and what becomes of them."""
    headers = list(dict.fromkeys(header for one in sheet.first_rows for header in one.row.cells))
    rows = [
        {
            "row": one.row.number,
            "outcome": t(f"import.{one.state}"),
            **{header: _as_text(one.row.cells.get(header)) for header in headers},
        }
        for one in sheet.first_rows
    ]
    columns = {
        "row": Column(t("import.row"), "count", 70),
        "outcome": Column(t("import.outcome"), width=80),
        **{header: Column(header) for header in headers},
    }
    return pd.DataFrame(rows, columns=list(columns)), columns


def _as_text(cell: object) -> str:
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d}" if cell.time() == time() else f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else str(cell)


def history(past: Iterable[PastImport]) -> tuple[pd.DataFrame, Columns]:
    """One row an import."""
    columns = {
        "imported_at": Column(t("column.time"), "time"),
        "file_name": Column(t("import.file_name"), width="large"),
        "imported_by": Column(t("import.by")),
        "added": Column(t("import.new"), "count"),
        "changed": Column(t("import.changed"), "count"),
        "unchanged": Column(t("import.unchanged"), "count"),
        "rejected": Column(t("import.rejected"), "count"),
    }
    return pd.DataFrame([vars(one) for one in past], columns=list(columns)), columns
