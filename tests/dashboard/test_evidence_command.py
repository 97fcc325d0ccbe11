"""`footage evidence ...`, `footage verify-package` and `footage public-key`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from dashboard.__main__ import main
from media import signing
from tests.dashboard.footage_archive import OPENING
from tests.media.evidence.packages import Office, office

EVALUATION = "评标室-全景"
ASK = [
    *("footage", "evidence", "request", "--from", "2025-11-20T09:00:00", "--to", "2025-11-20T09:00:22"),
    *("--reason", "核查投诉", "--case", "7"),
]


@pytest.fixture
def desk(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with office(engine, tmp_path, monkeypatch) as made:
        yield made


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_a_package_is_asked_for_approved_built_and_verified(
    desk: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*ASK, "--camera", EVALUATION, "--user", "wang", "--json"]) == 0
    (asked,) = told(capsys)
    number = asked["number"]
    assert (asked["status"], asked["restricted"]) == ("requested", True)
    decide = ["footage", "evidence", "approve", number, "--user"]
    assert main([*decide, "wang"]) == 2
    assert "本人的申请" in capsys.readouterr().err
    assert main([*decide, "zhao"]) == 2
    assert "无权" in capsys.readouterr().err
    build = ["footage", "evidence", "build", number, "--user", "wang", "--json"]
    assert main(build) == 2
    assert "不在待制作状态" in capsys.readouterr().err
    assert main([*decide, "li"]) == 0
    capsys.readouterr()
    assert main(build) == 0
    (built,) = told(capsys)
    package = Path(built["file"])
    assert (built["status"], built["size"]) == ("ready", package.stat().st_size)
    verify = ["footage", "verify-package", str(package), "--json"]
    assert main(verify) == 0
    assert told(capsys)["whole"]
    key = tmp_path / "key.pem"
    assert main(["footage", "public-key"]) == 0
    key.write_text(capsys.readouterr().out, encoding="utf-8")
    assert main([*verify, "--key", str(key)]) == 0
    assert told(capsys)["key_fingerprint"] == signing.fingerprint(key.read_text(encoding="utf-8"))
    content = bytearray(package.read_bytes())
    content[len(content) // 3] ^= 1
    package.write_bytes(content)
    assert main(verify) == 1
    verdict = told(capsys)
    assert not verdict["whole"]
    assert [fault["problem"] for fault in verdict["faults"]] == ["changed"]
    assert main(verify[:-1]) == 1
    assert verdict["faults"][0]["file"] in capsys.readouterr().out


def test_the_list_shows_what_the_account_may_see(desk: Office, capsys: pytest.CaptureFixture[str]) -> None:
    for user, camera in (("zhao", OPENING), ("wang", EVALUATION)):
        assert main([*ASK, "--camera", camera, "--user", user, "--json"]) == 0
        capsys.readouterr()
    for user, count in (("wang", 2), ("zhao", 1), ("qian", 0)):
        assert main(["footage", "evidence", "list", "--user", user, "--json"]) == 0
        assert len(told(capsys)) == count


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--camera", OPENING, "--user", "nobody"], "没有名为“nobody”的可用账号"),
        (["--camera", "没有这台", "--user", "wang"], "没有名为“没有这台”的摄像头"),
        (["--camera", EVALUATION, "--user", "zhao"], "无权"),
        (["--camera", OPENING, "--user", "wang", "--session", "X"], "没有编号为“X”的场次"),
    ],
)
@pytest.mark.usefixtures("desk")
def test_what_cannot_be_is_said_and_the_exit_code_is_2(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*ASK, *arguments]) == 2
    assert why in capsys.readouterr().err


def test_what_cannot_be_read_is_told_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.zip"
    other.write_bytes(b"nothing of ours")
    for file in (tmp_path / "missing.zip", tmp_path, other):
        assert main(["footage", "verify-package", str(file)]) == 2
        assert file.name in capsys.readouterr().err
    assert main(["footage", "verify-package", str(other), "--key", str(other)]) == 2
