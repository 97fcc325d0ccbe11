"""Viewers that come and go: what is left of them afterwards, and whether memory grows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psutil
from aiohttp import ClientSession

from benchmarks.live_servers import KEY, passes
from tests.media.raw_viewer import RawViewer

_AT_ONCE = 8
_STAY_SECONDS = 0.3
_VANISHES = 4  # every fourth viewer leaves without goodbye


@dataclass(frozen=True)
class Held:
    """What a gateway process holds."""

    viewers: int
    pulls: int
    tasks: int
    threads: int
    descriptors: int


@dataclass(frozen=True)
class Churn:
    """What became of a gateway process."""

    count: int
    seconds: float
    before: Held
    after: Held  # as soon as no more is held than before, 30 s after the last viewer at the latest
    gone_within: float  # seconds after the last viewer
    megabytes: list[tuple[int, float]]  # viewers so far, memory that is the process's own


async def churn(process: psutil.Process, address: str, path: str, count: int, *, seconds: float) -> Churn:
    """Lets `count` viewers come and go, and more until that many seconds are over."""
    async with ClientSession() as http:
        await _come_and_go(http, address, path, [1] * 3 * _AT_ONCE)  # what is made once is made now
        before = await _settled(process, http, address, None)
        begun, done, megabytes = time.monotonic(), 0, [(0, _own(process))]
        while done < count or time.monotonic() - begun < seconds:
            await _come_and_go(http, address, path, range(done, done + 2 * _AT_ONCE))
            done += 2 * _AT_ONCE
            megabytes.append((done, _own(process)))
        lasted = time.monotonic() - begun
        ended = time.monotonic()
        after = await _settled(process, http, address, before)
    return Churn(done, lasted, before, after, time.monotonic() - ended, megabytes)


async def _come_and_go(http: ClientSession, address: str, path: str, numbers: Iterable[int]) -> None:
    turns = asyncio.Semaphore(_AT_ONCE)

    async def visit(number: int) -> None:
        async with turns:
            viewer = RawViewer(address, passes)
            await viewer.watch(http, path)
            await asyncio.sleep(_STAY_SECONDS)
            await (viewer.vanish() if number % _VANISHES == 0 else viewer.leave(http))

    await asyncio.gather(*map(visit, numbers))


async def _settled(process: psutil.Process, http: ClientSession, address: str, before: Held | None) -> Held:
    """What is held once nobody is left; 30 s from now at the latest."""
    deadline = time.monotonic() + 30
    while True:
        held = await _held(process, http, address)
        empty = held.viewers == held.pulls == 0
        if (empty and (before is None or _no_more(held, before))) or time.monotonic() > deadline:
            return held
        await asyncio.sleep(0.5)


def _no_more(held: Held, before: Held) -> bool:
    return all(getattr(held, name) <= getattr(before, name) for name in ("tasks", "threads", "descriptors"))


async def _held(process: psutil.Process, http: ClientSession, address: str) -> Held:
    async with http.get(f"{address}/status", headers={"Authorization": f"Bearer {KEY}"}) as answer:
        status: dict[str, Any] = await answer.json()
    return Held(
        status["viewers"],
        len(status["pulls"]),
        status["tasks"],
        process.num_threads(),
        process.num_fds(),
    )


def _own(process: psutil.Process) -> float:
    return float(process.memory_full_info().uss) / 1e6
