"""A real RTSP camera for tests: GStreamer's RTSP server, run by Debian's Python in a process of its own.

The picture is grey with a moving bar and the clock strip of `media.demo_scene`: 48 cells along the bottom,
the milliseconds since the Unix epoch at which the picture was made. The sound is a tone.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import socket
import subprocess
import time
from array import array
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

STRIP_CELLS, STRIP_HEIGHT = 48, 16
_VIDEO = {
    "h264": "x264enc speed-preset=ultrafast tune={tune} key-int-max={gop} bframes={b_frames} b-adapt=false "
    "bitrate=600 option-string={options} ! video/x-h264,profile={profile} ! rtph264pay name=pay0 pt=96 "
    "config-interval={config_interval}",
    "h265": "x265enc speed-preset=ultrafast tune=zerolatency key-int-max={gop} bitrate=600 "
    "! rtph265pay name=pay0 pt=96",
}
SAMPLE_RATE = 48000
_SOUND = (
    "appsrc name=sound is-live=true format=time "
    f"caps=audio/x-raw,format=S16LE,layout=interleaved,rate={SAMPLE_RATE},channels=1 "
    "! queue ! audioconvert ! audioresample"
)
_AUDIO = {
    "none": "",
    "aac": f"{_SOUND} ! avenc_aac ! rtpmp4gpay name=pay1 pt=97",
    "g711": f"{_SOUND} ! audio/x-raw,rate=8000 ! alawenc ! rtppcmapay name=pay1",
    "g711u": f"{_SOUND} ! audio/x-raw,rate=8000 ! mulawenc ! rtppcmupay name=pay1",
    "opus": f"{_SOUND} ! opusenc ! rtpopuspay name=pay1 pt=97",
}


def free_port() -> int:
    """A TCP port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def rtsp_camera(port: int | None = None, **options: object) -> Iterator[str]:
    """A camera at the URL given; the options are those of the command line, for example `gop=50`."""
    port = port or free_port()
    process = start(port, **options)
    try:
        yield f"rtsp://127.0.0.1:{port}/camera"
    finally:
        process.kill()
        process.wait()


def start(port: int, **options: object) -> subprocess.Popen[bytes]:
    """The camera's process, once it listens; killing it is pulling the camera's plug."""
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    process = subprocess.Popen(
        ["/usr/bin/python3", str(Path(__file__).resolve()), f"--port={port}", *arguments]
    )
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return process
        time.sleep(0.05)
    process.kill()
    raise RuntimeError("the RTSP server does not come up")


def picture(at_ms: int, number: int, width: int, height: int) -> bytes:
    """A yuv420p picture: the strip says `at_ms`, the bar moves with `number`."""
    edges = [width * cell // STRIP_CELLS for cell in range(STRIP_CELLS + 1)]
    strip = b"".join(
        (b"\xeb" if at_ms >> (STRIP_CELLS - 1 - cell) & 1 else b"\x10") * (edges[cell + 1] - edges[cell])
        for cell in range(STRIP_CELLS)
    )
    bar = 8 * number % (width - 16)
    row = b"\x60" * bar + b"\xc0" * 16 + b"\x60" * (width - 16 - bar)
    return row * (height - STRIP_HEIGHT) + strip * STRIP_HEIGHT + b"\x80" * (width * height // 2)


def tone(number: int, fps: int) -> bytes:
    """The 440 Hz that sound during picture `number`: 16-bit little-endian mono."""
    samples = range(SAMPLE_RATE * number // fps, SAMPLE_RATE * (number + 1) // fps)
    wave = array("h", (int(8000 * math.sin(math.tau * 440 * sample / SAMPLE_RATE)) for sample in samples))
    return wave.tobytes()


def _pipeline(chosen: argparse.Namespace) -> str:
    video = _VIDEO[chosen.codec].format(
        tune="0" if chosen.b_frames else "zerolatency",
        gop=chosen.gop,
        b_frames=chosen.b_frames,
        profile="main" if chosen.b_frames else "baseline",
        options=f"rc-lookahead=0:sync-lookahead=0:slices={chosen.slices}",
        config_interval=chosen.config_interval,
    )
    source = (
        "appsrc name=pictures is-live=true format=time caps=video/x-raw,format=I420,"
        f"width={chosen.width},height={chosen.height},framerate={chosen.fps}/1 ! queue"
    )
    return f"( {source} ! {video} {_AUDIO[chosen.audio]} )"


def serve(port: int, fps: int, pipeline: str, made: Mapping[str, Callable[[int], bytes]]) -> None:
    """Serves `pipeline` for ever; its appsrc of each name is fed what is made for picture 0, 1, 2 ..."""
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer

    Gst.init(None)

    def feed(_factory: Any, media: Any) -> None:
        """Pushes a picture every 1/fps s until the last viewer has left."""
        found = {name: media.get_element().get_by_name_recurse_up(name) for name in made}
        sources = {name: source for name, source in found.items() if source}
        begun, count, watched = time.time(), 0, True

        def push() -> bool:
            nonlocal count
            while begun + count / fps <= time.time():
                for name, source in sources.items():
                    buffer = Gst.Buffer.new_wrapped(made[name](count))
                    buffer.pts = Gst.SECOND * count // fps
                    buffer.duration = Gst.SECOND // fps
                    source.emit("push-buffer", buffer)
                count += 1
            return watched

        def stop(_media: Any) -> None:
            nonlocal watched
            watched = False

        media.connect("unprepared", stop)
        GLib.timeout_add(5, push)

    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(pipeline)
    factory.set_shared(True)
    factory.connect("media-configure", feed)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(port))
    server.get_mount_points().add_factory("/camera", factory)
    server.attach(None)
    GLib.MainLoop().run()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--codec", choices=_VIDEO, default="h264")
    parser.add_argument("--audio", choices=_AUDIO, default="aac")
    parser.add_argument("--width", type=int, default=480)
    parser.add_argument("--height", type=int, default=272)
    parser.add_argument("--fps", type=int, default=25)
    parser.add_argument("--gop", type=int, default=25, help="pictures")
    parser.add_argument("--b-frames", type=int, default=0)
    parser.add_argument("--slices", type=int, default=1, help="a picture")
    parser.add_argument("--config-interval", type=int, default=0, help="-1: parameter sets at each key frame")
    chosen = parser.parse_args()
    made = {
        "pictures": lambda number: picture(int(time.time() * 1000), number, chosen.width, chosen.height),
        "sound": lambda number: tone(number, chosen.fps),
    }
    serve(chosen.port, chosen.fps, _pipeline(chosen), made)


if __name__ == "__main__":
    main()
