"""The web process, and a browser that downloads footage from it whatever happens."""

import http.client
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

from data_access import accounts
from data_access.engine import transaction
from domain.vocabulary import Role
from tests.faults.scene import Scene
from tests.installation import ROOT, free_ports, until


@dataclass
class Web:
    """The web process, which may be killed, and a signed-in browser."""

    scene: Scene
    port: int = field(default_factory=lambda: free_ports(1)[0])
    process: subprocess.Popen[bytes] | None = None
    token: str = ""

    def __post_init__(self) -> None:
        with transaction(self.scene.engine) as session:
            now = datetime.now(UTC)
            account = accounts.add(session, "wang", "correct-horse", Role.INSPECTOR, now=now)
            self.token = accounts.open_session(session, account.id, "", now=now)

    def start(self) -> None:
        """Starts it and waits until it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env=self.scene.environment | {"PORT": str(self.port)}
        )
        until(self._answers, 60, "the web process answers")

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, "it ended"
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", "/sign-in")
            return connection.getresponse().status == 200
        except OSError:
            return False

    def kill(self) -> None:
        """As it is."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def footage(self, camera_id: int, start: datetime, end: datetime) -> "Download":
        """A download of a range, not yet begun."""
        query = f"from={quote(start.isoformat())}&to={quote(end.isoformat())}"
        return Download(self, f"/footage/video/{camera_id}.mp4?{query}")


@dataclass
class Download:
    """What a browser has of a file so far; it asks for the rest of that very file."""

    web: Web
    path: str
    etag: str = ""
    content: bytes = b""
    answers: list[int] = field(default_factory=list)

    def go_on(self, chance: random.Random, most: int) -> bool:
        """Takes up to `most` bytes more, then lets the connection stand; True when it has all."""
        headers = {"Cookie": f"mingjing-{self.web.port}={self.web.token}"}
        if self.content:
            headers |= {"Range": f"bytes={len(self.content)}-", "If-Range": self.etag}
        connection = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=20)
        connection.request("GET", self.path, headers=headers)
        answer = connection.getresponse()
        self.answers.append(answer.status)
        assert answer.status == (206 if self.content else 200), answer.read()[:300]
        self.etag = answer.headers["etag"]
        total = len(self.content) + int(answer.headers["content-length"])
        wanted = min(len(self.content) + most, total)
        while len(self.content) < wanted:
            self.content += answer.read(min(chance.randint(1, 200_000), wanted - len(self.content)))
        return len(self.content) == total


@contextmanager
def web_of(scene: Scene) -> Iterator[Web]:
    """The web process of a scene, up."""
    made = Web(scene)
    made.start()
    try:
        yield made
    finally:
        if made.process is not None:
            made.process.kill()
            made.process.wait()
