"""One picture of a camera, for whoever installs it."""

from __future__ import annotations

import time
from io import BytesIO

import av

from media.camera import PROBE_SECONDS, CameraUnreachable, camera_errors, open_stream, recordable_video

WIDTH = 640  # pixels


def still(url: str) -> bytes:
    """The stream's next whole picture as JPEG, `WIDTH` pixels wide at most.

    Raises:
        CameraUnreachable: nothing could be opened, or no picture can be decoded.
        CameraUnusable: no video, or a codec that cannot be recorded.
    """
    deadline = time.monotonic() + PROBE_SECONDS
    with open_stream(url) as container, camera_errors(url):
        video = recordable_video(container, url)
        for packet in container.demux(video):
            for frame in packet.decode():
                return _jpeg(frame)
            if time.monotonic() > deadline:
                break
    raise CameraUnreachable(
        url, "收到的图像无法解码，请检查设备", "no picture can be decoded; check the device"
    )


def _jpeg(frame: av.VideoFrame) -> bytes:
    width = min(WIDTH, frame.width)
    height = round(frame.height * width / frame.width)
    encoded = BytesIO()
    image = frame.reformat(width=width, height=height).to_image()  # type: ignore[no-untyped-call]
    image.save(encoded, "JPEG", quality=80)
    return encoded.getvalue()
