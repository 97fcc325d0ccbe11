"""The player of footage, measured: what serving costs beside nginx, and how soon pictures come in Chromium.

    python -m benchmarks.footage_player [--quick] [serving] [slow] [browser]

serving  bytes a second of CPU, of our web process and of nginx with the same bytes in a static file
slow     memory of the web process while 32 clients read slowly
browser  from opening a range to its first picture, and seeks, of our files and of nginx's
"""

from __future__ import annotations

import argparse
import functools
import os
import platform
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import psutil

from benchmarks.footage_stock import StaticServer, Stock, lay_down, nginx
from benchmarks.footage_watching import Watched, watched
from benchmarks.live_site import Site, site

_HOURS = 8
_PIECE = 1 << 20
_SLOW_CLIENTS, _SLOW_BYTES = 32, 200_000  # a second each


def fetch(url: str, cookie: str, first: int, count: int) -> int:
    """Reads a part of a file as fast as it comes; returns how many bytes came."""
    connection, reader = _asked(url, cookie, f"bytes={first}-{first + count - 1}")
    buffer, taken = memoryview(bytearray(_PIECE)), 0
    with connection:
        while got := reader(buffer):
            taken += got
    return taken


def _asked(url: str, cookie: str, part: str) -> tuple[socket.socket, Callable[[memoryview], int]]:
    """A connection that has the head of the answer behind it."""
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname, parts.port))
    connection.sendall(
        f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nCookie: {cookie}\r\n"
        f"Range: {part}\r\nConnection: close\r\n\r\n".encode()
    )
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(1)
    assert b" 206 " in head.splitlines()[0], head
    return connection, connection.recv_into


def serving(running: Site, stock: Stock, static: StaticServer | None, _quick: bool) -> None:
    """Prints what a gigabyte costs."""
    ours, cookie = _ours(running, stock, 1), "=".join(running.cookie)
    web = _web_process(running)
    fetch(ours, cookie, 0, 1 << 24)
    print("\n### Bytes served for a second of CPU, one hour of footage from start to end\n")
    print("| server | range | MB a second of CPU | MB a second |\n|---|---|--:|--:|")
    for words, part in (("whole hour", 660 << 20), ("parts of 2 MB", 2 << 20)):
        rows = [
            ("ours", _rate(functools.partial(fetch, ours, cookie), part, lambda: sum(web.cpu_times()[:2])))
        ]
        if static:
            rows.append(
                ("nginx", _rate(functools.partial(fetch, f"{static.url}/1.mp4", ""), part, static.cpu))
            )
        for name, (cheap, fast) in rows:
            print(f"| {name} | {words} | {cheap / 1e6:.0f} | {fast / 1e6:.0f} |")
        if static:
            print(f"\nRatio to nginx, {words}: {rows[0][1][0] / rows[1][1][0]:.2f}\n")


def _rate(get: Callable[[int, int], int], part: int, cpu: Callable[[], float]) -> tuple[float, float]:
    """Bytes for a second of the server's CPU, and in a second, of 2.6 GB in parts of that size."""
    get(0, part)
    begun, used, taken = time.monotonic(), cpu(), 0
    while taken < 2_600_000_000:
        taken += get(taken % (600 << 20) if part < 1 << 25 else 0, part)
    return taken / max(cpu() - used, 0.01), taken / (time.monotonic() - begun)


def slow(running: Site, stock: Stock, _static: StaticServer | None, quick: bool) -> None:
    """Prints the memory of the web process beside slow clients."""
    web = _web_process(running)
    url, cookie = _ours(running, stock, 1), "=".join(running.cookie)
    fetch(url, cookie, 0, 1 << 24)
    before = web.memory_info().rss
    open_ = [_asked(url, cookie, "bytes=0-") for _ in range(_SLOW_CLIENTS)]
    seen = []
    begun = time.monotonic()
    buffer = memoryview(bytearray(_SLOW_BYTES // 10))
    while time.monotonic() - begun < (10 if quick else 60):
        for _, reader in open_:
            reader(buffer)
        seen.append(web.memory_info().rss)
        time.sleep(0.1)
    for connection, _ in open_:
        connection.close()
    third = len(seen) // 3
    print(f"\n### Memory beside {_SLOW_CLIENTS} slow clients\n")
    print("| before | first third, most | last third, most |\n|--:|--:|--:|")
    told = (before, max(seen[:third]), max(seen[-third:]))
    print("| " + " | ".join(f"{each / 1e6:.1f} MB" for each in told) + " |")


def browser(running: Site, stock: Stock, static: StaticServer | None, quick: bool) -> None:
    """Prints what a person waits for."""
    print("\n### In Chromium, milliseconds\n")
    print(
        "| file | hours | opening: first picture p50 | longest | seek p50 | p95 | wrong frames | seeks |\n"
        "|---|--:|--:|--:|--:|--:|--:|--:|"
    )
    for hours in (1, 8):
        addresses = {"ours": _ours(running, stock, hours)}
        if static:
            addresses["nginx"] = f"{static.url}/{hours}.mp4"
        for name, address in addresses.items():
            found = watched(running, address, hours, opens=3 if quick else 8, seeks=20 if quick else 60)
            _tell(name, hours, found)


def _tell(name: str, hours: int, found: Watched) -> None:
    seeks = sorted(found.seeks)
    print(
        f"| {name} | {hours} | {statistics.median(found.opens):.0f} | {max(found.opens):.0f} | "
        f"{statistics.median(seeks):.0f} | {seeks[int(len(seeks) * 0.95)]:.0f} | "
        f"{found.wrong} | {len(seeks)} |"
    )


def _ours(running: Site, stock: Stock, hours: int) -> str:
    return f"{running.url}/footage/video/{stock.camera_id}.mp4?{stock.query(hours)}"


def _web_process(running: Site) -> psutil.Process:
    port = urlsplit(running.url).port
    return next(
        process
        for process in psutil.Process(os.getpid()).children()
        if any(each.laddr.port == port for each in process.net_connections("tcp") if each.status == "LISTEN")
    )


def main() -> None:
    """Runs the parts that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parts: dict[str, Callable[[Site, Stock, StaticServer | None, bool], None]] = {
        "serving": serving,
        "slow": slow,
        "browser": browser,
    }
    parser.add_argument("part", nargs="*", choices=[*parts, []], help="none: all")
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    cast("TextIOWrapper", sys.stdout).reconfigure(line_buffering=True)
    print(
        f"{psutil.cpu_count()} cores, {platform.machine()}, load {psutil.getloadavg()[0]:.1f} before the run"
    )
    with tempfile.TemporaryDirectory() as named, site(["rtsp://127.0.0.1:9/none"]) as running:
        folder = Path(named)
        stock = lay_down(running.cameras[0], _HOURS)
        with nginx(folder, folder) as static:
            if static:
                for hours in (1, _HOURS):
                    stock.file(hours, folder / f"{hours}.mp4")
            else:
                print("nginx is not installed (Debian: nginx-light): nothing stands beside ours")
            for name in chosen.part or parts:
                parts[name](running, stock, static, chosen.quick)


if __name__ == "__main__":
    main()
