"""Cameras that are wrong in every way are told apart in plain words, and disturb no other."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from data_access import camera_health
from data_access.camera_health import CameraState
from data_access.cameras import StatusRow
from data_access.engine import transaction
from tests.installation import free_ports, until
from tests.media import rtsp_server
from tests.media.camera_clip import install_camera
from tests.media.test_recorder import is_recording, running, status_of


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A TCP server that meets each caller with `answer`."""
    server = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def meet(caller: socket.socket) -> None:
        with caller:
            try:
                answer(caller)
            except OSError:
                return

    def serve() -> None:
        while not ended.is_set():
            try:
                caller, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=meet, args=(caller,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        ended.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


def hang(caller: socket.socket) -> None:
    caller.settimeout(60)
    while caller.recv(4096):
        pass


def refuse(caller: socket.socket) -> None:
    caller.recv(4096)
    caller.sendall(b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")


def send_garbage(caller: socket.socket) -> None:
    caller.recv(4096)
    caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\n\r\n")
    for number in range(4000):
        caller.sendall(bytes((number * 31 + byte * 7) % 251 for byte in range(512)))


# What the page says, by how the camera is wrong.
WORDS = {
    "hangs": "无应答",
    "refuses the password": "用户名或密码被拒绝",
    "sends garbage": "不是视频码流",
    "has no such stream": "没有这一路码流",
    "is not there": "拒绝或断开了连接",
}


@pytest.mark.rtsp
def test_what_is_wrong_with_a_camera_is_said_and_the_others_go_on(engine: Engine, tmp_path: Path) -> None:
    (nobody,) = free_ports(1)
    with ExitStack() as at_end:
        good_url = at_end.enter_context(rtsp_server.rtsp_camera(fps=10, gop=10))
        hanging, refusing, garbage = (
            at_end.enter_context(listening(answer)) for answer in (hang, refuse, send_garbage)
        )
        urls = {
            "hangs": f"rtsp://admin:s3cret@127.0.0.1:{hanging}/1",
            "refuses the password": f"http://admin:s3cret@127.0.0.1:{refusing}/1.ts",
            "sends garbage": f"http://127.0.0.1:{garbage}/1.ts",
            "has no such stream": good_url.replace("/camera", "/nosuch"),
            "is not there": f"rtsp://127.0.0.1:{nobody}/1",
        }
        good = install_camera(engine, good_url).id
        bad = {what: install_camera(engine, url, what).id for what, url in urls.items()}
        at_end.enter_context(running(engine, tmp_path))

        def told(what: str) -> StatusRow | None:
            status = status_of(engine, bad[what])
            return status if status and WORDS[what] in status.message else None

        until(lambda: is_recording(engine, good), 60, "the good camera is recorded")
        for what in urls:
            status = until(lambda what=what: told(what), 60, f"a camera that {what} is told")  # type: ignore[misc]
            assert status is not None
            assert not status.recording
            assert status.stream.connected_since is None
            assert "s3cret" not in status.message
        assert is_recording(engine, good)
        with transaction(engine) as session:
            states = camera_health.states(session, datetime.now(UTC))
        assert states[good] is CameraState.RECORDING
        assert {states[camera_id] for camera_id in bad.values()} == {CameraState.LOST}
