"""Browser sessions that rerun heavy pages without a pause, without a browser: Streamlit's own messages.

    python -m benchmarks.live_sessions URL COOKIE COUNT

It says "warm" after ten runs, and when its input is closed, how long each run since then took, as JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

from tests.installation import ROOT

PAGES = ("", "openings", "trading", "penalties", "enterprises")
_runs: list[float] = []  # how long each script run took, in seconds
_warm = asyncio.Event()


@contextlib.contextmanager
def rerunning(url: str, cookie: tuple[str, str], count: int) -> Iterator[list[float]]:
    """While the block runs, so do that many sessions; afterwards the list holds how long each run took."""
    command = [sys.executable, "-m", "benchmarks.live_sessions", url, "=".join(cookie), str(count)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    runs: list[float] = []
    assert process.stdout is not None
    process.stdout.readline()  # warm
    try:
        yield runs
    finally:
        told, _ = process.communicate("", timeout=60)
    runs.extend(json.loads(told))


async def _session(url: str, cookie: str, page: str) -> None:
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    async with connect(
        address,
        subprotocols=["streamlit"],  # type: ignore[list-item]
        additional_headers={"Cookie": cookie},
        origin=url,  # type: ignore[arg-type]
        max_size=None,
    ) as socket:
        while True:
            asked = BackMsg()
            asked.rerun_script.page_name = page
            asked.rerun_script.query_string = "from=2020-01-01&to=2026-12-31"
            begun = time.monotonic()
            await socket.send(asked.SerializeToString())
            while not ForwardMsg.FromString(await socket.recv(decode=False)).HasField("script_finished"):
                pass
            _runs.append(time.monotonic() - begun)
            if len(_runs) == 2 * len(PAGES):
                _warm.set()


async def _all(url: str, cookie: str, count: int) -> None:
    sessions = [asyncio.create_task(_session(url, cookie, PAGES[number % 5])) for number in range(count)]
    await asyncio.wait([asyncio.create_task(_warm.wait()), *sessions], return_when=asyncio.FIRST_COMPLETED)
    _runs.clear()
    print("warm", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for session in sessions:
        if session.done():
            session.result()
        session.cancel()


def main() -> None:
    url, cookie, count = sys.argv[1:]
    asyncio.run(_all(url, cookie, int(count)))
    print(json.dumps(_runs))


if __name__ == "__main__":
    main()
