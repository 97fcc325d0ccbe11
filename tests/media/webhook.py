"""A webhook for tests: a real HTTP server that keeps what it is sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Webhook:
    """Takes apprise's json:// posts."""

    port: int = 0
    failures: int = 0
    """How many of the next posts are answered with 500."""
    open: threading.Event = field(default_factory=threading.Event)
    """Posts are answered while it is set."""
    posts: list[dict[str, str]] = field(default_factory=list)
    refused: int = 0

    @property
    def url(self) -> str:
        """As apprise writes it."""
        return f"json://user:sesame@127.0.0.1:{self.port}/hook"

    def titles(self) -> list[str]:
        """The Chinese half of what was taken."""
        return [post["title"].partition(" / ")[0] for post in self.posts]


@contextmanager
def webhook() -> Iterator[Webhook]:
    """A webhook on a free port."""
    kept = Webhook()
    kept.open.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            kept.open.wait(30)
            failing = kept.failures > 0
            kept.failures -= failing
            kept.refused += failing
            if not failing:
                kept.posts.append(body)
            self.send_response(500 if failing else 200)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        kept.open.set()
        server.shutdown()
        server.server_close()
        thread.join()
