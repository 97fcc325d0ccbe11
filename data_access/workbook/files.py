"""Opens what people send: a workbook (.xlsx) or one sheet as CSV, taken apart into plain cells.

Files come from outside, so that nothing in them is trusted: sizes are limited before anything is unpacked,
and whatever breaks becomes one sentence about the file.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any
from xml.etree.ElementTree import iterparse

from openpyxl import load_workbook
from openpyxl.utils.cell import coordinate_to_tuple, range_boundaries

from data_access.workbook.kinds import plain
from data_access.workbook.words import UnreadableWorkbook

LARGEST_FILE = 64 * 2**20  # bytes, as the upload
LARGEST_UNPACKED = 256 * 2**20  # bytes; 20 000 full rows of 项目标段 are about 30 MB
MOST_ROWS = 200_000  # with content, a file
LAST_ROW = 1_048_576  # of a spreadsheet
MOST_COLUMNS = 200
MOST_ODD_CELLS = 1_000_000  # merged over or never calculated

_OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0"  # OLE: .xls, and .xlsx with a password
_NEEDS_SECOND_LOOK = re.compile(rb"<(?:\w+:)?(?:f[ >/]|mergeCell )")

# What openpyxl leaves out of a workbook (drawings, extensions) is nothing that is imported.
warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")

Cell = tuple[int, int]  # row and column, from 1


@dataclass(frozen=True)
class Grid:
    """One sheet as it stands in the file; blank rows are left out."""

    name: str
    rows: list[tuple[int, tuple[object, ...]]]
    """Row number as the spreadsheet counts, and the cells from column A on."""
    uncalculated: frozenset[Cell] = field(default_factory=frozenset)
    """Formulas whose result the file does not hold."""
    merged: frozenset[Cell] = field(default_factory=frozenset)
    """Cells that lie under a merged one."""


def grids(data: bytes, file_name: str, wanted: Iterable[str]) -> tuple[list[Grid], list[str]]:
    """The sheets named in `wanted`, and the names of the sheets left aside.

    Raises:
        UnreadableWorkbook: too large, damaged, an old format, or no workbook at all.
    """
    if len(data) > LARGEST_FILE:
        raise UnreadableWorkbook(
            f"文件超过 {LARGEST_FILE >> 20} MB，请拆分后分次导入",
            f"the file is larger than {LARGEST_FILE >> 20} MB; split it and import the parts",
        )
    if PurePath(file_name).suffix.lower() == ".csv":
        return [_csv_grid(data, PurePath(file_name).stem)], []
    _check_archive(data)
    try:
        return _workbook_grids(data, set(wanted))
    except UnreadableWorkbook:
        raise
    except Exception as error:  # openpyxl raises whatever it stumbles over in a damaged file
        raise _damaged() from error


def _damaged() -> UnreadableWorkbook:
    return UnreadableWorkbook(
        "文件已损坏或不是 Excel 工作簿，请用 Excel 或 WPS 打开后另存为 .xlsx",
        "the file is damaged or no Excel workbook; open it in Excel or WPS and save it as .xlsx",
    )


def _check_archive(data: bytes) -> None:
    if data.startswith(_OLD_OR_LOCKED):
        raise UnreadableWorkbook(
            "这是旧版 .xls 文件或加了密码的文件，请去掉密码并另存为 .xlsx",
            "an old .xls file, or one with a password: remove the password and save it as .xlsx",
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            # Unpacking stops at the declared sizes, so that the sum can be trusted as a limit.
            unpacked = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise _damaged() from error
    if unpacked > LARGEST_UNPACKED:
        raise UnreadableWorkbook(
            f"工作簿解压后超过 {LARGEST_UNPACKED >> 20} MB，请删除多余内容或拆分后分次导入",
            f"the workbook unpacks to more than {LARGEST_UNPACKED >> 20} MB; remove the needless or split it",
        )


def _workbook_grids(data: bytes, wanted: set[str]) -> tuple[list[Grid], list[str]]:
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    found, others, room = [], [], MOST_ROWS
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for sheet in book.worksheets:
            name = plain(sheet.title)
            if name not in wanted:
                others.append(name)
                continue
            rows = _rows(sheet, room)
            room -= len(rows)
            xml = archive.read(_path_of(sheet))
            uncalculated, merged = _second_look(xml) if _NEEDS_SECOND_LOOK.search(xml) else (set(), set())
            # A row of nothing but formulas without a result looks blank, and must not get lost.
            lost = {row for row, _ in uncalculated} - {number for number, _ in rows}
            rows = sorted([*rows, *((number, ()) for number in lost)], key=lambda row: row[0])
            found.append(Grid(name, rows, frozenset(uncalculated), frozenset(merged)))
    return found, others


def _path_of(sheet: Any) -> str:
    return str(sheet._worksheet_path).lstrip("/")  # openpyxl has no public name for it


def _rows(sheet: Any, most: int) -> list[tuple[int, tuple[object, ...]]]:
    sheet.reset_dimensions()  # some programs write wrong ones
    rows: list[tuple[int, tuple[object, ...]]] = []
    for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        if any(cell is not None for cell in cells):
            rows.append((number, cells[:MOST_COLUMNS]))
        if len(rows) > most or number > LAST_ROW:
            raise _too_many_rows()
    return rows


def _too_many_rows() -> UnreadableWorkbook:
    return UnreadableWorkbook(
        f"超过 {MOST_ROWS} 行，请拆分后分次导入",
        f"more than {MOST_ROWS} rows; split the file and import the parts",
    )


def _second_look(xml: bytes) -> tuple[set[Cell], set[Cell]]:
    """Formulas without a result and cells under merged ones, which openpyxl's quick reader does not tell."""
    uncalculated: set[Cell] = set()
    merged: set[Cell] = set()
    for _, element in iterparse(io.BytesIO(xml)):  # noqa: S314 - size is limited, expat stops entity bombs
        tag = element.tag.rpartition("}")[2]
        if tag == "c":
            parts = {child.tag.rpartition("}")[2]: child.text for child in element}
            # An empty text is a result (t="str"); no value at all means: never calculated.
            if "f" in parts and not parts.get("v") and element.get("t") != "str" and element.get("r"):
                uncalculated.add(coordinate_to_tuple(element.get("r", "")))
        elif tag == "row":
            element.clear()
        elif tag == "mergeCell":
            merged |= _under(element.get("ref", ""))
        if len(uncalculated) + len(merged) > MOST_ODD_CELLS:
            raise _too_many_odd_cells()
    return uncalculated, merged


def _under(reference: str) -> set[Cell]:
    left, top, right, bottom = range_boundaries(reference)
    if left is None or top is None or right is None or bottom is None:
        return set()
    right = min(right, MOST_COLUMNS)
    if (right - left + 1) * (bottom - top + 1) > MOST_ODD_CELLS:
        raise _too_many_odd_cells()
    cells = {(row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)}
    return cells - {(top, left)}


def _too_many_odd_cells() -> UnreadableWorkbook:
    return UnreadableWorkbook(
        "合并单元格或未计算的公式过多，请取消合并，并将公式粘贴为数值",
        "too many merged cells or formulas without a result: unmerge, and paste formulas as values",
    )


def _csv_grid(data: bytes, name: str) -> Grid:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise UnreadableWorkbook(
            "CSV 文件的编码不是 UTF-8 或 GB18030", "the CSV file is neither UTF-8 nor GB18030"
        )
    rows: list[tuple[int, tuple[object, ...]]] = []
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), start=1):
            if any(cell.strip() for cell in cells):
                rows.append((number, tuple(cell or None for cell in cells[:MOST_COLUMNS])))
            if len(rows) > MOST_ROWS:
                raise _too_many_rows()
    except csv.Error as error:
        raise UnreadableWorkbook(f"CSV 文件不完整：{error}", f"the CSV file is not whole: {error}") from error
    return Grid(plain(name), rows)
