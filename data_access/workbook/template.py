"""The empty workbook that people fill in, and the workbook of rejected rows they get back to mend."""

from __future__ import annotations

import io
from collections.abc import Iterable

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from data_access.workbook.importing import ImportReport
from data_access.workbook.sheets import EXPLANATION, REASON_HEADER, ROW_HEADER, SHEETS, Column, Sheet

LAST_ROW = 1_048_576

_REQUIRED = PatternFill("solid", fgColor="1257A8")
_OPTIONAL = PatternFill("solid", fgColor="5B6770")
_TITLE = Font(bold=True, size=14)
_BOLD = Font(bold=True)
_HEADER_FONT = Font(bold=True, color="FFFFFF")
_CENTRED = Alignment(horizontal="center", vertical="center", wrap_text=True)
_WRAPPED = Alignment(vertical="top", wrap_text=True)

_RULES = (
    "深蓝表头为必填列，灰色表头为选填列。列的顺序可以调整，多余的列不会导入。",
    "同一行再次导入：内容未变的不改动，有变化的更新；不会产生重复数据。",
    "文件中没有的列保持原值；有此列但单元格为空的，清空原值（项目、专家、企业信息除外，空白不改动）。",
    "清空成交价等中标信息后再导入，原中标记为作废，不再计入统计。",
    "一行有错只退回该行，其余行照常导入；退回的行可下载，改正后再次导入。",
    "时间按北京时间填写。金额须注明单位：元或万元。编号和信用代码按文本填写。",
    "请勿合并单元格；公式须有计算结果，最好粘贴为数值。",
)
_EXPLAINED = ("工作表", "列名", "是否必填", "格式与可选值", "示例", "说明", "English")
_EXPLAINED_WIDTHS = (14, 18, 10, 52, 34, 56, 24)


def empty_workbook() -> bytes:
    """The template as an .xlsx file: an explanation, and one empty sheet a kind."""
    book = _new_book()
    _explain(book.create_sheet(EXPLANATION))
    for sheet in SHEETS:
        _add_sheet(book, sheet)
    return _saved(book)


def rejected_workbook(report: ImportReport) -> bytes | None:
    """The rejected rows as they came, with their reasons, ready to be mended and imported again.

    None when no row was rejected. Sheets that could not be read as a whole are not in it.
    """
    book = _new_book()
    sheets = {sheet.name: sheet for sheet in SHEETS}
    for sheet_report in (sheet for sheet in report.sheets if sheet.rejected):
        sheet = sheets[sheet_report.name]
        page = _add_sheet(book, sheet, (REASON_HEADER, ROW_HEADER))
        for line, rejected in enumerate(sheet_report.rejected, start=2):
            reasons = "；".join(f"【{problem.column}】{problem.words.zh}" for problem in rejected.problems)
            cells = (rejected.row.cells.get(column.header) for column in sheet.columns)
            _write_row(page, line, (*cells, reasons, rejected.row.number))
    return _saved(book) if book.sheetnames else None


def _new_book() -> Workbook:
    book = Workbook()
    book.remove(book.worksheets[0])
    return book


def _saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _add_sheet(book: Workbook, sheet: Sheet, more: Iterable[str] = ()) -> Worksheet:
    page: Worksheet = book.create_sheet(sheet.name)
    for index, column in enumerate(sheet.columns, start=1):
        _header_cell(page, index, column.header, required=column.required)
        letter = get_column_letter(index)
        page.column_dimensions[letter].width = max(column.kind.width, 2 * len(column.header) + 4)
        page.column_dimensions[letter].number_format = column.kind.number_format
        if column.kind.choices:
            page.add_data_validation(_choice(column, letter))
    for index, header in enumerate(more, start=len(sheet.columns) + 1):
        _header_cell(page, index, header, required=False)
        page.column_dimensions[get_column_letter(index)].width = 60 if header == REASON_HEADER else 10
    page.row_dimensions[1].height = 28
    page.freeze_panes = "A2"
    return page


def _header_cell(page: Worksheet, index: int, header: str, *, required: bool, row: int = 1) -> None:
    cell = page.cell(row, index, header)
    cell.font, cell.alignment = _HEADER_FONT, _CENTRED
    cell.fill = _REQUIRED if required else _OPTIONAL


def _choice(column: Column, letter: str) -> DataValidation:
    validation = DataValidation(
        type="list",
        formula1=f'"{",".join(column.kind.choices)}"',
        allow_blank=True,
        showErrorMessage=True,
        # A warning only: the import also takes codes and other spellings.
        errorStyle="warning",
        errorTitle=column.header,
        error=f"建议填写：{'、'.join(column.kind.choices)}"[:225],
    )
    validation.add(f"{letter}2:{letter}{LAST_ROW}")
    return validation


def _explain(page: Worksheet) -> None:
    page["A1"] = "明镜数据导入模板 填写说明"
    page["A1"].font = _TITLE
    for line, rule in enumerate(_RULES, start=2):
        page.cell(line, 1, f"{line - 1}. {rule}")
    table = len(_RULES) + 3
    for index, (header, width) in enumerate(zip(_EXPLAINED, _EXPLAINED_WIDTHS, strict=True), start=1):
        _header_cell(page, index, header, row=table, required=True)
        page.column_dimensions[get_column_letter(index)].width = width
    line = table + 1
    for sheet in SHEETS:
        _write_row(page, line, (sheet.name, None, None, sheet.about, None, None, sheet.english))
        for column in sheet.columns:
            line += 1
            _write_row(page, line, _explained(sheet, column))
        line += 1
    for row in page.iter_rows(min_row=table + 1, max_row=line - 1):
        for cell in row:
            cell.alignment = _WRAPPED
            cell.font = _BOLD if row[1].value is None else Font()


def _explained(sheet: Sheet, column: Column) -> tuple[str, ...]:
    required = "必填" if column.required else "选填"
    return (
        sheet.name,
        column.header,
        required,
        column.kind.format.zh,
        column.example,
        column.help,
        column.english,
    )


def _write_row(page: Worksheet, line: int, values: Iterable[object]) -> None:
    for index, value in enumerate(values, start=1):
        if value is None:
            continue
        cell = page.cell(line, index)
        assert isinstance(cell, Cell)
        if isinstance(value, str):
            # Never a formula: the text comes from outside.
            cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
            cell.data_type = "s"
            cell.number_format = "@"
        else:
            cell.value = value  # type: ignore[assignment]
