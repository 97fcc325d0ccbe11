"""One command starts everything; a signal ends everything."""

import json
import os
import signal
import stat
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from tests.installation import Installation, running, until

pytestmark = pytest.mark.xdist_group("run")


def health(url: str) -> tuple[int, dict[str, object]]:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def worker(installation: Installation, part: str) -> psutil.Process:
    return next(one for one in installation.processes() if part in command_of(one))


def command_of(process: psutil.Process) -> str:
    """Its command line; empty when it has ended meanwhile."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def test_an_empty_installation_has_one_administrator_and_a_private_accounts_file(tmp_path: Path) -> None:
    with running(tmp_path, DEMO="0") as empty:
        assert health(empty.url) == (200, {"status": "ok"})
        accounts = tmp_path / "demo-accounts.txt"
        assert stat.S_IMODE(accounts.stat().st_mode) == 0o600
        assert [line.split()[2] for line in accounts.read_text().splitlines()] == ["administrator"]
        assert accounts.read_text().split()[1] in "".join(empty.output)
        assert stat.S_IMODE((tmp_path / "postgres").stat().st_mode) == 0o700

        made = empty.command(
            "user", "add", "zhao", "--role", "inspector", "--password-stdin", given="a-long-password\n"
        )
        assert made.returncode == 0, made.stderr
        assert "zhao inspector active" in empty.command("user", "list").stdout
        again = empty.command(
            "user", "add", "zhao", "--role", "inspector", "--password-stdin", given="a-long-password\n"
        )
        assert again.returncode == 2
        assert "exists already" in again.stderr

        second = Installation(tmp_path)
        refused = second.command("run")
        assert refused.returncode == 2
        assert "MINGJING_HOME" in refused.stderr


def test_the_health_check_names_the_process_that_is_not_well_and_it_comes_back(tmp_path: Path) -> None:
    with running(tmp_path, DEMO="0") as empty:
        gateway = worker(empty, "media.gateway")
        gateway.suspend()
        until(
            lambda: health(empty.url) == (503, {"status": "unwell", "unwell": ["gateway"]}),
            10,
            "gateway named",
        )
        gateway.resume()
        gateway.kill()
        until(lambda: health(empty.url)[0] == 200, 20, "a killed gateway is started again")
        assert "gateway" in "".join(empty.output)
        recorder = worker(empty, "media.recorder").pid
        postmaster = tmp_path / "postgres" / "postmaster.pid"
        killed = int(postmaster.read_text().split("\n", 1)[0])
        os.kill(killed, signal.SIGKILL)
        until(
            lambda: "内置数据库意外退出" in "".join(empty.output),
            20,
            "it is seen that the database was killed",
        )
        until(lambda: health(empty.url)[0] == 200, 40, "a killed database is started again")
        assert int(postmaster.read_text().split("\n", 1)[0]) != killed
        assert worker(empty, "media.recorder").pid == recorder, "the others wait for it"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_no_process_behind(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path, DEMO="0") as empty:
        assert len(empty.processes()) > 4
        assert empty.stop(number) == 0
        assert empty.processes() == []


def test_a_supervisor_killed_outright_takes_its_workers_along_and_the_next_start_adopts_the_database(
    tmp_path: Path,
) -> None:
    with running(tmp_path, DEMO="0") as empty:
        empty.stop(signal.SIGKILL)
        workers = ("app.py", "media.")
        until(
            lambda: not any(part in command_of(one) for one in empty.processes() for part in workers),
            15,
            "the workers end",
        )
        empty.start()
        assert health(empty.url)[0] == 200
        assert empty.stop() == 0
        assert empty.processes() == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [("PORT", "eighty"), ("PORT", "0"), ("DATABASE_URL", "mysql://x/y"), ("MINGJING_SEGMENT_SECONDS", "1")],
)
def test_a_wrong_setting_stops_the_start_and_is_named(tmp_path: Path, variable: str, value: str) -> None:
    wrong = Installation(tmp_path)
    wrong.environment[variable] = value
    refused = wrong.command("run")
    assert refused.returncode == 2
    assert variable in refused.stderr
    assert "Traceback" not in refused.stderr


def test_two_processes_on_one_port_and_a_taken_port_are_told_before_anything_starts(tmp_path: Path) -> None:
    twice = Installation(tmp_path)
    twice.environment["MINGJING_GATEWAY_PORT"] = twice.environment["PORT"]
    assert "MINGJING_GATEWAY_PORT" in twice.command("run").stderr

    with running(tmp_path / "first", DEMO="0") as first:
        second = Installation(tmp_path / "second")
        second.environment["PORT"] = first.environment["PORT"]
        refused = second.command("run")
        assert refused.returncode == 2
        assert "PORT" in refused.stderr
        assert second.processes() == []


def test_every_setting_stands_in_the_readme() -> None:
    from data_access.settings import Settings

    root = Path(__file__).parents[2]
    for readme in ("README.md", "README.zh-CN.md"):
        text = (root / readme).read_text(encoding="utf-8")
        for name, setting in Settings.model_fields.items():
            assert str(setting.validation_alias) in text, f"{name} is missing in {readme}"
