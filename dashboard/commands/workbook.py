"""`template` writes an empty workbook, `import` reads a filled one."""

from __future__ import annotations

import getpass
import hashlib
import json
import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path
from typing import TYPE_CHECKING

from data_access.workbook.words import Problem, Severity, State, UnreadableWorkbook

if TYPE_CHECKING:
    from data_access.workbook.importing import ImportReport

_SHOWN = 50  # problems on the screen; --json and --rejected have all

_STATES = {
    State.NEW: "新增 new",
    State.CHANGED: "更新 changed",
    State.UNCHANGED: "未变 unchanged",
    State.REJECTED: "退回 rejected",
}


def register(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds `template` and `import`."""
    template = commands.add_parser("template", help="写出空白的导入模板 / write an empty workbook to fill in")
    template.add_argument("out", type=Path, metavar="OUT.xlsx")
    template.set_defaults(run=write_template)

    importing = commands.add_parser("import", help="导入填好的工作簿 / import a filled workbook")
    importing.add_argument(
        "file", type=Path, metavar="FILE", help=".xlsx，或以表名命名的 / or one sheet as, SHEET.csv"
    )
    importing.add_argument("--preview", action="store_true", help="只预览，不写入 / change nothing")
    importing.add_argument("--json", action="store_true", help="输出 JSON / print JSON")
    importing.add_argument(
        "--rejected", type=Path, metavar="OUT.xlsx", help="退回的行另存为 / write rejected rows there"
    )
    importing.set_defaults(run=import_file)


def write_template(args: Namespace) -> int:
    """Writes the template; never over a file, which may be a filled one."""
    from data_access.workbook.template import empty_workbook

    try:
        _write_new(args.out, empty_workbook())
    except OSError as error:
        return _fail(error)
    print(f"已写入 / written: {args.out}")
    return 0


def import_file(args: Namespace) -> int:
    """Returns 0 when all rows went in, 1 when some were rejected, 2 when a file cannot be read or written."""
    # openpyxl and SQLAlchemy come with these: only this command pays for them.
    from data_access.engine import transaction
    from data_access.workbook.importing import import_workbook, preview_workbook
    from data_access.workbook.reading import read
    from data_access.workbook.template import rejected_workbook

    try:
        data = args.file.read_bytes()
        book = read(data, args.file.name)
    except (OSError, UnreadableWorkbook) as error:
        return _fail(error)
    with transaction() as session:
        if args.preview:
            report = preview_workbook(session, book)
        else:
            digest = hashlib.sha256(data).hexdigest()
            report = import_workbook(
                session, book, sha256=digest, actor=f"{getpass.getuser()} (command line)"
            )
    _print(report, as_json=args.json)
    rejected = rejected_workbook(report) if args.rejected else None
    if rejected:
        try:
            _write_new(args.rejected, rejected)
        except OSError as error:
            return _fail(error)
    return 0 if report.complete else 1


def _write_new(file: Path, data: bytes) -> None:
    with file.open("xb") as new:
        new.write(data)


def _fail(error: Exception) -> int:
    if isinstance(error, FileExistsError):
        reason = f"文件已存在，请换个文件名 / the file exists, choose another name: {error.filename}"
    elif isinstance(error, OSError):
        reason = f"文件无法读写 / cannot read or write: {error.filename}: {error.strerror}"
    else:
        reason = str(error)
    print(reason, file=sys.stderr)
    return 2


def _print(report: ImportReport, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
        return
    print("预览，未写入 / preview, nothing written" if report.preview else f"批次 / batch {report.batch_id}")
    if not report.filled_sheets:
        print("没有填写任何数据行 / no row is filled in")
    for sheet in report.filled_sheets:
        counts = "  ".join(f"{words} {sheet.count(state)}" for state, words in _STATES.items())
        print(f"{sheet.name}: {counts}")
        if sheet.error:
            print(f"  {sheet.error}")
        if sheet.ignored_columns:
            print(f"  未导入的列 / columns left aside: {'、'.join(sheet.ignored_columns)}")
    if report.ignored_sheets:
        print(f"未导入的表 / sheets left aside: {'、'.join(report.ignored_sheets)}")
    for problem in report.problems[:_SHOWN]:
        print(_line(problem))
    if len(report.problems) > _SHOWN:
        print(f"… 另有 {len(report.problems) - _SHOWN} 条 / more: --json, --rejected OUT.xlsx")


def _line(problem: Problem) -> str:
    kind = "退回 rejected" if problem.severity is Severity.REJECTED else "提示 warning"
    return f"{problem.sheet} 第 {problem.row} 行 row {problem.row} [{problem.column}] {kind}: {problem.words}"
