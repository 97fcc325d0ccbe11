"""`footage hold` on the command line: made, listed, released; each leaves an audit entry."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from dashboard.__main__ import main
from data_access import accounts
from data_access.models import AuditEntry
from domain.vocabulary import Role
from tests.dashboard.footage_archive import OPENING, Archive, archive

RANGE = ["--from", "2025-11-20T09:00:01", "--to", "2025-11-20T09:00:21"]
WHY = ["--reason", "投诉调查", "--case", "2025-7", "--user", "inspector"]


@pytest.fixture
def stock(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    with archive(engine, tmp_path, monkeypatch) as made:
        with Session(engine) as session, session.begin():
            accounts.add(session, "inspector", "a long password", Role.INSPECTOR, now=datetime.now(UTC))
        yield made


def notes(stock: Archive) -> list[tuple[str, str]]:
    with Session(stock.engine) as session:
        return [
            (row.actor, row.action) for row in session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        ]


def test_a_hold_is_made_listed_and_released(stock: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["footage", "hold", "add", "--camera", OPENING, *RANGE, *WHY, "--json"]) == 0
    (made,) = json.loads(capsys.readouterr().out)
    assert (made["camera"], made["case"], made["from"]) == (OPENING, "2025-7", "2025-11-20T09:00:01+08:00")
    assert main(["footage", "hold", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [made]
    gone = ["footage", "hold", "release", str(made["id"]), "--reason", "结案", "--user", "inspector"]
    assert main(gone) == 0
    assert main(gone) == 2
    assert "已解除" in capsys.readouterr().err
    assert main(["footage", "hold", "list"]) == 0
    assert "没有保全" in capsys.readouterr().out
    assert main(["footage", "hold", "list", "--all"]) == 0
    assert "结案" not in capsys.readouterr().out
    told = notes(stock)
    assert told[0] == ("inspector (command line)", "hold_footage")
    assert ("inspector (command line)", "release_footage") in told
    assert [action for _, action in told].count("list_holds") == 3


@pytest.mark.usefixtures("stock")
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--camera", "没有这台", *RANGE, *WHY], "没有名为“没有这台”的摄像头"),
        (["--session", "没有", *WHY], "没有编号为“没有”的场次"),
        (["--camera", OPENING, "--from", "2025-11-20T09:00:01", *WHY], "缺少开始或结束时间"),
        (["--camera", OPENING, *RANGE, "--reason", " ", "--user", "inspector"], "请填写理由"),
        (["--camera", OPENING, *RANGE, "--reason", "投诉", "--user", "nobody"], "没有名为“nobody”的可用账号"),
        (WHY, "--session"),
    ],
)
def test_a_hold_that_cannot_be_made_says_why(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["footage", "hold", "add", *arguments]) == 2
    assert reason in capsys.readouterr().err
