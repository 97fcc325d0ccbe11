"""A server of live pictures that answers as it is told and remembers what it was asked."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from media import viewer_token


@dataclass(frozen=True)
class Asked:
    """A request that the server of the pictures got."""

    method: str
    path: str
    authorization: str | None
    body: str

    def web_session(self, key: str) -> str:
        """In whose name it was made; fails for a wrong pass."""
        assert self.authorization is not None
        token = self.authorization.removeprefix("Bearer ")
        return viewer_token.web_session_of(token, key, self.method, self.path)


_WELL = {"GET": 200, "POST": 201, "PATCH": 204, "DELETE": 200}


@dataclass
class FakeServer:
    """Answers as the gateway, or another WHEP server, does, and remembers what it was asked."""

    port: int
    status: dict[str, int] = field(default_factory=_WELL.copy)
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    asked: list[Asked] = field(default_factory=list)

    @contextlib.contextmanager
    def serving(self) -> Iterator[FakeServer]:
        """Answers while the block runs."""
        server = self._server()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield self
        server.shutdown()
        server.server_close()

    def _server(self) -> ThreadingHTTPServer:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                offered = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                fake.asked.append(Asked(self.command, self.path, self.headers["Authorization"], offered))
                status = fake.status[self.command]
                body = (fake.body or ("answer" if status == 201 else "")).encode()
                location = f"{self.path.partition('?')[0]}/abc{len(fake.asked)}"
                headers = {"Content-Type": "application/sdp", "Location": location} | fake.headers
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if status != 204:
                    self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Silent."""

        return ThreadingHTTPServer(("127.0.0.1", self.port), Handler)

    def calls(self) -> list[tuple[str, str]]:
        """Methods and paths, in order."""
        return [(one.method, one.path) for one in self.asked]
