"""The recorder beside a copying peer on the same RTSP stream: CPU a camera, CPU and memory of 64 cameras.

    python -m benchmarks.footage recorder        MINGJING_BENCH_SECONDS=30 MINGJING_BENCH_CAMERAS=64

The peer is `ffmpeg -c copy -f segment` where ffmpeg is installed, one process a camera as people run it;
otherwise GStreamer's splitmuxsink in one process a camera, and it is said which. Both record at the same
time, so that whatever else the machine does slows both. What PostgreSQL takes for the rows is told too.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
from sqlalchemy import Engine, create_engine

from benchmarks.live_servers import BITS_PER_SECOND, FPS, SIZE, camera, make_clip
from data_access import alerts, cameras, embedded_postgres, schema
from data_access.engine import transaction
from domain.vocabulary import RoomType
from tests.installation import until

SECONDS = float(os.environ.get("MINGJING_BENCH_SECONDS", "30"))
MANY = int(os.environ.get("MINGJING_BENCH_CAMERAS", "64"))
PEERS = 16  # cameras that both record at the same time
SETTLE_SECONDS = 8.0


def main() -> None:
    """Prints the figures, each with what it should be."""
    with tempfile.TemporaryDirectory(prefix="mingjing-recorder-") as folder:
        home = Path(folder)
        with _database(home) as (url, engine, server), camera(make_clip(home / "clip")) as stream:
            print(
                f"stream: {SIZE[0]}x{SIZE[1]}, {FPS} pictures/s, {BITS_PER_SECOND / 1e6} Mbps, RTSP over TCP"
            )
            _beside_the_peer(home, url, engine, stream)
            _many(home, url, engine, stream, server)


def _beside_the_peer(home: Path, url: str, engine: Engine, stream: str) -> None:
    _have_cameras(engine, stream, PEERS)
    with contextlib.ExitStack() as running:
        ours = running.enter_context(_recorder(home, url, engine, PEERS))
        peers = [running.enter_context(_peer(home / f"peer{n}", stream)) for n in range(PEERS)]
        own, others = _shares([ours], peers)
    print(f"a camera: ours {own / PEERS:.2%} of a core, {_peer_name()} {others / PEERS:.2%}")
    print(f"ratio: {own / others:.2f} (at most 1.3), load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def _many(home: Path, url: str, engine: Engine, stream: str, server: int) -> None:
    _have_cameras(engine, stream, 0)
    with _recorder(home, url, engine, 0) as idle:
        before = _memory(idle)
    _have_cameras(engine, stream, MANY)
    with _recorder(home, url, engine, MANY) as ours:
        own, database = _shares([ours], [psutil.Process(server)])
        each = (_memory(ours) - before) / MANY
        threads = ours.num_threads()
    print(
        f"{MANY} cameras: {own:.0%} of a core (under 50% at 64), PostgreSQL {database:.0%}, {threads} threads"
    )
    print(f"memory: {each / 1e6:.1f} MB a camera (under 15), {before / 1e6:.0f} MB without any")


@contextlib.contextmanager
def _database(home: Path) -> Iterator[tuple[str, Engine, int]]:
    """A migrated PostgreSQL of its own: its URL, an engine, and the id of its first process."""
    server = embedded_postgres.start(home / "postgres")
    url = embedded_postgres.socket_url(home / "postgres")
    engine = create_engine(url)
    try:
        schema.migrate(engine)
        first = int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        yield url, engine, first
    finally:
        engine.dispose()
        embedded_postgres.stop(server)


def _have_cameras(engine: Engine, stream: str, count: int) -> None:
    """So many cameras are enabled, all of one stream."""
    with transaction(engine) as session:
        room = cameras.room_named(session, "测试室") or cameras.add_room(
            session, "测试室", RoomType.BID_OPENING
        )
        known = len(cameras.all_cameras(session))
        for number in range(known, count):
            cameras.add(session, room_id=room.id, name=f"{number:03}", url=stream, at=datetime.now(UTC))
        for row in cameras.all_cameras(session):
            cameras.switch(session, row.id, enabled=int(row.name) < count)


@contextlib.contextmanager
def _recorder(home: Path, url: str, engine: Engine, count: int) -> Iterator[psutil.Process]:
    environment = os.environ | {"DATABASE_URL": url, "MINGJING_HOME": str(home)}
    process = subprocess.Popen([sys.executable, "-m", "media.recorder"], env=environment)
    try:
        until(lambda: _is_up(engine) and _recording(engine) == count, 120, f"{count} cameras are recorded")
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def _is_up(engine: Engine) -> bool:
    with transaction(engine) as session:
        seen = alerts.seen_at(session, "recorder")
    return seen is not None and (datetime.now(UTC) - seen).total_seconds() < 2


def _recording(engine: Engine) -> int:
    with transaction(engine) as session:
        fresh = [row for row in cameras.statuses(session).values() if row.recording]
    return sum((datetime.now(UTC) - row.updated_at).total_seconds() < 5 for row in fresh)


def _peer_name() -> str:
    return "ffmpeg -c copy -f segment" if shutil.which("ffmpeg") else "GStreamer splitmuxsink"


@contextlib.contextmanager
def _peer(folder: Path, stream: str) -> Iterator[psutil.Process]:
    folder.mkdir()
    if shutil.which("ffmpeg"):
        source = ["-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp", "-i", stream]
        sink = ["-c", "copy", "-f", "segment", "-segment_time", "60", "-reset_timestamps", "1"]
        command = ["ffmpeg", *source, *sink, str(folder / "%03d.mp4")]
    else:
        source = ["rtspsrc", f"location={stream}", "protocols=tcp", "!", "rtph264depay", "!", "h264parse"]
        sink = ["!", "splitmuxsink", "max-size-time=60000000000", f"location={folder}/%03d.mp4"]
        command = ["gst-launch-1.0", "-q", *source, *sink]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def _shares(*groups: list[psutil.Process]) -> list[float]:
    """What each group of processes takes of a core, with all their children, over the same seconds."""
    time.sleep(SETTLE_SECONDS)
    begun, before = time.monotonic(), [_cpu_seconds(group) for group in groups]
    time.sleep(SECONDS)
    after, passed = [_cpu_seconds(group) for group in groups], time.monotonic() - begun
    return [(late - early) / passed for late, early in zip(after, before, strict=True)]


def _cpu_seconds(group: list[psutil.Process]) -> float:
    each = [one for process in group for one in (process, *process.children(recursive=True))]
    # The last two: of children that have come and gone.
    return sum(sum(one.cpu_times()[:4]) for one in each)


def _memory(process: psutil.Process) -> float:
    """Bytes that are the process's own."""
    return float(process.memory_full_info().uss)


if __name__ == "__main__":
    main()
