"""An RTSP camera that costs next to nothing: it sends encoded pictures from a file, round and round.

Run by Debian's Python, which has GStreamer, in the project's folder:

    /usr/bin/python3 -m benchmarks.rtsp_clip FILE --port 8554 --fps 20

The file is made by `benchmarks.live_servers.make_clip`: each picture after its length in four bytes.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from tests.media.rtsp_server import serve

_PIPELINE = (
    "( appsrc name=pictures is-live=true format=time "
    "caps=video/x-h264,stream-format=byte-stream,alignment=au ! queue ! h264parse "
    "! rtph264pay name=pay0 pt=96 config-interval=-1 )"
)


def _pictures(file: Path) -> list[bytes]:
    data, place, found = file.read_bytes(), 0, []
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        found.append(data[place + 4 : place + 4 + length])
        place += 4 + length
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--fps", type=int, required=True)
    chosen = parser.parse_args()
    pictures = _pictures(chosen.file)

    first = 0

    def made(number: int) -> bytes:
        nonlocal first
        if number == 0:  # a camera does not begin anew for who comes: the next key frame is somewhere ahead
            first = int(time.monotonic() * 1000)
        return pictures[(first + number) % len(pictures)]

    serve(chosen.port, chosen.fps, _PIPELINE, {"pictures": made})


if __name__ == "__main__":
    main()
