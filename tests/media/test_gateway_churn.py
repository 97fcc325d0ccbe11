"""Viewers that come and go leave nothing behind: no connection, pull, task, thread or file descriptor."""

import asyncio
import gc
import threading
from pathlib import Path

import aioice.ice
import psutil
import pytest
from aiohttp import ClientSession
from aiortc import RTCPeerConnection

from media import gateway as gateway_module
from media import live_hub
from tests.event_loop import in_loop
from tests.media.camera_clip import make_clip
from tests.media.raw_viewer import RawViewer
from tests.media.watching import RunningGateway, camera_at, passes, running_gateway, until

VIEWERS, AT_ONCE, VANISHES = 30, 5, 4  # every fourth one leaves without goodbye


async def come_and_go(gateway: RunningGateway, http: ClientSession, numbers: range) -> None:
    turns = asyncio.Semaphore(AT_ONCE)

    async def visit(number: int) -> None:
        async with turns:
            viewer = RawViewer(gateway.address, passes)
            await viewer.watch(http, "/whep/1?stream=sub")
            await until(lambda: len(viewer.pictures) >= 2)
            await (viewer.vanish() if number % VANISHES == 0 else viewer.leave(http))

    await asyncio.gather(*map(visit, numbers))


def held() -> tuple[int, int]:
    """Tasks and file descriptors of this process."""
    return len(asyncio.all_tasks()), psutil.Process().num_fds()


def pulling() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("pull ")]


def connections() -> int:
    gc.collect()
    return sum(isinstance(one, RTCPeerConnection) for one in gc.get_objects())


@in_loop
async def test_viewers_that_come_and_go_leave_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aioice.ice, "CONSENT_INTERVAL", 0.2)
    monkeypatch.setattr(gateway_module, "_SWEEP_SECONDS", 0.1)
    monkeypatch.setattr(live_hub, "_IDLE_SECONDS", 0.3)
    clip = make_clip(tmp_path / "clip.ts", 2, sound="")
    others = connections()  # of other tests

    def empty() -> bool:
        return not (gateway.gateway.viewers or gateway.gateway.pulls or pulling())

    async with running_gateway(camera_at(str(clip))) as gateway, ClientSession() as http:
        await come_and_go(gateway, http, range(AT_ONCE))
        await until(empty)
        tasks, descriptors = held()
        await come_and_go(gateway, http, range(VIEWERS))
        await until(empty)
        await until(lambda: held()[0] <= tasks and held()[1] <= descriptors)
        await until(lambda: connections() <= others)
