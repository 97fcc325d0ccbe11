"""A gateway on a port of its own, and WebRTC viewers that watch through it, for tests."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aiohttp import ClientResponse, ClientSession, web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from av import VideoFrame

from data_access.cameras import CameraRow
from domain.vocabulary import RoomType
from media import viewer_token
from media.gateway import Gateway
from tests.media.camera_clip import clock_of

KEY = "key-of-the-test"


_CAMERA = CameraRow(
    id=1,
    name="camera",
    room_id=1,
    room_name="room",
    room_type=RoomType.BID_OPENING,
    url="",
    sub_url=None,
    source="network",
    enabled=True,
    online_days=None,
    codec=None,
    width=None,
    height=None,
    frame_rate=None,
    gop_seconds=None,
    has_b_frames=None,
    audio_codec=None,
    added_at=datetime(2025, 1, 1, tzinfo=UTC),
    removed_at=None,
)


def camera_at(url: str, camera_id: int = 1, sub_url: str | None = None) -> CameraRow:
    """A camera as the database would have it."""
    return replace(_CAMERA, id=camera_id, url=url, sub_url=sub_url)


def passes(method: str, path: str, web_session: str = "web-session", key: str = KEY) -> dict[str, str]:
    """What the web process shows the gateway for a request of that web session."""
    token = key if path == "/status" else viewer_token.made(key, method, path, web_session)
    return {"Authorization": f"Bearer {token}"}


class RunningGateway:
    """A gateway that listens, and its cameras, which a test may change."""

    def __init__(self, cameras: list[CameraRow]) -> None:
        self.cameras = cameras
        self.gateway = Gateway(KEY, lambda: self.cameras)
        self.address = ""

    async def post(self, camera_id: int, offer: str, stream: str = "sub") -> tuple[int, str, str]:
        """Status, body and Location of an offer."""
        path = f"/whep/{camera_id}?stream={stream}"
        headers = {**passes("POST", path), "Content-Type": "application/sdp"}
        async with (
            ClientSession() as http,
            http.post(self.address + path, data=offer, headers=headers) as answer,
        ):
            return answer.status, await answer.text(), answer.headers.get("Location", "")

    async def call(self, method: str, path: str, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """Status and JSON of another request, made with the pass of the test's web session."""
        headers = passes(method, path) if headers is None else headers
        async with (
            ClientSession() as http,
            http.request(method, self.address + path, headers=headers) as answer,
        ):
            return answer.status, await _json(answer)

    async def figures(self) -> dict[str, float]:
        """What Prometheus is told, by name and labels."""
        async with ClientSession() as http, http.get(f"{self.address}/metrics") as answer:
            assert answer.status == 200
            lines = (await answer.text()).splitlines()
        pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name: float(value) for name, _, value in pairs}


async def _json(answer: ClientResponse) -> Any:
    return await answer.json() if answer.content_type == "application/json" else None


@contextlib.asynccontextmanager
async def running_gateway(*cameras: CameraRow) -> AsyncIterator[RunningGateway]:
    """A gateway with these cameras on a free port."""
    running = RunningGateway(list(cameras))
    runner = web.AppRunner(running.gateway.app(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    running.address = f"http://{host}:{port}"
    try:
        yield running
    finally:
        await runner.cleanup()


class Watcher:
    """A viewer who counts the pictures and reads their burnt-in clock."""

    def __init__(self, configuration: RTCConfiguration | None = None) -> None:
        self.connection = RTCPeerConnection(configuration or RTCConfiguration(iceServers=[]))
        self.connection.addTransceiver("video", direction="recvonly")
        self.connection.on("track", self._on_track)
        self.location = ""
        self.pictures = 0
        self.last_picture: VideoFrame | None = None
        self.last_age_ms = 0
        self._reading: asyncio.Task[None] | None = None

    def _on_track(self, track: MediaStreamTrack) -> None:
        self._reading = asyncio.ensure_future(self._read(track))

    async def _read(self, track: MediaStreamTrack) -> None:
        while True:
            frame = await track.recv()
            assert isinstance(frame, VideoFrame)
            self.pictures += 1
            self.last_picture = frame
            self.last_age_ms = round((time.time() - clock_of(frame)) * 1000)

    async def offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    async def watch(self, gateway: RunningGateway, camera_id: int = 1, stream: str = "sub") -> None:
        status, body, self.location = await gateway.post(camera_id, await self.offer(), stream)
        assert status == 201, body
        await self.connection.setRemoteDescription(RTCSessionDescription(body, "answer"))

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        await self.connection.close()


@contextlib.asynccontextmanager
async def watcher() -> AsyncIterator[Watcher]:
    """A viewer, closed at the end."""
    made = Watcher()
    try:
        yield made
    finally:
        await made.close()


@contextlib.asynccontextmanager
async def watched(url: str) -> AsyncIterator[tuple[RunningGateway, Watcher]]:
    """A gateway with one camera, and a viewer who sees it."""
    async with running_gateway(camera_at(url)) as gateway, watcher() as viewer:
        await viewer.watch(gateway)
        await until(lambda: viewer.pictures > 0)
        yield gateway, viewer


def demo_cameras(port: int) -> subprocess.Popen[bytes]:
    """The demo cameras' process, once it listens."""
    process = subprocess.Popen([sys.executable, "-m", "media.demo_cameras", "--port", str(port)])
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return process
        time.sleep(0.05)
    process.kill()
    raise RuntimeError("the demo cameras do not come up")


async def until(condition: Callable[[], bool], within: float = 15.0) -> None:
    """Waits until the condition holds; fails after `within` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        await asyncio.sleep(0.02)
