"""Starts the processes of a single machine, keeps them running and ends them together."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger(__name__)

ROOT = Path(__file__).parent.parent
LONGEST_PAUSE = 30.0  # seconds between restarts of a process that keeps failing
GRACE = 8.0  # seconds a process has to end by itself
_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Asks Linux to end this process when its parent dies, even by kill -9: no worker is left behind."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Worker:
    """A process that is kept running; `once` is for one that may end well."""

    name: str
    command: Sequence[str]
    once: bool = False
    niceness: int = 0
    process: subprocess.Popen[bytes] | None = None
    pause: float = 0.5
    started_at: float = 0.0
    restart_at: float = 0.0

    def start(self, log_folder: Path) -> None:
        """Starts the process; what it prints goes to its log file."""
        file = log_folder / f"{self.name}.log"
        if file.exists() and file.stat().st_size > 10_000_000:
            file.replace(file.with_suffix(".log.1"))
        with file.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *self.command],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the supervisor only, which ends all in order
                preexec_fn=self._prepare,  # noqa: PLW1509 the supervisor has one thread
            )
        self.started_at = time.monotonic()

    def _prepare(self) -> None:
        end_with_parent()
        os.nice(self.niceness)


@dataclass
class Duty:
    """What the supervisor itself does every so many seconds."""

    every: float
    act: Callable[[], None]
    next_at: float = 0.0


@dataclass
class Supervisor:
    """Runs workers until told to stop. Not for several threads."""

    log_folder: Path
    workers: list[Worker] = field(default_factory=list)
    stopping: bool = False

    def start(self, *workers: Worker) -> None:
        """Starts more workers."""
        self.log_folder.mkdir(parents=True, exist_ok=True)
        for worker in workers:
            self.workers.append(worker)
            worker.start(self.log_folder)

    def stop_on_signals(self) -> None:
        """SIGTERM and SIGINT (Ctrl-C) end the supervision."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._note_stop)

    def _note_stop(self, _number: int, _frame: object) -> None:
        self.stopping = True

    def wait(self, *duties: Duty) -> None:
        """Keeps the workers running and does the duties until told to stop."""
        while not self.stopping:
            for duty in duties:
                if time.monotonic() >= duty.next_at:
                    duty.act()
                    duty.next_at = time.monotonic() + duty.every
            self.restart_ended()
            time.sleep(0.2)

    def restart_ended(self) -> None:
        """Starts ended workers again, later and later when one keeps failing."""
        now = time.monotonic()
        for worker in list(self.workers):
            if worker.process is None:
                if now >= worker.restart_at:
                    worker.start(self.log_folder)
                continue
            code = worker.process.poll()
            if code is None:
                continue
            if worker.once and code == 0:
                self.workers.remove(worker)
                continue
            worker.pause = (
                0.5 if now - worker.started_at > LONGEST_PAUSE else min(worker.pause * 2, LONGEST_PAUSE)
            )
            worker.process, worker.restart_at = None, now + worker.pause
            print(
                f"{worker.name} 意外退出（{code}），{worker.pause:.0f} 秒后重启，日志 / ended with {code}, "
                f"starts again in {worker.pause:.0f} s, see {self.log_folder / worker.name}.log",
                flush=True,
            )

    def stop(self) -> None:
        """Ends all workers: politely, then by force."""
        running = [worker.process for worker in self.workers if worker.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + GRACE
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
