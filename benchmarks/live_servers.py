"""The processes that are measured: our gateway, aiortc's default way, and the camera before them.

python -m benchmarks.live_servers gateway|default PORT URL ...      camera 1 is at the first URL, and so on
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil
from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer, MediaRelay

from media.gateway import Gateway
from media.viewer_token import made
from tests.installation import ROOT, free_ports, until
from tests.media.watching import camera_at

KEY = "key of the benchmark"
_RATE = {"maxrate": "1500k", "bufsize": "1500k"}
SIZE, FPS, BITS_PER_SECOND, CLIP_SECONDS = (1280, 720), 20, 1_500_000, 10


def make_clip(file: Path) -> Path:
    """Ten seconds of H.264 of a camera's size and rate, a key frame every two seconds."""
    with av.open(str(file), "w", format="null") as out:
        options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "threads": "1"}
        video = out.add_stream("libx264", rate=FPS, options=options | _RATE)
        video.width, video.height, video.pix_fmt, video.gop_size = *SIZE, "yuv420p", 2 * FPS
        video.bit_rate, video.time_base = BITS_PER_SECOND, Fraction(1, FPS)
        pictures = _drawn(FPS * CLIP_SECONDS)
        packets = [packet for frame in pictures for packet in video.encode(frame)] + video.encode(None)
    file.write_bytes(b"".join(len(bytes(packet)).to_bytes(4, "big") + bytes(packet) for packet in packets))
    return file


def _drawn(count: int) -> Iterator[av.VideoFrame]:
    """A still scene with some noise and a few things that move, as a room has."""
    width, height = SIZE
    chance = np.random.default_rng(1)
    scene = chance.integers(40, 200, (height // 8, width // 8), np.uint8).repeat(8, 0).repeat(8, 1)
    for number in range(count):
        picture = scene.copy()
        picture[200:360, (at := number * 6 % (width - 160)) : at + 160] = 235
        picture[::4, ::4] += chance.integers(0, 12, picture[::4, ::4].shape, np.uint8)
        planes = np.full((height * 3 // 2, width), 128, np.uint8)
        planes[:height] = picture
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        yield frame


@contextlib.contextmanager
def camera(clip: Path) -> Iterator[str]:
    """The RTSP address of a camera that plays the clip."""
    (port,) = free_ports(1)
    with _process(
        ["/usr/bin/python3", "-m", "benchmarks.rtsp_clip", str(clip), f"--port={port}", f"--fps={FPS}"], port
    ):
        yield f"rtsp://127.0.0.1:{port}/camera"


@contextlib.contextmanager
def server(kind: str, *urls: str) -> Iterator[tuple[str, psutil.Process]]:
    """The address and the process of a `gateway` or of the `default` way."""
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "benchmarks.live_servers", kind, str(port), *urls]
    with _process(command, port) as process:
        yield f"http://127.0.0.1:{port}", psutil.Process(process.pid)


@contextlib.contextmanager
def _process(command: list[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        until(lambda: _listens(port), 30, f"{command} listens")
        yield process
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def passes(method: str, path: str) -> dict[str, str]:
    """What the gateway wants to be shown."""
    return {"Authorization": f"Bearer {made(KEY, method, path, 'benchmark')}"}


def cpu_seconds(process: psutil.Process) -> float:
    """What the process has used so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


class DefaultWay:
    """What one writes with aiortc at first: its player decodes, its relay hands out, each sender encodes."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._player: MediaPlayer | None = None
        self._relay = MediaRelay()
        self._connections: set[RTCPeerConnection] = set()

    def app(self) -> web.Application:
        made_app = web.Application()
        made_app.router.add_post(r"/whep/{camera:\d+}", self._watch)
        return made_app

    async def _watch(self, request: web.Request) -> web.Response:
        if self._player is None:
            self._player = MediaPlayer(self._url, options={"rtsp_transport": "tcp"})
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connections.add(connection)
        assert self._player.video is not None
        sender = connection.addTransceiver(self._relay.subscribe(self._player.video), direction="sendonly")
        known = RTCRtpSender.getCapabilities("video").codecs
        sender.setCodecPreferences([codec for codec in known if codec.mimeType.lower() == "video/h264"])
        await connection.setRemoteDescription(RTCSessionDescription(await request.text(), "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        headers = {"Location": f"{request.path}/{len(self._connections)}"}
        sdp = connection.localDescription.sdp
        return web.Response(status=201, text=sdp, content_type="application/sdp", headers=headers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["gateway", "default"])
    parser.add_argument("port", type=int)
    parser.add_argument("url", nargs="+")
    chosen = parser.parse_args()
    if chosen.kind == "gateway":
        cameras = [replace(camera_at(url), id=number) for number, url in enumerate(chosen.url, 1)]
        app = Gateway(KEY, lambda: cameras).app()
    else:
        app = DefaultWay(chosen.url[0]).app()
    web.run_app(app, host="127.0.0.1", port=chosen.port, access_log=None, print=None, shutdown_timeout=1)


if __name__ == "__main__":
    main()
