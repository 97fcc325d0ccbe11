"""The cable between a camera and its recorder: it can be cut, go silent, or be put into another camera."""

import contextlib
import selectors
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST


@dataclass
class Cable:
    """Passes TCP connections on to `camera_port`."""

    camera_port: int
    silent: bool = False  # half-open: connections stand, and nothing comes through
    refuses: bool = False  # new connections are reset at once
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _lines: list[tuple[socket.socket, socket.socket]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """Of the camera, through the cable."""
        return f"rtsp://127.0.0.1:{self._listener.getsockname()[1]}/camera"

    def serve(self) -> None:
        """Passes on until it is closed."""
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            if self.refuses:
                _reset(caller)
                continue
            threading.Thread(target=self._pass_on, args=(caller,), daemon=True).start()

    def _pass_on(self, caller: socket.socket) -> None:
        camera = socket.create_connection(("127.0.0.1", self.camera_port))
        with self._lock:
            self._lines.append((caller, camera))
        ways = {caller: camera, camera: caller}
        with selectors.DefaultSelector() as ready, contextlib.suppress(OSError, ValueError):
            for end in ways:
                ready.register(end, selectors.EVENT_READ)
            while True:
                for key, _ in ready.select():
                    source = key.fileobj
                    assert isinstance(source, socket.socket)
                    data = source.recv(65_536)
                    if not data:
                        raise ConnectionResetError
                    if not self.silent:
                        ways[source].sendall(data)
        for end in ways:
            _reset(end)

    def cut(self) -> None:
        """Resets every connection."""
        with self._lock:
            lines, self._lines = self._lines, []
        for line in lines:
            for end in line:
                with contextlib.suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                    end.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for it

    def mend(self) -> None:
        """Bytes come through again; what stood in between has lost some and is reset."""
        self.cut()
        self.silent = False

    def put_into(self, camera_port: int) -> None:
        """Another camera answers at the address from now on."""
        self.camera_port = camera_port
        self.cut()

    def close(self) -> None:
        """Ends all."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()


def _reset(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        end.close()


@contextlib.contextmanager
def cable(camera_port: int) -> Iterator[Cable]:
    """A cable in use."""
    made = Cable(camera_port)
    thread = threading.Thread(target=made.serve, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.close()
        thread.join(5)
