"""`footage list` tells what was recorded; `footage export` writes what the download sends."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from dashboard import footage_routes
from dashboard.__main__ import main
from data_access.models import AuditEntry
from tests.dashboard.footage_archive import OPENING, Archive, archive
from tests.dashboard.test_footage_routes import SignedInAs

RANGE = ["--from", "2025-11-20T09:00:01", "--to", "2025-11-20T09:00:21"]


@pytest.fixture
def stock(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    with archive(engine, tmp_path, monkeypatch) as made:
        yield made


@pytest.mark.usefixtures("stock")
def test_list_prints_runs_and_gaps_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["footage", "list", "--camera", OPENING, *RANGE, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "runs": [
            {"start": "2025-11-20T09:00:01+08:00", "end": "2025-11-20T09:00:08+08:00"},
            {"start": "2025-11-20T09:00:18+08:00", "end": "2025-11-20T09:00:21+08:00"},
        ],
        "gaps": [
            {
                "start": "2025-11-20T09:00:08+08:00",
                "end": "2025-11-20T09:00:18+08:00",
                "cause": "network",
            }
        ],
    }


@pytest.mark.usefixtures("stock")
def test_list_prints_a_table_by_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["footage", "list", "--camera", OPENING, *RANGE]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:19] for line in lines] == [
        "2025-11-20 09:00:01",
        "2025-11-20 09:00:08",
        "2025-11-20 09:00:18",
    ]
    assert "网络中断" in lines[1]
    assert "0:00:10" in lines[1]


def test_export_writes_the_same_bytes_as_the_download(stock: Archive, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    assert main(["footage", "export", "--camera", OPENING, *RANGE, "--out", str(out)]) == 0
    app = Starlette(routes=footage_routes.routes, middleware=[Middleware(SignedInAs)])
    with TestClient(app) as client:
        query = {"from": RANGE[1], "to": RANGE[3], "download": "1"}
        download = client.get(f"/footage/video/{stock.opening}.mp4", params=query)
    assert out.read_bytes() == download.content
    assert list(tmp_path.glob("*.part")) == []
    with Session(stock.engine) as session:
        first = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).first()
    assert first
    assert (first.actor, first.action, first.subject) == ("command line", "export_footage", OPENING)


@pytest.mark.usefixtures("stock")
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--camera", "没有这台", *RANGE], "没有名为“没有这台”的摄像头"),
        (["--camera", OPENING, "--from", "nonsense", "--to", RANGE[3]], "nonsense"),
        (["--camera", OPENING, "--from", RANGE[3], "--to", RANGE[1]], "晚于"),
    ],
)
def test_what_is_wrong_is_said_and_the_exit_code_is_2(
    arguments: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.mp4"
    assert main(["footage", "list", *arguments]) == 2
    assert reason in capsys.readouterr().err
    assert main(["footage", "export", *arguments, "--out", str(out)]) == 2
    assert reason in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.usefixtures("stock")
def test_an_export_that_cannot_be_written_or_has_nothing_to_write_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = tmp_path / "no such folder" / "out.mp4"
    assert main(["footage", "export", "--camera", OPENING, *RANGE, "--out", str(nowhere)]) == 2
    assert str(nowhere) in capsys.readouterr().err
    empty = ["--from", "2025-11-20T09:00:09", "--to", "2025-11-20T09:00:17"]
    out = tmp_path / "out.mp4"
    assert main(["footage", "export", "--camera", OPENING, *empty, "--out", str(out)]) == 2
    assert "没有录像" in capsys.readouterr().err
    assert not out.exists()
