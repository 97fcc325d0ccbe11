"""What the faults happen to: a database server of its own, recorders as processes, real cameras."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import OperationalError

from data_access import cameras, embedded_postgres, footage, schema
from data_access.engine import transaction
from domain.vocabulary import RoomType
from tests.installation import ROOT, until
from tests.media import rtsp_server

FRAME = 1 / 25  # seconds, of the cameras here
GOP = 10 * FRAME
# What is on its way from a camera at any time: encoding, sending, reading, on a busy machine.
ON_THE_WAY = 0.75
_CAMERA: dict[str, Any] = {"width": 384, "height": 96, "gop": 10, "audio": "aac"}
_SOON = 60.0  # seconds


class DatabaseServer:
    """An embedded PostgreSQL of this scene's own, which may be killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "postgres"
        self._server = embedded_postgres.start(self._folder)
        self.url = embedded_postgres.socket_url(self._folder)

    @property
    def postmaster(self) -> psutil.Process:
        """The process that all others of the server come from."""
        return psutil.Process(int((self._folder / "postmaster.pid").read_text().split("\n", 1)[0]))

    def kill(self) -> None:
        """As a power cut: nothing is written any more."""
        family = [self.postmaster, *self.postmaster.children()]
        for process in family:
            process.kill()
        psutil.wait_procs(family, timeout=20)

    def kill_a_backend(self, chance: random.Random) -> None:
        """One connection's process; the server then drops all connections and recovers."""
        backends = [each for each in self.postmaster.children() if "[local]" in " ".join(each.cmdline())]
        chance.choice(sorted(backends, key=lambda each: each.pid)).kill()

    def start(self) -> None:
        """Starts it again on its data."""
        self._server = embedded_postgres.start(self._folder)

    def stop(self) -> None:
        """Ends it in order."""
        embedded_postgres.stop(self._server)


@dataclass
class Scene:
    """Cameras, their recorders, their footage."""

    home: Path
    database_url: str
    engine: Engine
    segment_seconds: int = 2
    settings: dict[str, str] = field(default_factory=dict)
    recorders: list[subprocess.Popen[bytes]] = field(default_factory=list)
    cameras: dict[str, int] = field(default_factory=dict)  # ids by URL

    @property
    def folder(self) -> Path:
        """Of the footage."""
        return Path(self.environment.get("MINGJING_FOOTAGE", self.home / "footage"))

    @property
    def environment(self) -> dict[str, str]:
        """Of the processes."""
        return (
            os.environ
            | {
                "DATABASE_URL": self.database_url,
                "MINGJING_HOME": str(self.home),
                "MINGJING_SEGMENT_SECONDS": str(self.segment_seconds),
            }
            | self.settings
        )

    def add_camera(self, url: str) -> int:
        """A camera that is in service from now on."""
        with transaction(self.engine) as session:
            room = cameras.room_named(session, "开标一室") or cameras.add_room(
                session, "开标一室", RoomType.BID_OPENING
            )
            name, now = f"开标一室-{len(self.cameras) + 1}", datetime.now(UTC)
            added = cameras.add(session, room_id=room.id, name=name, url=url, at=now)
        self.cameras[url] = added.id
        return added.id

    def start_recorder(self) -> subprocess.Popen[bytes]:
        """A recorder process."""
        process = subprocess.Popen([sys.executable, "-m", "media.recorder"], cwd=ROOT, env=self.environment)
        self.recorders.append(process)
        return process

    def recorded_to(self, camera_id: int) -> float:
        """Where the footage ends that can be played now, open segment included; seconds since 1970."""
        try:
            with transaction(self.engine) as session:
                now = datetime.now(UTC)
                runs = footage.runs_between(session, camera_id, datetime(2020, 1, 1, tzinfo=UTC), now)
        except OperationalError:
            return 0.0  # the database is being killed, or recovers
        return runs[-1].end.timestamp() if runs else 0.0

    def await_footage(self, since: float) -> None:
        """Until every camera is recorded beyond `since`, seconds since 1970."""
        for camera_id in self.cameras.values():
            until(lambda which=camera_id: self.recorded_to(which) > since, _SOON, "a camera is recorded")  # type: ignore[misc]

    def stop_recorders(self) -> datetime:
        """Ends them in order; returns when they had ended."""
        for process in self.recorders:
            process.send_signal(signal.SIGTERM)
        for process in self.recorders:
            process.wait(20)
        return datetime.now(UTC)

    def close(self) -> None:
        """Leaves nothing behind."""
        for process in self.recorders:
            process.kill()
            process.wait()


@contextmanager
def scene(home: Path, database_url: str, count: int = 1, **settings: str) -> Iterator[Scene]:
    """A scene with `count` real cameras; their clocks are drawn in their pictures."""
    engine = create_engine(database_url, connect_args={"options": "-c timezone=UTC"}, pool_pre_ping=True)
    with ExitStack() as at_end:
        at_end.callback(engine.dispose)
        made = Scene(home, database_url, engine, settings=settings)
        at_end.callback(made.close)
        for _ in range(count):
            made.add_camera(at_end.enter_context(rtsp_server.rtsp_camera(**_CAMERA)))
        yield made


@contextmanager
def database_server() -> Iterator[DatabaseServer]:
    """A migrated database on a server of its own."""
    # Not in pytest's folder: PostgreSQL runs as another user, whom other tests may shut out of that one.
    with TemporaryDirectory(prefix="mingjing-test-") as folder:
        server = DatabaseServer(Path(folder))
        try:
            engine = create_engine(server.url)
            schema.migrate(engine)
            engine.dispose()
            yield server
        finally:
            server.stop()
