"""Painting and lettering for the demo rooms, with Pillow.

Everything is given in units of a picture 960 wide and 540 high; a `Brush` brings it to pixels.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 960, 540
Box = tuple[float, float, float, float]  # left, top, right, bottom
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_FONT_FILES = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/usr/share/fonts/truetype/arphic/uming.ttc",
)
_ENGLISH = {
    "开标一室": "Bid opening room 1",
    "开标二室": "Bid opening room 2",
    "评标室": "Evaluation room",
    "土地拍卖厅": "Land auction hall",
    "开标一室-主席台": "Bid opening room 1: desk",
}


class Brush:
    """Paints in units onto an image that may be a part of the whole picture."""

    def __init__(self, image: Image.Image, scale: tuple[float, float], corner: tuple[int, int]) -> None:
        """Scale in pixels a unit (across, down); `corner` is the image's in the whole, in pixels."""
        self._draw = ImageDraw.Draw(image)
        self._scale = scale
        self._corner = corner

    def _at(self, *units: float) -> list[float]:
        return [unit * self._scale[i % 2] - self._corner[i % 2] for i, unit in enumerate(units)]

    def box(
        self, left: float, top: float, right: float, bottom: float, colour: str, *, radius: float = 0
    ) -> None:
        self._draw.rounded_rectangle(self._at(left, top, right, bottom), radius * self._scale[0], fill=colour)

    def shape(self, colour: str, *corners: float) -> None:
        self._draw.polygon(self._at(*corners), fill=colour)

    def oval(self, x: float, y: float, across: float, down: float, colour: str) -> None:
        """An ellipse around a middle, by its half axes."""
        self._draw.ellipse(self._at(x - across, y - down, x + across, y + down), fill=colour)

    def line(self, colour: str, width: float, *points: float) -> None:
        self._draw.line(
            self._at(*points), fill=colour, width=max(1, round(width * self._scale[0])), joint="curve"
        )

    def text(self, x: float, y: float, words: str, size: float, colour: str) -> None:
        """Words around a middle."""
        x, y = self._at(x, y)
        self._draw.text((x, y), words, colour, font(round(size * self._scale[1])), "mm")

    def width_of(self, words: str, size: float) -> float:
        return self._draw.textlength(words, font(round(size * self._scale[1]))) / self._scale[0]


@dataclass(frozen=True)
class Actor:
    """Someone or something in the room that `paint(brush, swing)` draws inside a box, swing from -1 to 1."""

    box: Box
    period: float | None  # seconds for there and back; None: stands still
    paint: Callable[[Brush, float], None]


def label(room_name: str) -> str:
    """The room's name as the system's fonts can write it."""
    if _chinese_font() is not None or room_name.isascii():
        return room_name
    return _ENGLISH.get(room_name, "Camera")


def words(chinese: str, english: str) -> str:
    """The wording that the system's fonts can write."""
    return english if _chinese_font() is None else chinese


@lru_cache(maxsize=32)
def font(size: int) -> Font:
    """The system's Chinese font at a size in pixels, else Pillow's own, which has no Chinese."""
    file = _chinese_font()
    return ImageFont.load_default(size) if file is None else ImageFont.truetype(file, size, _simplified(file))


@lru_cache(maxsize=1)
def _chinese_font() -> str | None:
    found = next((file for file in _FONT_FILES if Path(file).is_file()), None)
    return found or _fontconfig_choice()


def _fontconfig_choice() -> str | None:
    try:
        answer = subprocess.run(
            ["fc-list", ":lang=zh-cn", "--format", "%{file}\n"],
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return next((file for file in sorted(answer.stdout.splitlines()) if Path(file).is_file()), None)


def _simplified(file: str) -> int:
    """The face of a collection with mainland forms; the first one when none says so."""
    for index in range(10 if file.endswith(".ttc") else 0):
        try:
            if str(ImageFont.truetype(file, 12, index).getname()[0]).endswith(" SC"):
                return index
        except OSError:
            break
    return 0
