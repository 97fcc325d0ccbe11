"""Many cheap viewers in a process of their own: they watch for a while and tell what came.

python -m benchmarks.live_viewers PROCESS_ID SECONDS COUNT ADDRESS PATH     JSON on standard output
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import pairwise

import psutil
from aiohttp import ClientSession

from benchmarks.live_servers import cpu_seconds, passes
from tests.installation import ROOT
from tests.media.raw_viewer import RawViewer

_SETTLE_SECONDS = 2.0  # connecting and catching up are not what is measured


@dataclass(frozen=True)
class Watched:
    """What `count` viewers saw, and what it cost the server."""

    count: int
    seconds: float
    cpu: float  # of a core
    pictures: int
    gaps: list[float]  # seconds between one picture and the next, of all viewers, sorted

    @property
    def per_viewer(self) -> float:
        """Per cent of a core."""
        return 100 * self.cpu / self.count

    @property
    def p99_gap(self) -> float:
        """Milliseconds."""
        return 1000 * self.gaps[int(len(self.gaps) * 0.99)] if self.gaps else float("nan")


def watch(server: psutil.Process, seconds: float, count: int, address: str, path: str) -> Watched:
    """Lets `count` viewers watch in another process."""
    command = [sys.executable, "-m", "benchmarks.live_viewers"]
    arguments = [str(server.pid), str(seconds), str(count), address, path]
    done = subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return Watched(**json.loads(done.stdout))


async def _watch(server: psutil.Process, seconds: float, count: int, address: str, path: str) -> Watched:
    viewers = [RawViewer(address, passes) for _ in range(count)]
    async with ClientSession() as http:
        for some in range(0, count, 8):  # as people come: not all in one moment
            await asyncio.gather(*(viewer.watch(http, path) for viewer in viewers[some : some + 8]))
        await asyncio.sleep(_SETTLE_SECONDS)
        for viewer in viewers:
            viewer.pictures.clear()
        began, used = time.monotonic(), cpu_seconds(server)
        await asyncio.sleep(seconds)
        lasted, used = time.monotonic() - began, cpu_seconds(server) - used
        gaps = sorted(after - before for viewer in viewers for before, after in pairwise(viewer.pictures))
        pictures = sum(len(viewer.pictures) for viewer in viewers)
        await asyncio.gather(*(viewer.leave(http) for viewer in viewers))
    return Watched(count, lasted, used / lasted, pictures, gaps)


def main() -> None:
    process, seconds, count, address, path = sys.argv[1:]
    done = asyncio.run(_watch(psutil.Process(int(process)), float(seconds), int(count), address, path))
    print(json.dumps(vars(done)))


if __name__ == "__main__":
    main()
