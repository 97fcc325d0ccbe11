"""The benchmark of live monitoring: prints the tables of docs/benchmarks.md, ratios from one run.

    python -m benchmarks.live [--quick] [--minutes 30] [cpu] [busy] [browser] [churn]

cpu      what a viewer costs the gateway, beside aiortc's default way and, where installed, Janus (C)
busy     gaps between pictures at 40 viewers while five sessions rerun heavy pages
browser  from the click to the first picture, and the age of pictures, in Chromium
churn    200 viewers that come and go: what is left, and memory

The viewers run in a process of their own and are cheap; a server's CPU time is its process's own.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import cast

import psutil

from benchmarks import live_servers
from benchmarks.live_browser import ages, browser_on, first_pictures, p50
from benchmarks.live_churn import churn
from benchmarks.live_servers import BITS_PER_SECOND, camera, make_clip, server
from benchmarks.live_sessions import rerunning
from benchmarks.live_site import site
from benchmarks.live_viewers import Watched, watch
from tests.media import janus
from tests.media.rtsp_server import rtsp_camera

_SUB = "/whep/1?stream=sub"
_JANUS_PAYLOAD_TYPE = 101  # what the raw viewers offer
_LEVEL_AFTER = 400  # viewers that came and went


def cpu(clip: Path, quick: bool) -> None:
    """Prints what viewers cost."""
    seconds, counts = (4.0, (1, 32)) if quick else (8.0, (1, 8, 32, 64))
    with camera(clip) as url:
        with server("gateway", url) as (address, process):
            ours = [watch(process, seconds, count, address, _SUB) for count in counts]
        with server("default", url) as (address, process):
            default = [watch(process, seconds, count, address, "/whep/1") for count in (1, 2)]
        theirs = _janus(url, seconds, counts)
    print(f"\n### CPU for a viewer of {BITS_PER_SECOND / 1e6} Mbps\n")
    print(
        "| server | viewers | CPU, % of a core | a viewer, % of a core | p99 gap, ms |\n|---|--:|--:|--:|--:|"
    )
    for name, rows in (("gateway", ours), ("aiortc's default way", default), ("Janus (C)", theirs)):
        for row in rows:
            print(
                f"| {name} | {row.count} | {100 * row.cpu:.1f} | {row.per_viewer:.2f} | {row.p99_gap:.0f} |"
            )
    at_32 = next(row for row in ours if row.count == 32)
    ratio = default[0].per_viewer / at_32.per_viewer
    print(f"\nAt 32 viewers one costs {ratio:.0f} times less than the default way's{_beside(at_32, theirs)}.")


def _janus(url: str, seconds: float, counts: tuple[int, ...]) -> list[Watched]:
    reason = janus.missing()
    if reason:
        print(f"Janus is left out: {reason}")
        return []
    with tempfile.TemporaryDirectory() as folder:
        try:
            janus.install_glue(Path(folder))
        except subprocess.CalledProcessError:
            print(f"Janus is left out: npm cannot have {janus.GLUE}")
            return []
        with janus.running_janus(Path(folder), {1: url}, _JANUS_PAYLOAD_TYPE) as running:
            process = psutil.Process(running.process.pid)
            address, _, path = running.address.format(camera=1).partition("/whep")
            return [watch(process, seconds, count, address, "/whep" + path) for count in counts]


def _beside(at_32: Watched, theirs: list[Watched]) -> str:
    same = next((row for row in theirs if row.count == 32), None)
    return f", and {at_32.per_viewer / same.per_viewer:.1f} times one of Janus" if same else ""


def busy(clip: Path, quick: bool) -> None:
    """Prints how evenly pictures come while the web process is busy."""
    with camera(clip) as url, site([url]) as running:
        path = f"/whep/{running.cameras[0]}?stream=sub"
        arguments = (running.gateway, 8.0 if quick else 20.0, 40, running.gateway_url, path)
        alone = watch(*arguments)
        with rerunning(running.url, running.cookie, 5) as runs:
            beside = watch(*arguments)
    print("\n### Gaps between pictures at 40 viewers\n")
    print("| web process | p99 gap, ms | longest, ms | gateway CPU, % of a core |\n|---|--:|--:|--:|")
    for name, row in (("idle", alone), ("five sessions rerun heavy pages", beside)):
        print(f"| {name} | {row.p99_gap:.0f} | {1000 * row.gaps[-1]:.0f} | {100 * row.cpu:.0f} |")
    print(
        f"\nA picture is due every {1000 / live_servers.FPS:.0f} ms. The sessions ran {len(runs)} times, "
        f"{p50(runs):.1f} s each."
    )


def browser(clip: Path, quick: bool) -> None:
    """Prints what a person sees."""
    with contextlib.ExitStack() as stack:
        urls = [stack.enter_context(camera(clip)) for _ in range(4)]
        with_clock = stack.enter_context(rtsp_camera(width=1280, height=720, gop=50, config_interval=-1))
        running = stack.enter_context(site([*urls, with_clock]))
        page = stack.enter_context(browser_on(running))
        first = first_pictures(page, running, times=2 if quick else 5)
        found = sorted(ages(page, running.cameras[4], pictures=100 if quick else 400))
    print("\n### From the click to the first picture, in Chromium\n")
    print("| | p50, ms | longest, ms | times |\n|---|--:|--:|--:|")
    for name, values in (
        ("one tile, warm: somebody watches the camera", first.warm),
        ("one tile, cold: a key frame every 2 s", first.cold),
        ("four tiles, warm, until the last", first.four_warm),
        ("four tiles, cold, until the last", first.four_cold),
    ):
        print(f"| {name} | {p50(values):.0f} | {max(values):.0f} | {len(values)} |")
    print("\n### Age of a picture when it is shown, by the clock drawn into it\n")
    print("| p50, ms | p95, ms | pictures |\n|--:|--:|--:|")
    print(f"| {p50(found):.0f} | {found[int(len(found) * 0.95)]:.0f} | {len(found)} |")
    print("\nFrom drawing to presentation: encoding, RTSP and one frame (40 ms) that FFmpeg holds are in it.")


def churned(clip: Path, quick: bool, minutes: float = 1.5) -> None:
    """Prints what is left of viewers."""
    with camera(clip) as url, server("gateway", url) as (address, process):
        done = asyncio.run(churn(process, address, _SUB, 200, seconds=0 if quick else 60 * minutes))
    print(f"\n### {done.count} viewers come and go in {done.seconds:.0f} s, every fourth without goodbye\n")
    print("| | connections | pulls | tasks | threads | file descriptors |\n|---|--:|--:|--:|--:|--:|")
    for name, held in (("before", done.before), (f"{done.gone_within:.0f} s after the last", done.after)):
        print(
            f"| {name} | {held.viewers} | {held.pulls} | {held.tasks} | {held.threads} | {held.descriptors} |"
        )
    half = next(sample for sample in done.megabytes if sample[0] >= done.count / 2)
    last = done.megabytes[-1]
    print(f"\nMemory: {_megabytes(done.megabytes[0])}, {_megabytes(half)}, {_megabytes(last)}", end="")
    if half[0] > _LEVEL_AFTER:
        print(
            f": {100 * (last[1] - half[1]) / (last[0] - half[0]):+.2f} MB for 100 viewers in the second half"
        )
    else:
        print("; it is level after about 300 only: vanished viewers stay for up to 26 s")


def _megabytes(sample: tuple[int, float]) -> str:
    return f"{sample[1]:.1f} MB after {sample[0]} viewers"


def main() -> None:
    parser = argparse.ArgumentParser(description="Live monitoring, measured")
    parser.add_argument("part", nargs="*", choices=["cpu", "busy", "browser", "churn", []], help="none: all")
    parser.add_argument("--quick", action="store_true", help="about three minutes instead of ten")
    parser.add_argument("--minutes", type=float, default=1.5, help="how long viewers come and go")
    chosen = parser.parse_args()
    parts: dict[str, Callable[[Path, bool], None]] = {
        "cpu": cpu,
        "busy": busy,
        "browser": browser,
        "churn": functools.partial(churned, minutes=chosen.minutes),
    }
    cast("TextIOWrapper", sys.stdout).reconfigure(line_buffering=True)  # a table is seen when it is done
    load = psutil.getloadavg()[0]
    print(f"{psutil.cpu_count()} cores, {platform.machine()}, load {load:.1f} before the run")
    with tempfile.TemporaryDirectory() as folder:
        clip = make_clip(Path(folder) / "clip")
        for name in chosen.part or parts:
            parts[name](clip, chosen.quick)


if __name__ == "__main__":
    main()
