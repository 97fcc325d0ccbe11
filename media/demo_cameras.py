"""The demo cameras: one small process that serves drawn rooms as MPEG-TS over HTTP on loopback.

    python -m media.demo_cameras --port 8503        ->  http://127.0.0.1:8503/evaluation.ts
                                                        http://127.0.0.1:8503/evaluation-sub.ts

They go through the same recorder and gateway as real cameras. A stream that nobody pulls is not encoded. A
new client gets a key frame at once, never an old picture: whoever dates the stream by its arrival is right.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from data_access.settings import settings

if TYPE_CHECKING:
    from aiohttp import web

    from media.demo_encoder import DemoEncoder

MAIN_SIZE, SUB_SIZE = (960, 540), (640, 360)
_QUEUED_PICTURES = 25  # two seconds: a client slower than that is let go


@dataclass(frozen=True)
class DemoCamera:
    """A demo camera: where it is served, the room it shows, and the tone that sounds there in Hz."""

    slug: str
    room_name: str
    pitch: int
    view: str = "全景"

    @property
    def name(self) -> str:
        return f"{self.room_name}-{self.view}"

    @property
    def scene_name(self) -> str:
        """What is drawn, and written into the picture."""
        return self.room_name if self.view == "全景" else self.name

    def url(self, port: int) -> str:
        """Where the process on `port` serves it."""
        return f"http://127.0.0.1:{port}/{self.slug}.ts"

    def sub_url(self, port: int) -> str:
        """Where it serves the same in small."""
        return f"http://127.0.0.1:{port}/{self.slug}-sub.ts"


DEMO_CAMERAS = (
    DemoCamera("bid-opening-1", "开标一室", 440),
    DemoCamera("bid-opening-2", "开标二室", 550),
    DemoCamera("evaluation", "评标室", 660),
    DemoCamera("land-auction", "土地拍卖厅", 880),
    DemoCamera("bid-opening-1-desk", "开标一室", 440, "主席台"),
)


class _Channel:
    """One stream on air: encodes while it has clients."""

    def __init__(self, demo: DemoCamera, size: tuple[int, int]) -> None:
        """`size`: width and height in pixels."""
        self._demo = demo
        self._size = size
        self._clients: set[asyncio.Queue[bytes | None]] = set()
        self._newcomers: set[asyncio.Queue[bytes | None]] = set()
        self._wanted = asyncio.Event()

    async def run(self) -> None:
        """Sends each client a picture of now at every tick, a newcomer first of all a key frame."""
        await self._wanted.wait()
        encoder = await asyncio.to_thread(self._encoder)
        while True:
            await self._wanted.wait()
            await self._be_on_air(encoder)

    async def _be_on_air(self, encoder: DemoEncoder) -> None:
        """Goes on while there are clients."""
        from media.demo_muxer import DemoMuxer

        muxer = DemoMuxer(*self._size, self._demo.pitch)  # a new one: the last one still holds sound of then
        interval = float(1 / encoder.frame_rate)
        while self._wanted.is_set():
            at_ms = time.time_ns() // 1_000_000
            packet = encoder.encode(at_ms, key=bool(self._newcomers))
            self._clients |= self._newcomers
            self._newcomers.clear()
            self._hand_out(muxer.wrap(packet, at_ms))
            await asyncio.sleep(interval - time.monotonic() % interval)

    def _encoder(self) -> DemoEncoder:
        from media.demo_encoder import DemoEncoder
        from media.demo_scene import Scene

        return DemoEncoder(Scene(self._demo.scene_name, *self._size))

    def _hand_out(self, piece: bytes) -> None:
        for client in list(self._clients):
            if client.full():
                self.leave(client)
                client.get_nowait()
                client.put_nowait(None)
            else:
                client.put_nowait(piece)

    def join(self) -> asyncio.Queue[bytes | None]:
        """A queue of pieces of the stream; None ends it."""
        client: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUED_PICTURES)
        self._newcomers.add(client)
        self._wanted.set()
        return client

    def leave(self, client: asyncio.Queue[bytes | None]) -> None:
        self._clients.discard(client)
        self._newcomers.discard(client)
        if not self._clients and not self._newcomers:
            self._wanted.clear()

    def close(self) -> None:
        for client in self._clients | self._newcomers:
            self.leave(client)
            with contextlib.suppress(asyncio.QueueFull):
                client.put_nowait(None)


async def _send(channel: _Channel, request: web.Request) -> web.StreamResponse:
    from aiohttp import web

    response = web.StreamResponse(headers={"Content-Type": "video/mp2t"})
    await response.prepare(request)
    client = channel.join()
    try:
        while (piece := await client.get()) is not None:
            await response.write(piece)
    except ConnectionError:
        pass  # the client has gone
    finally:
        channel.leave(client)
    return response


async def serve(port: int) -> None:
    """Serves the demo cameras on loopback until SIGTERM or SIGINT."""
    from aiohttp import web

    channels = {demo.slug: _Channel(demo, MAIN_SIZE) for demo in DEMO_CAMERAS}
    channels |= {f"{demo.slug}-sub": _Channel(demo, SUB_SIZE) for demo in DEMO_CAMERAS}
    app = web.Application()
    for slug, channel in channels.items():
        app.router.add_get(f"/{slug}.ts", partial(_send, channel), allow_head=False)
    stopped = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stopped.set)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(channel.run()) for channel in channels.values()]
        await stopped.wait()
        for task in tasks:
            task.cancel()
    for channel in channels.values():
        channel.close()
    await runner.cleanup()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=settings().demo_port)
    asyncio.run(serve(parser.parse_args().port))
