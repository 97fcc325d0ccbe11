"""Hours of footage to measure with, made from one minute, and the same bytes as a static file from nginx.

Each segment is the same file under another name, so that eight hours need no more room than a minute. The
clock that is drawn into a picture tells the millisecond of its minute.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil

from data_access import footage
from data_access.engine import transaction
from data_access.footage import Segment
from data_access.settings import settings
from media.demo_scene import write_clock
from media.fragmented_mp4 import scan
from media.virtual_mp4 import build
from tests.installation import free_ports, until
from tests.media.made_footage import FRAGMENTS, publish

WIDTH, HEIGHT, FPS, GOP = 1280, 720, 20, 40
BITS_PER_SECOND = 1_500_000
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Stock:
    """Footage of a camera without a gap."""

    camera_id: int
    start: datetime
    hours: int

    def query(self, hours: float) -> str:
        """Of a link to its first hours."""
        start, end = (
            at.isoformat().replace("+00:00", "Z") for at in (self.start, self.start + timedelta(hours=hours))
        )
        return f"from={start}&to={end}"

    def file(self, hours: float, path: Path) -> Path:
        """Writes the first hours as the file that the player would get."""
        with transaction() as session:
            end = self.start + timedelta(hours=hours)
            segments = footage.segments_between(session, self.camera_id, self.start, end)
        with path.open("wb") as out:
            out.writelines(build(segments, self.start, end, settings().footage_folder).read())
        return path


def lay_down(camera_id: int, hours: int) -> Stock:
    """Footage of the hours before midnight two days ago."""
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
    stock = Stock(camera_id, day - timedelta(hours=hours), hours)
    folder = settings().footage_folder
    first = folder / str(camera_id) / "0.mp4"
    first.parent.mkdir(parents=True, exist_ok=True)
    _make_minute(first)
    index, sha256 = scan(first).index().pack(), hashlib.sha256(first.read_bytes()).digest()
    segments = []
    for number in range(hours * 60):
        file = first.with_name(f"{number}.mp4")
        if number:
            os.link(first, file)
        at = stock.start + number * MINUTE
        path, size = str(file.relative_to(folder)), first.stat().st_size
        segments.append(Segment(camera_id, at, at + MINUTE, 0, path, size, sha256, bytes(32), index))
    for at in {segment.started_at.date(): segment.started_at for segment in segments}.values():
        with transaction() as session:
            footage.make_days(session, at)
    with transaction() as session:
        publish(session, segments)
    return stock


def _make_minute(file: Path) -> None:
    chance = np.random.default_rng(1)
    noise = chance.integers(60, 190, (HEIGHT // 8, WIDTH // 8), np.uint8).repeat(8, 0).repeat(8, 1)
    with av.open(str(file), "w", format="mp4", options=FRAGMENTS) as out:
        rate = f"{BITS_PER_SECOND // 1000}k"
        options = {"preset": "ultrafast", "bf": "0", "b": rate, "maxrate": rate, "bufsize": rate}
        video = out.add_stream("libx264", rate=FPS, options=options)
        video.width, video.height, video.pix_fmt, video.gop_size = WIDTH, HEIGHT, "yuv420p", GOP
        video.bit_rate, video.time_base = BITS_PER_SECOND, Fraction(1, 90_000)
        for number in range(60 * FPS):
            planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
            planes[:HEIGHT] = np.roll(noise, number * 3, 1)
            planes[:HEIGHT:3] += chance.integers(0, 24, (HEIGHT // 3, WIDTH), np.uint8)
            write_clock(planes[HEIGHT - 16 : HEIGHT], number * 1000 // FPS)
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = number * 90_000 // FPS, Fraction(1, 90_000)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))


@dataclass(frozen=True)
class StaticServer:
    """nginx on a folder."""

    url: str
    process: psutil.Process

    def cpu(self) -> float:
        """Seconds of CPU of all its processes so far."""
        return sum(sum(one.cpu_times()[:2]) for one in [self.process, *self.process.children()])


_CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log; {user}
events {{ worker_connections 256; }}
http {{
  sendfile on; tcp_nopush on; access_log off; types {{ video/mp4 mp4; text/html html; }}
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


@contextlib.contextmanager
def nginx(folder: Path, root: Path) -> Iterator[StaticServer | None]:
    """nginx with Debian's settings for files; None where it is not installed."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        yield None
        return
    (port,) = free_ports(1)
    user = "user root;" if os.geteuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(_CONFIGURATION.format(folder=folder, root=root, port=port, user=user))
    process = subprocess.Popen([program, "-c", str(configuration), "-p", str(folder)])
    try:
        until(lambda: _answers(port), 10, "nginx answers")
        yield StaticServer(f"http://127.0.0.1:{port}", psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0
