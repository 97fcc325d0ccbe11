"""From a file to rows of values, each with what is wrong with it. No database here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from data_access.workbook import checks, consistency
from data_access.workbook.closed_lists import UNIT
from data_access.workbook.files import Grid, grids
from data_access.workbook.kinds import LARGEST_AMOUNT, MONEY, REGION, Kind, is_region_code
from data_access.workbook.rows import ReadSheet, Row, Workbook, key_of
from data_access.workbook.sheets import (
    EXPLANATION,
    REASON_HEADER,
    ROW_HEADER,
    SHEETS,
    UNIT_FIELD,
    Column,
    Sheet,
    normal_header,
)
from data_access.workbook.words import Problem, Severity, UnreadableWorkbook, Unusable, Words

_HEADER_WITHIN = 10  # rows: titles and remarks may stand above the header
_UNIT_IN_HEADER = re.compile(r"(?P<header>.+)[(\[](?:单位:?)?(?P<unit>万?元)[)\]]")


@dataclass(frozen=True)
class _Place:
    """Where a column stands in a sheet of the file."""

    column: Column
    index: int
    unit: Decimal | None = None
    """Yuan a unit, when the header declares it: 预算价（万元）."""


def read(data: bytes, file_name: str) -> Workbook:
    """Reads a workbook, or a CSV file named after one sheet.

    Raises:
        UnreadableWorkbook: the file as a whole cannot be read, or holds none of the known sheets.
    """
    by_name = {sheet.name: sheet for sheet in SHEETS}
    found, others = grids(data, file_name, by_name)
    known = [grid for grid in found if grid.name in by_name]
    if not known:
        raise UnreadableWorkbook(
            f"没有可导入的工作表。工作表（或 CSV 文件）须命名为：{'、'.join(by_name)}",
            f"nothing to import: name the sheets (or the CSV file) {', '.join(by_name)}",
        )
    read_sheets = sorted((_read_sheet(by_name[grid.name], grid) for grid in known), key=_in_order)
    ignored = tuple(name for name in others if name != EXPLANATION)
    return consistency.checked(Workbook(file_name, tuple(read_sheets), ignored))


def _in_order(read_sheet: ReadSheet) -> int:
    return SHEETS.index(read_sheet.sheet)


def _read_sheet(sheet: Sheet, grid: Grid) -> ReadSheet:
    if not grid.rows:
        return ReadSheet(sheet)
    position, places, extra = _header(sheet, grid)
    body = grid.rows[position + 1 :]
    present = {place.column.field for place in places}
    wrong = _wrong_header(sheet, places, present)
    if wrong:
        return ReadSheet(sheet, error=wrong, rows_unread=len(body), ignored_columns=extra)
    uncalculated = {number for number, _ in grid.uncalculated}
    reader = _RowReader(sheet, grid, places)
    rows = (reader.read(number, cells) for number, cells in body)
    filled = tuple(row for row in rows if row.cells or row.number in uncalculated)
    return ReadSheet(sheet, filled, frozenset(present), ignored_columns=extra)


def _header(sheet: Sheet, grid: Grid) -> tuple[int, list[_Place], tuple[str, ...]]:
    """The position of the header row, its columns, and the headers that mean nothing here."""
    candidates = [_recognised(sheet, cells) for _, cells in grid.rows[:_HEADER_WITHIN]]
    position = max(range(len(candidates)), key=lambda index: len(candidates[index][0]))
    return position, *candidates[position]


def _recognised(sheet: Sheet, cells: Iterable[object]) -> tuple[list[_Place], tuple[str, ...]]:
    places: list[_Place] = []
    extra: list[str] = []
    for index, cell in enumerate(cells):
        header = normal_header(str(cell or ""))
        if place := _place(sheet, header, index):
            places.append(place)
        elif header and header not in {ROW_HEADER, REASON_HEADER}:
            extra.append(header)
    return places, tuple(extra)


def _place(sheet: Sheet, header: str, index: int) -> _Place | None:
    if column := sheet.by_header.get(header):
        return _Place(column, index)
    split = _UNIT_IN_HEADER.fullmatch(header)
    column = sheet.by_header.get(split["header"]) if split else None
    if split and column and column.kind is MONEY:
        unit = UNIT.parse(split["unit"])
        assert isinstance(unit, Decimal)
        return _Place(column, index, unit)
    return None


def _wrong_header(sheet: Sheet, places: list[_Place], present: set[str]) -> Words | None:
    headers = [place.column.header for place in places]
    missing = [column.header for column in sheet.columns if column.required and column.field not in present]
    if missing:
        return Words(
            f"缺少必填列：{'、'.join(missing)}。请对照模板补上，整张表未导入",
            f"required columns are missing: {', '.join(missing)}; add them as in the template, "
            "nothing of this sheet was imported",
        )
    twice = sorted({header for header in headers if headers.count(header) > 1})
    if twice:
        return Words(
            f"同一列出现两次：{'、'.join(twice)}。请删去多余的列，整张表未导入",
            f"columns stand twice: {', '.join(twice)}; remove one, nothing of this sheet was imported",
        )
    return None


@dataclass(frozen=True)
class _Parsed:
    """What a cell's content comes to."""

    value: object = None
    rejected: Words | None = None
    doubt: Words | None = None


def _parsed(kind: Kind, cell: object) -> _Parsed:
    try:
        value = kind.parse(cell)
    except Unusable as error:
        return _Parsed(rejected=error.words)
    usable = kind is not REGION or is_region_code(value)
    return _Parsed(value if usable else None, doubt=kind.doubt(value))


@dataclass(frozen=True)
class _RowReader:
    """Reads the rows of one sheet of a file."""

    sheet: Sheet
    grid: Grid
    places: list[_Place]
    # Most contents stand in many rows. typed: 1, 1.0 and TRUE are told apart.
    parsed: Callable[[Kind, object], _Parsed] = field(
        default_factory=lambda: lru_cache(maxsize=None, typed=True)(_parsed)
    )

    def read(self, number: int, cells: tuple[object, ...]) -> Row:
        raw: dict[str, object] = {}
        values: dict[str, object] = {}
        problems: list[Problem] = []

        def note(column: Column, words: Words | None, severity: Severity = Severity.REJECTED) -> None:
            if words:
                problems.append(Problem(self.sheet.name, number, column.header, words, severity))

        for place in self.places:
            column = place.column
            cell = cells[place.index] if place.index < len(cells) else None
            if cell is None or (isinstance(cell, str) and not cell.strip()):
                values[column.field] = column.default
                note(column, _why_blank(self.grid, (number, place.index + 1), column))
                continue
            raw[column.header] = cell
            found = self.parsed(column.kind, cell)
            values[column.field] = found.value
            note(column, found.rejected)
            note(column, found.doubt, Severity.WARNING)
        problems += _in_yuan(self.sheet, number, self.places, values)
        if raw and not _rejects(problems):
            problems += checks.of_row(self.sheet, number, values)
        return Row(number, key_of(self.sheet, values), raw, values, tuple(problems))


def _rejects(problems: Iterable[Problem]) -> bool:
    return any(problem.severity is Severity.REJECTED for problem in problems)


def _why_blank(grid: Grid, cell: tuple[int, int], column: Column) -> Words | None:
    """Why a blank cell must not be blank; None when it may."""
    if cell in grid.merged:
        return Words(
            "合并单元格，无法判断属于哪一行；请取消合并并逐行填写",
            "under a merged cell: unmerge it and fill in every row",
        )
    if cell in grid.uncalculated:
        return Words(
            "公式没有计算结果；请在 Excel 或 WPS 中打开并保存一次，或粘贴为数值",
            "a formula without a result: open and save the file in Excel or WPS once, or paste it as a value",
        )
    return Words("必填项为空", "required, but blank") if column.required else None


def _in_yuan(sheet: Sheet, number: int, places: list[_Place], values: dict[str, object]) -> Iterable[Problem]:
    """Turns the amounts of a row into yuan, half-up to the fen, and tells where the unit is missing."""
    of_row = values.get(UNIT_FIELD)
    without_unit = []
    for place in places:
        header, field_ = place.column.header, place.column.field
        amount = values.get(field_)
        if place.column.kind is not MONEY or not isinstance(amount, Decimal):
            continue
        unit = place.unit or of_row
        if not isinstance(unit, Decimal):
            without_unit.append(header)
            continue
        if of_row and of_row != unit:
            words = Words(
                "表头的单位与“金额单位”列不一致", "the unit in the header is not that of column 金额单位"
            )
            yield Problem(sheet.name, number, header, words)
        values[field_] = yuan = (amount * unit).quantize(Decimal("0.01"), ROUND_HALF_UP)
        if yuan >= LARGEST_AMOUNT:
            words = Words("金额过大，请核对单位", "the amount is too large, check the unit")
            yield Problem(sheet.name, number, header, words)
    if without_unit:
        listed = "、".join(without_unit)
        words = Words(
            f"填了{listed}，须注明金额单位：元或万元",
            f"{listed}: declare the unit of the amounts, 元 or 万元",
        )
        yield Problem(sheet.name, number, sheet.header(UNIT_FIELD), words)
