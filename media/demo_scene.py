"""A drawn room for the demo cameras: people that move, a true clock, and a clock that programs can read.

The picture of an instant depends on nothing but the room's name, the size and the instant. What moves is
painted beforehand in a few poses, so that a picture costs a few small copies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from media.demo_drawing import HEIGHT, WIDTH, Actor, Box, Brush, font, label
from media.demo_rooms import room

Plane = NDArray[np.uint8]
Rectangle = tuple[int, int, int, int]  # left, top, right, bottom in pixels, all even

CLOCK_BITS = 48
CLOCK_ROWS = 16  # pixels high, along the very bottom
_POSES = 9  # from one end of a movement to the other
_SMOOTH = 2  # painted that much larger, for smooth edges
_BLACK, _WHITE, _GREY = 16, 235, 128  # brightness of the limited range
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_LIGHT_SECONDS = 4.0
_BAND, _BAND_COLOUR = 40, "#1C1C1C"  # the ground of the lettering: the same grey as brightness and as colour
_CLOCK_BOX = (684, 10, 948, 36)
_CLOCK_SIGNS = 23  # YYYY-MM-DD HH:MM:SS.mmm


def write_clock(rows: Plane, at_ms: int) -> None:
    """Draws the milliseconds since 1970 (UTC) as 48 cells, most significant bit first, white for 1."""
    edges = np.linspace(0, rows.shape[1], CLOCK_BITS + 1).round().astype(int)
    for bit in range(CLOCK_BITS):
        white = at_ms >> (CLOCK_BITS - 1 - bit) & 1
        rows[:, edges[bit] : edges[bit + 1]] = _WHITE if white else _BLACK


def read_clock(gray_rows: NDArray[np.uint8]) -> int:
    """The milliseconds since 1970 (UTC) drawn along the bottom of a picture.

    Args:
        gray_rows: brightness (rows, width) of a whole picture at its own size, or of its last 16 rows.
    """
    height, width = gray_rows.shape
    columns = gray_rows[height - 12 : height - 4].mean(axis=0)
    cell = width / CLOCK_BITS
    value = 0
    for bit in range(CLOCK_BITS):
        inner = columns[round((bit + 0.25) * cell) : round((bit + 0.75) * cell)]
        value = value << 1 | int(inner.mean() > _GREY)
    return value


@dataclass
class _Moving:
    """A part of the room with its poses, each as three planes."""

    left: int
    top: int
    poses: list[tuple[Plane, Plane, Plane]]
    period: float  # seconds
    delay: float  # seconds
    shown: int = -1

    def move(self, picture: tuple[Plane, ...], at_ms: int) -> None:
        """Puts the pose of the instant into the picture, unless it is there already."""
        swing = math.sin(2 * math.pi * (at_ms / 1000 + self.delay) / self.period)
        pose = round((swing + 1) / 2 * (_POSES - 1))
        if pose != self.shown:
            _put(picture, self.poses[pose], self.left, self.top)
            self.shown = pose


class _Clock:
    """A running date and time: only the digits that change are written."""

    def __init__(self, luma: Plane, box: Rectangle) -> None:
        left, top, right, bottom = box
        self._width = (right - left) // (_CLOCK_SIGNS + 1)  # of a sign; half of one is left free at each end
        self._luma = luma[top:bottom, left + self._width // 2 :]
        self._glyphs = {sign: self._glyph(sign, bottom - top) for sign in "0123456789-:. "}
        self._written = ""

    def _glyph(self, sign: str, height: int) -> Plane:
        image = Image.new("L", (self._width, height), 0)
        place = (self._width / 2, height / 2)
        ImageDraw.Draw(image).text(place, sign, 255, font(round(height * 0.72)), "mm")
        cover = np.asarray(image, np.float32) / 255
        return (_BAND + (_WHITE - _BAND) * cover).round().astype(np.uint8)

    def write(self, at_ms: int) -> None:
        now = datetime.fromtimestamp(at_ms // 1000, _SHANGHAI)
        words = f"{now:%Y-%m-%d %H:%M:%S}.{at_ms % 1000:03d}"
        for place, sign in enumerate(words):
            if self._written[place : place + 1] != sign:
                self._luma[:, place * self._width : (place + 1) * self._width] = self._glyphs[sign]
        self._written = words


class Scene:
    """The room of one demo camera.

    `draw` paints over one and the same frame: use it, or copy it, before the next call.
    """

    def __init__(self, room_name: str, width: int = WIDTH, height: int = HEIGHT) -> None:
        """Width (at least 320) and height in pixels, both even."""
        self.width, self.height = width, height
        self._scale = (width / WIDTH, height / HEIGHT)
        self._frame = av.VideoFrame(width, height, "yuv420p")
        self._picture = tuple(
            np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[  # type: ignore[call-overload]  # planes are buffers
                :, : plane.width
            ]
            for plane in self._frame.planes
        )
        drawn = room(room_name)
        empty = Image.new("RGB", (width * _SMOOTH, height * _SMOOTH))
        drawn.furniture(self._brush(empty, 0, 0))
        _put(self._picture, self._with_people(empty, drawn.actors, room_name), 0, 0)
        for plane in self._picture[1:]:
            plane[-CLOCK_ROWS // 2 :] = _GREY
        self._moving = [
            self._poses(empty, drawn.actors, actor, delay=1.3 * number)
            for number, actor in enumerate(drawn.actors)
            if actor.period
        ]
        self._light = self._pixels(drawn.light)
        self._clock = _Clock(self._picture[0], self._pixels(_CLOCK_BOX))

    def draw(self, at_ms: int) -> av.VideoFrame:
        """The picture of an instant in milliseconds since 1970 (UTC)."""
        for moving in self._moving:
            moving.move(self._picture, at_ms)
        self._run_light(at_ms)
        self._clock.write(at_ms)
        write_clock(self._picture[0][-CLOCK_ROWS:], at_ms)
        return self._frame

    def _run_light(self, at_ms: int) -> None:
        left, top, right, bottom = self._light
        reach = (right - left) * 3 // 4
        there = left + round(reach * (1 - math.cos(2 * math.pi * at_ms / 1000 / _LIGHT_SECONDS)) / 2)
        self._picture[0][top:bottom, left:right] = _BAND
        self._picture[0][top:bottom, there : there + (right - left) // 4] = _WHITE

    def _with_people(
        self, empty: Image.Image, actors: list[Actor], room_name: str
    ) -> tuple[Plane, Plane, Plane]:
        whole = empty.copy()
        brush = self._brush(whole, 0, 0)
        for actor in actors:
            actor.paint(brush, 0.0)
        title = label(room_name)
        brush.box(12, 10, 24 + brush.width_of(title, 20), 36, _BAND_COLOUR)
        brush.text(18 + brush.width_of(title, 20) / 2, 23, title, 20, "#FFFFFF")
        brush.box(*_CLOCK_BOX, _BAND_COLOUR)
        return _planes(whole.reduce(_SMOOTH))

    def _poses(self, empty: Image.Image, actors: list[Actor], mover: Actor, delay: float) -> _Moving:
        left, top, right, bottom = self._pixels(mover.box)
        area = (left * _SMOOTH, top * _SMOOTH, right * _SMOOTH, bottom * _SMOOTH)
        poses = []
        for pose in range(_POSES):
            part = empty.crop(area)
            brush = self._brush(part, area[0], area[1])
            for actor in actors:
                actor.paint(brush, pose / (_POSES - 1) * 2 - 1 if actor is mover else 0.0)
            poses.append(_planes(part.reduce(_SMOOTH)))
        return _Moving(left, top, poses, mover.period or 1.0, delay)

    def _brush(self, image: Image.Image, left: int, top: int) -> Brush:
        return Brush(image, (self._scale[0] * _SMOOTH, self._scale[1] * _SMOOTH), (left, top))

    def _pixels(self, box: Box) -> Rectangle:
        """The box in even pixels, inside the picture and above the clock cells."""
        across, down = self._scale
        height, width = self._picture[0].shape
        left, right = (min(max(round(x * across / 2) * 2, 0), width) for x in (box[0], box[2]))
        top, bottom = (min(max(round(y * down / 2) * 2, 0), height - CLOCK_ROWS) for y in (box[1], box[3]))
        return left, top, right, bottom


def _put(picture: tuple[Plane, ...], part: tuple[Plane, Plane, Plane], left: int, top: int) -> None:
    for plane, pixels, share in zip(picture, part, (1, 2, 2), strict=True):
        y, x = top // share, left // share
        plane[y : y + pixels.shape[0], x : x + pixels.shape[1]] = pixels


def _planes(image: Image.Image) -> tuple[Plane, Plane, Plane]:
    """Brightness and the two colour differences (ITU-R BT.601, limited range), colour at half the size."""
    red, green, blue = np.moveaxis(np.asarray(image, np.float32), 2, 0)
    luma = 16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255
    blueness = 128 + (-37.797 * red - 74.203 * green + 112.0 * blue) / 255
    redness = 128 + (112.0 * red - 93.786 * green - 18.214 * blue) / 255
    return _bytes(luma), _bytes(_halved(blueness)), _bytes(_halved(redness))


def _halved(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    return (plane[::2, ::2] + plane[1::2, ::2] + plane[::2, 1::2] + plane[1::2, 1::2]) / np.float32(4)


def _bytes(plane: NDArray[np.float32]) -> Plane:
    return plane.round().astype(np.uint8)
