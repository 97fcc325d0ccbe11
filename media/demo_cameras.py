"""The four demo cameras: one small process that serves drawn rooms as MPEG-TS over HTTP on loopback.

    python -m media.demo_cameras --port 8503        ->  http://127.0.0.1:8503/evaluation.ts

They go through the same recorder and gateway as real cameras. A camera that nobody pulls is not encoded. A
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
from typing import TYPE_CHECKING, Any

from data_access.settings import settings

if TYPE_CHECKING:
    from aiohttp import web
    from av.packet import Packet

    from media.demo_encoder import DemoEncoder

_QUEUED_PICTURES = 25  # two seconds: a client slower than that is let go


@dataclass(frozen=True)
class DemoCamera:
    """A demo camera: where it is served, and the room it shows."""

    slug: str
    room_name: str

    @property
    def name(self) -> str:
        return f"{self.room_name}-全景"

    def url(self, port: int) -> str:
        """Where the process on `port` serves it."""
        return f"http://127.0.0.1:{port}/{self.slug}.ts"


DEMO_CAMERAS = (
    DemoCamera("bid-opening-1", "开标一室"),
    DemoCamera("bid-opening-2", "开标二室"),
    DemoCamera("evaluation", "评标室"),
    DemoCamera("land-auction", "土地拍卖厅"),
)


class _Muxer:
    """Wraps pictures into MPEG-TS; each carries the tables, so that a client may begin at any key frame."""

    def __init__(self, width: int, height: int) -> None:
        import av

        self._written: list[bytes] = []
        self._container = av.open(
            self,
            "w",
            format="mpegts",
            # A written length lets the reader deliver a picture without waiting for the next one.
            options={"omit_video_pes_length": "0", "mpegts_flags": "pat_pmt_at_frames", "flush_packets": "1"},
        )
        self._stream = self._container.add_mux_stream("h264", width=width, height=height)

    def write(self, piece: bytes) -> None:
        """Called by the container."""
        self._written.append(bytes(piece))

    def wrap(self, packet: Packet[Any]) -> bytes:
        packet.stream = self._stream
        self._container.mux(packet)
        piece = b"".join(self._written)
        self._written.clear()
        return piece


class _Channel:
    """One camera on air: encodes while it has clients."""

    def __init__(self, demo: DemoCamera) -> None:
        self._demo = demo
        self._clients: set[asyncio.Queue[bytes | None]] = set()
        self._newcomers: set[asyncio.Queue[bytes | None]] = set()
        self._wanted = asyncio.Event()

    async def run(self) -> None:
        """Sends each client a picture of now at every tick, a newcomer first of all a key frame."""
        await self._wanted.wait()
        encoder, muxer = await asyncio.to_thread(self._equipment)
        interval = float(1 / encoder.frame_rate)
        while True:
            await self._wanted.wait()
            packet = encoder.encode(time.time_ns() // 1_000_000, key=bool(self._newcomers))
            self._clients |= self._newcomers
            self._newcomers.clear()
            self._hand_out(muxer.wrap(packet))
            await asyncio.sleep(interval - time.monotonic() % interval)

    def _equipment(self) -> tuple[DemoEncoder, _Muxer]:
        from media.demo_encoder import DemoEncoder
        from media.demo_scene import Scene

        scene = Scene(self._demo.room_name)
        return DemoEncoder(scene), _Muxer(scene.width, scene.height)

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

    channels = {demo.slug: _Channel(demo) for demo in DEMO_CAMERAS}
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
