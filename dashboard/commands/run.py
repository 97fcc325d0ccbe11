"""`run`: everything on one machine: database, web, workers, gateway and, for the demo, cameras."""

import contextlib
import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Callable, Iterator
from typing import TextIO

from dashboard import first_start
from dashboard.supervisor import Duty, Supervisor, Worker
from data_access import embedded_postgres, schema
from data_access.embedded_postgres import NotRunning
from data_access.engine import engine
from data_access.settings import Settings, WrongSetting, settings
from media.footage_folder import WrongFolder, claim

WELL_WITHIN = 60.0  # seconds until a start that is not well is told
_DATABASE_EVERY = 2.0  # seconds between two looks whether it still runs


def register(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """Adds the command."""
    commands.add_parser("run", help="启动全部服务 / start everything on this machine").set_defaults(run=run)


def run(_args: Namespace) -> int:
    """Starts everything and stays until SIGTERM or Ctrl-C."""
    chosen = settings()
    chosen.home.mkdir(parents=True, exist_ok=True)
    with only_one(chosen), database(chosen) as revive_database:
        free_ports(chosen)
        supervisor = Supervisor(chosen.home / "logs")
        supervisor.stop_on_signals()
        try:
            _serve(chosen, supervisor, revive_database)
        finally:
            say("正在停止 / stopping ...")
            supervisor.stop()
    return 0


def _serve(chosen: Settings, supervisor: Supervisor, revive_database: Callable[[], None]) -> None:
    if schema.migrate(engine()):
        say("数据库结构已就绪 / database schema is ready")
    _claim_footage(chosen)
    # The workers load their libraries while the first data are made.
    supervisor.start(
        Worker("web", ["app.py"]),
        Worker("recorder", ["-m", "media.recorder"]),
        Worker("alerter", ["-m", "media.alerter"]),
        Worker("keeper", ["-m", "media.keeper"], niceness=10),
        *(
            Worker(f"gateway-{port}", ["-m", "media.gateway", "--port", str(port)])
            for port in ([] if chosen.whep_url else chosen.gateway_ports)
        ),
    )
    if chosen.demo:
        supervisor.start(
            Worker("demo-cameras", ["-m", "media.demo_cameras", "--port", str(chosen.demo_port)])
        )
    accounts = first_start.prepare(chosen, say)
    _await_well(chosen, supervisor)
    _print_welcome(chosen, accounts)
    if chosen.demo:
        supervisor.start(Worker("demo-footage", ["-m", "media.demo_footage"], once=True, niceness=15))
    duties = [Duty(_DATABASE_EVERY, revive_database)]
    if chosen.demo:
        duties.append(Duty(60, first_start.DemoKeeper().tend))
    supervisor.wait(*duties)


def _claim_footage(chosen: Settings) -> None:
    """Says at once what is wrong with the footage folder.

    All starts nevertheless: live video and figures need no footage, the recorder tries again by itself, and
    after a power cut a network disk may come up later than this machine.
    """
    try:
        claim(engine(), chosen.footage_folder)
    except WrongFolder as wrong:
        say(f"录像目录不可用，暂不录像 / nothing is recorded yet:\n  {wrong}")


def say(line: str) -> None:
    """Tells the person at the terminal what is going on."""
    print(line, flush=True)


@contextlib.contextmanager
def only_one(chosen: Settings) -> Iterator[None]:
    """Holds the home folder for this run.

    Raises:
        WrongSetting: another run holds it.
    """
    with (chosen.home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise WrongSetting(
                f"{chosen.home} 已在运行 / is in use by another run: stop that one, or set MINGJING_HOME "
                "(and PORT, MINGJING_GATEWAY_PORT, MINGJING_DEMO_PORT) for a second one"
            ) from error
        _write_pid(lock)
        yield


def _write_pid(lock: TextIO) -> None:
    lock.write(str(os.getpid()))
    lock.flush()


@contextlib.contextmanager
def database(chosen: Settings) -> Iterator[Callable[[], None]]:
    """The configured database; the embedded one is started and, at the end, stopped here.

    Yields:
        What to call now and then: it starts the embedded one again when it was killed.
    """
    if chosen.database_url:
        yield lambda: None
        return
    folder = chosen.postgres_folder
    if not folder.exists():
        say("首次启动，正在建立内置数据库 / first start, making the embedded database ...")
    # A Ctrl-C while the server starts would leave it behind: it is taken after the start.
    with _signals_held():
        server = embedded_postgres.start(folder)

    def revive() -> None:
        nonlocal server
        if embedded_postgres.is_running(folder):
            return
        say("内置数据库意外退出，正在重启 / the embedded database ended, it is started again")
        try:
            with _signals_held():
                server = embedded_postgres.start(folder)
        except (OSError, subprocess.SubprocessError) as error:
            say(f"内置数据库未能启动，稍后重试 / it did not start, and is tried again: {error}")

    try:
        yield revive
    finally:
        with contextlib.suppress(NotRunning):
            engine().dispose()
        embedded_postgres.stop(server)


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    held = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, held)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, held)


def free_ports(chosen: Settings) -> None:
    """Checks that the ports of all processes are free.

    Raises:
        WrongSetting: one is taken; the message names its variable.
    """
    ports = [
        ("PORT", chosen.address, chosen.port),
        *(("MINGJING_GATEWAY_PORT", "127.0.0.1", port) for port in chosen.gateway_ports),
    ]
    if chosen.demo:
        ports.append(("MINGJING_DEMO_PORT", "127.0.0.1", chosen.demo_port))
    for name, address, port in ports:
        try:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            with socket.socket(family) as trial:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                trial.bind((address, port))
        except OSError as error:
            reason = (
                "已被占用 / is taken"
                if error.errno == errno.EADDRINUSE
                else f"不可用 / cannot be used: {error}"
            )
            raise WrongSetting(f"端口 {port} {reason}; set {name} to a free port") from error


def _await_well(chosen: Settings, supervisor: Supervisor) -> None:
    """Waits until the installation says that it is well, and says what is not when it takes long."""
    told_at = time.monotonic() + WELL_WITHIN
    while not supervisor.stopping:
        unwell = _unwell(chosen)
        if not unwell:
            return
        if time.monotonic() > told_at:
            say(f"仍未就绪 / not well yet: {', '.join(unwell)}; logs: {chosen.home / 'logs'}")
            told_at = time.monotonic() + WELL_WITHIN
        supervisor.restart_ended()
        time.sleep(0.1)


def _unwell(chosen: Settings) -> list[str]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{chosen.local_url}/healthz", timeout=3):
            return []
    except urllib.error.HTTPError as error:
        unwell: list[str] = json.load(error).get("unwell", ["web"])
        return unwell
    except OSError:
        return ["web"]


def _print_welcome(chosen: Settings, accounts: list[str]) -> None:
    say(f"\n明镜已启动 / Mingjing is up: {chosen.local_url}")
    if accounts:
        say("账号（仅显示这一次）/ accounts (shown this once): name password role")
        for line in accounts:
            say(f"  {line}")
    if chosen.demo_accounts_file.exists():
        say(f"账号保存在 / accounts are kept in {chosen.demo_accounts_file}")
    say("按 Ctrl-C 停止 / press Ctrl-C to stop")
    sys.stdout.flush()
