"""A copy of footage with who took it, when, and the package's number burnt into every picture.

For showing around: the pictures are encoded anew, so it is no original and is named so. The sound stays.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream
from PIL import Image, ImageDraw

from media.demo_drawing import font
from media.virtual_mp4 import VirtualFile

_CLOCK = Fraction(1, 90_000)
_BAND, _FAINT = 235, 90  # opacity of the line at the foot and of the words across, of 255
_OPTIONS = {"preset": "veryfast", "crf": "26", "bf": "0"}
_READ_AHEAD = 1 << 18  # bytes

Bytes = npt.NDArray[np.uint8]


class _Reader(io.RawIOBase):
    """A virtual file as an ordinary one."""

    def __init__(self, file: VirtualFile, told: Callable[[int], None]) -> None:
        self._file, self._told, self._at = file, told, 0
        self._furthest = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        piece = b"".join(self._file.read(self._at, self._at + len(buffer)))
        buffer[: len(piece)] = piece
        self._at += len(piece)
        self._told(max(self._at - self._furthest, 0))
        self._furthest = max(self._furthest, self._at)
        return len(piece)


def write_copy(
    file: VirtualFile, words: Sequence[str], out: Path, told: Callable[[int], None] = lambda _count: None
) -> None:
    """Writes the copy as an MP4 (H.264).

    Args:
        words: the lines to burn in.
        told: is told how many more bytes of the original are read.
    """
    source = io.BufferedReader(_Reader(file, told), _READ_AHEAD)
    with av.open(source, "r", format="mp4") as original, av.open(str(out), "w", format="mp4") as copy:
        assert isinstance(original, InputContainer)
        assert isinstance(copy, OutputContainer)
        for packet in _packets(original, copy, tuple(words)):
            copy.mux(packet)


def _packets(
    original: InputContainer, copy: OutputContainer, words: tuple[str, ...]
) -> Iterator[Packet[VideoStream] | Packet[AudioStream]]:
    pictures = original.streams.video[0]
    pictures.thread_count = 1
    width, height = pictures.width // 2 * 2, pictures.height // 2 * 2
    encoded = copy.add_stream("libx264", rate=pictures.average_rate or 25, options=_OPTIONS)
    encoded.width, encoded.height, encoded.pix_fmt = width, height, "yuv420p"
    encoded.codec_context.time_base = _CLOCK
    encoded.codec_context.thread_count = 1  # recording goes first
    heard = next(iter(original.streams.audio), None)
    sound = copy.add_stream_from_template(heard) if heard else None
    last = -1
    for packet in original.demux():
        if sound and packet.stream is heard and isinstance(packet, Packet):
            if packet.dts is not None and packet.dts >= 0:  # what lies before was needed to begin only
                packet.stream = sound
                yield packet  # type: ignore[misc]
            continue
        for frame in packet.decode():
            if not isinstance(frame, av.VideoFrame) or frame.time is None or frame.time < 0:
                continue
            planes = np.asarray(frame.reformat(width, height, "yuv420p").to_ndarray(), np.uint8)
            _burn(planes[:height], words)
            marked = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            last = marked.pts = max(round(frame.time / _CLOCK), last + 1)
            marked.time_base = _CLOCK
            yield from encoded.encode(marked)
    yield from encoded.encode(None)


def _burn(luma: Bytes, words: tuple[str, ...]) -> None:
    """Draws the words into the brightness of a picture [height, width]."""
    light, opacity = _stamp(luma.shape[1], luma.shape[0], words)
    mixed = luma.astype(np.uint16) * (255 - opacity) + light
    luma[:] = (mixed // 255).astype(np.uint8)


@lru_cache(maxsize=2)
def _stamp(
    width: int, height: int, words: tuple[str, ...]
) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint16]]:
    """The words' brightness times opacity, and their opacity, for a picture of that size: [height, width]."""
    image = Image.new("LA", (width, height), (0, 0))
    size = max(height // 24, 11)
    _write_across(image, words[0], size * 2)
    _write_at_foot(image, words, size)
    layers = np.asarray(image).astype(np.uint16)
    return layers[..., 0] * layers[..., 1], layers[..., 1]


def _write_across(image: Image.Image, words: str, size: int) -> None:
    """Faint and slanting, three times over the height, so that no part can be shown without it."""
    line = Image.new("LA", (image.width, size * 2), (0, 0))
    pen, letters = ImageDraw.Draw(line), font(size)
    left = (image.width - pen.textlength(words, letters)) / 2
    pen.text((left, size // 4), words, (255, _FAINT), letters, stroke_width=1, stroke_fill=(0, _FAINT))
    slanting = line.rotate(12, expand=True)
    for part in (1, 2, 3):
        top = image.height * part // 4 - slanting.height // 2
        image.alpha_composite(slanting.crop((0, 0, image.width, slanting.height)), (0, max(top, 0)))


def _write_at_foot(image: Image.Image, words: Sequence[str], size: int) -> None:
    pen, letters = ImageDraw.Draw(image), font(size)
    lines, row = [" ".join(words)], size * 3 // 2
    if pen.textlength(lines[0], letters) > image.width - size:
        lines = list(words)
    top = image.height - row * len(lines)
    pen.rectangle((0, top, image.width, image.height), (16, _BAND))
    for number, line in enumerate(lines):
        pen.text((size // 2, top + number * row + size // 8), line, (235, _BAND), letters)
