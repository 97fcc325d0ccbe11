"""A camera that sends whatever bytes it is told to, over HTTP, at whatever pace."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

_PIECE = 188 * 7


def in_time(clip: Path, seconds: float) -> Iterator[bytes]:
    """The clip's bytes, spread over that time."""
    data, begun = clip.read_bytes(), time.monotonic()
    for at in range(0, len(data), _PIECE):
        yield data[at : at + _PIECE]
        time.sleep(max(0.0, begun + (at + _PIECE) / len(data) * seconds - time.monotonic()))


def at_once(clip: Path, times: int) -> Iterator[bytes]:
    """The clip's bytes again and again, as fast as they are taken."""
    data = clip.read_bytes()
    for _ in range(times):
        yield data


@contextlib.contextmanager
def byte_camera(bytes_of: Callable[[int], Iterable[bytes]]) -> Iterator[str]:
    """A camera at the URL given; `bytes_of(n)` is what its n-th client gets, from 0."""
    clients = iter(range(1_000_000))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                for piece in bytes_of(next(clients)):
                    self.wfile.write(piece)

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/camera.ts"
    finally:
        server.shutdown()
        server.server_close()
