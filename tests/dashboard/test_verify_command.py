"""`footage verify` names what it finds: exit 0 whole, 1 something found, 2 it could not be checked."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from dashboard.__main__ import main
from data_access.engine import transaction
from data_access.models import AuditEntry
from tests.media.sealed_footage import FIRST, Footage, installed


@pytest.fixture
def footage(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Footage]:
    monkeypatch.setattr("media.integrity.SETTLE_SECONDS", 0.0)
    with installed(engine, tmp_path, monkeypatch) as folder:
        made = Footage(engine, folder)
        made.record(made.add_camera("一号"), FIRST, [0, 1, 2, 3])
        made.seal()
        yield made


def test_whole_footage_ends_with_0_and_an_audit_entry(
    footage: Footage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["footage", "verify", "--full"]) == 0
    assert "完好 / whole" in capsys.readouterr().out
    with transaction(footage.engine) as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.actor, entry.action, entry.subject) == ("command line", "verify_footage", "full")


def test_what_is_wrong_is_named_with_what_to_do(footage: Footage, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = sorted(footage.folder.glob("1/*/*/*/*.mp4"))[:2]
    one.write_bytes(one.read_bytes()[:-1] + b"?")
    other.unlink()
    (footage.folder / "stray.bin").write_bytes(b"?")
    assert main(["footage", "verify", "--full"]) == 1
    out = capsys.readouterr().out
    for words in ("文件被改动 / File changed：一号  2025-11-21 07:59:57", one.name, "归档副本", "文件缺失"):
        assert words in out
    assert "stray.bin → quarantine/stray.bin" in out
    assert "3 faults" in out
    assert main(["footage", "verify", "--sample", "1", "--camera", "一号", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert {(fault["kind"], fault["camera"]) for fault in told["faults"]} == {
        ("changed", "一号"),
        ("missing", "一号"),
    }
    assert (told["whole"], told["full"], told["segments"]) == (False, False, 4)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--camera", "没有"], "there is no camera"),
        (["--from", "yesterday"], "is no time"),
        (["--from", "2025-11-21", "--to", "2025-11-20"], "the range is empty"),
    ],
)
def test_what_cannot_be_asked_ends_with_2(
    footage: Footage, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert footage.folder.is_dir()
    assert main(["footage", "verify", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_folder_that_is_not_mounted_is_not_accused_of_missing_files(
    footage: Footage, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(footage.folder)
    footage.folder.mkdir()
    assert main(["footage", "verify"]) == 2
    assert "未挂载" in capsys.readouterr().err
