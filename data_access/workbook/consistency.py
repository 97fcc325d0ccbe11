"""What must hold between rows: one row a key, and one statement about a project, expert or enterprise.

The order of the rows never matters: of contradicting rows the majority stands, without one none goes in.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace

from data_access.workbook.rows import ReadSheet, Row, Workbook
from data_access.workbook.sheets import Sheet
from data_access.workbook.words import Problem, Words

SHARED = {"project": "code", "expert": "code", "enterprise": "uscc"}
"""Tables that several rows describe, and the column that names one of them."""

_Position = tuple[str, int]
_Statement = tuple[Sheet, Row, object]


def checked(book: Workbook) -> Workbook:
    """The workbook with the problems between its rows added to them."""
    book = _with(book, [problem for read_sheet in book.sheets for problem in _repeated(read_sheet)])
    return _with(book, list(_contradictions(book)))


def _with(book: Workbook, problems: list[Problem]) -> Workbook:
    by_row: defaultdict[_Position, list[Problem]] = defaultdict(list)
    for problem in problems:
        by_row[problem.sheet, problem.row].append(problem)
    sheets = (
        replace(
            read_sheet,
            rows=tuple(
                replace(row, problems=row.problems + tuple(by_row[read_sheet.sheet.name, row.number]))
                if (read_sheet.sheet.name, row.number) in by_row
                else row
                for row in read_sheet.rows
            ),
        )
        for read_sheet in book.sheets
    )
    return replace(book, sheets=tuple(sheets))


def _repeated(read_sheet: ReadSheet) -> Iterator[Problem]:
    sheet = read_sheet.sheet
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in read_sheet.rows:
        if not row.rejected:
            groups[row.key].append(row)
    key_names = "、".join(sheet.header(field) for field in sheet.key)
    for group in (rows for rows in groups.values() if len(rows) > 1):
        if all(row.values == group[0].values for row in group):
            continue  # the same said twice: written once, counted as unchanged
        for row in group:
            others = "、".join(str(other.number) for other in group[:5] if other is not row)
            words = Words(
                f"{key_names}与第 {others} 行相同，内容却不同；请只保留一行",
                f"same key ({key_names}) as row {others}, but other content; keep one of them",
            )
            yield Problem(sheet.name, row.number, sheet.header(sheet.key[0]), words)


def _contradictions(book: Workbook) -> Iterator[Problem]:
    stated: defaultdict[tuple[object, str], list[_Statement]] = defaultdict(list)
    for read_sheet in book.sheets:
        names = [
            f"{table}.{name}" for table, name in SHARED.items() if f"{table}.{name}" in read_sheet.present
        ]
        fields = [(name, field) for name in names for field in read_sheet.present if _same_table(name, field)]
        for row in read_sheet.rows:
            for name, field in fields:
                value = None if row.rejected else row.values[field]
                if value is not None:
                    stated[row.values[name], field].append((read_sheet.sheet, row, value))
    for (code, field), told in stated.items():
        counts = Counter(value for _, _, value in told).most_common(2)
        if len(counts) < 2:
            continue
        (first, most), (_, second) = counts
        agreed = first if most > second else None
        written = next(
            (row.cells[sheet.header(field)] for sheet, row, value in told if value == agreed), None
        )
        for sheet, row, value in told:
            if value != agreed:
                yield Problem(sheet.name, row.number, sheet.header(field), _differs(code, written))


def _same_table(name: str, field: str) -> bool:
    return field != name and field.partition(".")[0] == name.partition(".")[0]


def _differs(code: object, written: object) -> Words:
    if written is None:
        return Words(
            f"{code} 的各行写法不一致，无法判断以哪一行为准；请改为一致",
            f"the rows of {code} disagree and none is in the majority; make them agree",
        )
    return Words(
        f"与 {code} 的其他行不一致，多数行为“{written}”；请改为一致",
        f"not what most rows of {code} say ({written}); make them agree",
    )
