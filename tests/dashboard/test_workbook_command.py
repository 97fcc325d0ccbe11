"""`template`, `import` and then `kpi` on a database of the test's own."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from openpyxl import load_workbook

from dashboard.__main__ import main
from tests.data_access.filled_workbook import awarded, filled, lot


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    error: str


Command = Callable[..., Done]


@pytest.fixture
def command(
    configured: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs `python -m dashboard ...` in the test's folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Done:
        code = main(list(arguments))
        return Done(code, *capsys.readouterr())

    return run


def test_a_template_is_filled_imported_and_counted(command: Command, tmp_path: Path) -> None:
    made = command("template", "台账.xlsx")
    assert made.code == 0, made.error
    book = load_workbook(tmp_path / "台账.xlsx")
    page = book["项目标段"]
    headers = [cell.value for cell in page[1]]
    for header, value in awarded("A-1", 100, 90.5, "2023-06-30").items():
        page.cell(2, headers.index(header) + 1, value)
    book.save(tmp_path / "台账.xlsx")

    again = command("template", "台账.xlsx")
    assert again.code == 2, "a filled workbook must not be written over"
    assert "已存在" in again.error

    previewed = command("import", "台账.xlsx", "--preview")
    assert previewed.code == 0, previewed.error
    assert "项目标段: 新增 new 1" in previewed.out
    first, second = (json.loads(command("import", "台账.xlsx", "--json").out) for _ in range(2))
    assert (first["total"]["new"], first["preview"]) == (1, False)
    assert second["total"] == {"new": 0, "changed": 0, "unchanged": 1, "rejected": 0}

    figures = json.loads(command("kpi", "--from", "2023-01-01", "--to", "2023-07-01", "--json").out)
    assert figures["total"]["transactions"] == 1
    assert (figures["total"]["award"], figures["total"]["saving"]) == ("905000.00", "95000.00")


def test_rejected_rows_are_told_kept_aside_and_give_status_1(command: Command, tmp_path: Path) -> None:
    data = filled({"项目标段": [lot("A-1"), lot("A-2", 预算价="九百万", 金额单位="元")]})
    (tmp_path / "台账.xlsx").write_bytes(data)
    done = command("import", "台账.xlsx", "--rejected", "退回.xlsx")
    assert done.code == 1, done.error
    assert "项目标段 第 3 行 row 3 [预算价] 退回 rejected: 不是数字：九百万" in done.out
    assert "not a number: 九百万" in done.out
    assert load_workbook(tmp_path / "退回.xlsx")["项目标段"].max_row == 2


def test_a_file_that_cannot_be_read_gives_status_2_and_one_sentence(command: Command, tmp_path: Path) -> None:
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(100))
    for name in ("old.xls", "none.xlsx"):
        failed = command("import", name)
        assert failed.code == 2
        assert "Traceback" not in failed.error
        assert len(failed.error.strip().splitlines()) == 1
