"""An installation to measure: database with the demo's history, web process and gateway, nothing else.

No recorder and no drawn cameras: on a small machine their work would be measured too.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks.live_servers import KEY
from data_access import accounts, cameras, embedded_postgres, schema
from data_access.demo import history
from data_access.engine import engine, transaction
from data_access.private_files import kept_private
from data_access.settings import settings
from domain.vocabulary import Role, RoomType
from tests.installation import ROOT, free_ports, until


@dataclass(frozen=True)
class Site:
    """A running installation, and a browser that is signed in as an inspector."""

    url: str
    gateway_url: str
    gateway: psutil.Process
    cameras: list[int]
    cookie: tuple[str, str]


@contextlib.contextmanager
def site(urls: Sequence[str]) -> Iterator[Site]:
    """An installation with these cameras."""
    folder = tempfile.mkdtemp(prefix="mingjing-benchmark-")
    # Registered before the embedded server's package is imported, so run after its own, which makes a lock.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    web, gateway = free_ports(2)
    os.environ |= {"MINGJING_HOME": folder, "PORT": str(web), "MINGJING_GATEWAY_PORT": str(gateway)}
    os.environ.pop("DATABASE_URL", None)
    settings.cache_clear()
    kept_private(settings().home / "gateway-key", KEY)
    server = embedded_postgres.start(settings().postgres_folder)
    try:
        schema.migrate(engine())
        ids, token = _fill(urls)
        with _running("app.py", web), _running("-m media.gateway", gateway) as pulling:
            yield Site(
                f"http://127.0.0.1:{web}",
                f"http://127.0.0.1:{gateway}",
                pulling,
                ids,
                (f"mingjing-{web}", token),
            )
    finally:
        engine().dispose()
        embedded_postgres.stop(server)


def _fill(urls: Sequence[str]) -> tuple[list[int], str]:
    """The cameras' numbers, and an inspector's token."""
    now = datetime.now(UTC)
    with transaction() as session:
        history.fill(session, now.date())
        room = cameras.add_room(session, "测速室", RoomType.BID_OPENING)
        ids = [
            cameras.add(session, room_id=room.id, name=f"测速{number}", url=url, at=now).id
            for number, url in enumerate(urls, 1)
        ]
        inspector = accounts.add(session, "benchmark", accounts.new_password(), Role.INSPECTOR, now=now)
        return ids, accounts.open_session(session, inspector.id, "127.0.0.1", now=now)


@contextlib.contextmanager
def _running(command: str, port: int) -> Iterator[psutil.Process]:
    log = (Path(os.environ["MINGJING_HOME"]) / f"log-{port}").open("ab")
    process = subprocess.Popen([sys.executable, *command.split()], cwd=ROOT, stdout=log, stderr=log)
    try:
        until(lambda: _answers(port), 60, f"{command} answers")
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
            return True
    except urllib.error.HTTPError:
        return True  # no recorder: unwell, but there
    except OSError:
        return False
