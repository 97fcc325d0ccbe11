"""A whole installation for tests: `python -m dashboard run` in a folder and on ports of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psutil
from sqlalchemy import create_engine, text

from data_access import embedded_postgres

Answer = TypeVar("Answer")
ROOT = Path(__file__).parent.parent


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def until(ask: Callable[[], Answer], seconds: float, what: str) -> Answer:
    """Asks again until the answer is true; fails with `what` when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.1)


def wait_for_no_disk(url: str) -> None:
    """Spares the server at `url` the wait for its disk, which only a power cut would ask for."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("ALTER SYSTEM SET fsync = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()


def script_is_done(page: Any) -> None:
    """Waits until the page's script has run: what is opened or typed before may be drawn anew."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=60_000)


@dataclass
class Installation:
    """A running (or stopped) installation."""

    home: Path
    settings: dict[str, str] = field(default_factory=dict)
    output: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None

    def __post_init__(self) -> None:
        web, gateway, demo = free_ports(3)
        self.url = f"http://127.0.0.1:{web}"
        self.environment = os.environ | {
            "MINGJING_HOME": str(self.home),
            "PORT": str(web),
            "MINGJING_GATEWAY_PORT": str(gateway),
            "MINGJING_DEMO_PORT": str(demo),
            **self.settings,
        }
        self.environment.pop("DATABASE_URL", None)

    def start(self) -> None:
        """Starts it and waits until it says that it is up."""
        self.output.clear()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dashboard", "run"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._keep_output, daemon=True).start()
        until(self._is_up, 120, f"the installation is up; it said: {self.output}")
        wait_for_no_disk(embedded_postgres.socket_url(self.home / "postgres"))

    def _keep_output(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        self.output.extend(self.process.stdout)

    def _is_up(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"it ended: {self.output}"
        return any("is up" in line for line in self.output)

    def processes(self) -> list[psutil.Process]:
        """Every process of this installation, the database's included."""
        return [one for one in psutil.process_iter() if self._is_ours(one)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            command, environment = process.cmdline(), process.environ()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False
        ours = environment.get("MINGJING_HOME") == str(self.home)
        return ours or any(str(self.home) in part for part in command)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Asks it to end and returns its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(30)

    def command(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Runs `python -m dashboard ARGUMENTS` on this installation."""
        return subprocess.run(
            [sys.executable, "-m", "dashboard", *arguments],
            cwd=ROOT,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def password_of(self, role: str) -> tuple[str, str]:
        """Name and password of the first account with that role."""
        for line in (self.home / "demo-accounts.txt").read_text().splitlines():
            name, password, its_role = line.split()
            if its_role == role:
                return name, password
        raise AssertionError(f"no account with role {role}")

    def sign_in(self, page: Any, role: str = "inspector", path: str = "/") -> None:
        """Signs a playwright page in and opens `path`."""
        name, password = self.password_of(role)
        page.goto(f"{self.url}/sign-in")
        if page.url.endswith("/sign-in"):
            page.get_by_label("账号").fill(name)
            page.get_by_label("密码").fill(password)
            page.get_by_role("button", name="登录").click()
            page.wait_for_url(lambda url: not url.endswith("/sign-in"), wait_until="commit")
        page.goto(f"{self.url}{path}")


@contextlib.contextmanager
def running(home: Path, **settings: str) -> Iterator[Installation]:
    """An installation that is up, and ended afterwards."""
    made = Installation(home, settings)
    made.start()
    try:
        yield made
    finally:
        if made.process is not None and made.process.poll() is None:
            made.stop()
