"""What the demo rooms look like: furniture, people and lettering, painted with Pillow.

Everything is given in units of a picture 960 wide and 540 high; a `Brush` brings it to pixels.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
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
}
_SHIRTS = ("#3E5C76", "#6B4E57", "#4F6D5A", "#75674C", "#55506E", "#7A5A45", "#46646B", "#5D5D66")
_SKIN, _HAIR = "#D9B08C", "#2B2523"
_DESK, _DESK_EDGE, _DESK_FRONT = "#8A6A4B", "#A5825F", "#6B5039"


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


@dataclass(frozen=True)
class Room:
    """An empty room, who is in it from the back to the front, and where a light runs to and fro."""

    furniture: Callable[[Brush], None]
    actors: list[Actor]
    light: Box


def room(name: str) -> Room:
    """The room of that name; the name tells what happens there."""
    words = label(name)
    if "评标" in name:
        return _evaluation(words)
    if "拍卖" in name:
        return _auction(words)
    return _opening(words, mirrored="二" in name)


def label(room_name: str) -> str:
    """The room's name as the system's fonts can write it."""
    if _chinese_font() is not None or room_name.isascii():
        return room_name
    return _ENGLISH.get(room_name, "Camera")


def _words(chinese: str, english: str) -> str:
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


# Rooms


def _opening(words: str, *, mirrored: bool) -> Room:
    def furniture(brush: Brush) -> None:
        _shell(brush, wall="#D9D5CA" if mirrored else "#DCD8D0", floor="#5B6675" if mirrored else "#66707C")
        _screen(brush, (330, 92, 630, 206), words, _words("开标会议", "Bid opening"))
        _slogan(brush, _words("公开  公平  公正  诚信", "Open  Fair  Just  Honest"))
        _window(brush, 700 if not mirrored else 176)
        _plant(brush, 170 if not mirrored else 790, 306)
        _seat_rows(brush)

    host = [
        _sitter(x, 290, 44, _SHIRTS[i + 2 * mirrored], 7 + 1.7 * i) for i, x in enumerate((390, 480, 570))
    ]
    table = Actor((330, 282, 630, 340), None, lambda brush, _: _desk(brush, (340, 286, 620, 300), 326))
    podium = 250 if not mirrored else 710
    speaker = _stander(podium, 300, 52, _SHIRTS[6 - mirrored], 5.3)
    seats = [(210, 398, 60), (350, 398, 60), (610, 398, 60), (750, 398, 60)]
    seats += [(150, 486, 78), (330, 486, 78), (630, 486, 78), (810, 486, 78)]
    taken = [seat for i, seat in enumerate(seats) if i not in ({1, 6} if mirrored else {3, 4})]
    guests = [_guest(x, y, size, _SHIRTS[i % 8], 6 + 1.3 * i) for i, (x, y, size) in enumerate(taken)]
    return Room(furniture, [*host, table, speaker, *guests], (342, 196, 618, 199))


def _seat_rows(brush: Brush) -> None:
    for y, left, right in ((392, 140, 440), (392, 520, 820), (478, 60, 450), (478, 510, 900)):
        _desk(brush, (left, y - 14, right, y), y + 22)


def _evaluation(words: str) -> Room:
    def furniture(brush: Brush) -> None:
        _shell(brush, wall="#CFD6D6", floor="#6A675F")
        _screen(brush, (370, 92, 590, 186), words, _words("独立评审  禁止交谈", "Independent evaluation"))
        _slogan(brush, _words("客观  公正  审慎", "Objective  Just  Careful"))
        _cabinets(brush, 160)
        _cabinets(brush, 700)
        _plant(brush, 640, 306)

    places = [(250, 318, 52), (380, 300, 50), (480, 296, 50), (580, 300, 50), (710, 318, 52)]
    experts = [_sitter(x, y, size, _SHIRTS[i + 1], 6 + 1.9 * i) for i, (x, y, size) in enumerate(places)]
    table = Actor((130, 300, 830, 470), None, lambda brush, _: _round_table(brush, places))
    helper = _guest(480, 494, 84, _SHIRTS[0], 9.1)
    return Room(furniture, [*experts, table, helper], (382, 177, 578, 180))


def _round_table(brush: Brush, places: list[tuple[int, int, int]]) -> None:
    brush.oval(480, 404, 345, 96, _DESK_FRONT)
    brush.oval(480, 392, 345, 92, _DESK)
    brush.oval(480, 396, 230, 52, "#54514B")
    for x, y, _ in places:
        inward = (480 - x) * 0.12
        brush.box(x + inward - 25, y + 8, x + inward + 25, y + 38, "#23272C", radius=3)
        brush.box(x + inward - 4, y + 38, x + inward + 4, y + 46, "#23272C")
        brush.oval(x + inward, y + 47, 15, 3, "#23272C")


def _auction(words: str) -> Room:
    def furniture(brush: Brush) -> None:
        _shell(brush, wall="#D8CFC4", floor="#5F4A48")
        _screen(brush, (360, 92, 700, 214), words, _words("国有建设用地使用权拍卖", "Land use right auction"))
        _slogan(brush, _words("公开竞价  价高者得", "Open bidding  Highest bid wins"))
        brush.shape("#7B5B4A", 200, 300, 760, 300, 800, 336, 160, 336)
        brush.box(160, 336, 800, 350, "#5E4437")
        for x in (214, 746):
            brush.box(x - 3, 206, x + 3, 300, "#8C8C88")
            brush.shape("#B3261E", x, 208, x + 44, 222, x, 240)

    auctioneer = _stander(290, 322, 58, "#2F3A4D", 3.7)
    clerks = [_sitter(x, 312, 40, _SHIRTS[i + 3], 8 + i) for i, x in enumerate((650, 700))]
    clerks_desk = Actor((606, 304, 744, 350), None, lambda brush, _: _desk(brush, (616, 308, 734, 318), 340))
    seats = [(190, 424, 56), (310, 424, 56), (430, 424, 56), (550, 424, 56), (670, 424, 56), (790, 424, 56)]
    seats += [(120, 500, 76), (280, 500, 76), (440, 500, 76), (700, 500, 76), (860, 500, 76)]
    guests = [
        _bidder(x, y, size, _SHIRTS[(3 * i) % 8], 5 + 1.1 * i, paddle=i in {1, 4, 7})
        for i, (x, y, size) in enumerate(seats)
    ]
    return Room(furniture, [auctioneer, *clerks, clerks_desk, *guests], (374, 203, 686, 206))


# Furniture


def _shell(brush: Brush, *, wall: str, floor: str) -> None:
    """Ceiling, walls and floor in one-point perspective."""
    brush.box(0, 0, WIDTH, HEIGHT, "#B9B6AF")
    brush.shape("#E7E5E0", 0, 0, 960, 0, 830, 62, 130, 62)
    for left, right in ((250, 330), (440, 520), (630, 710)):
        slant = ((left + right) / 2 - 480) * 0.3
        brush.shape("#FFFFFF", left + slant, 12, right + slant, 12, right, 44, left, 44)
    brush.shape("#C4C0B7", 0, 0, 130, 62, 130, 300, 0, 470)
    brush.shape("#BDB9B0", 960, 0, 830, 62, 830, 300, 960, 470)
    brush.box(130, 62, 830, 300, wall)
    brush.shape(floor, 130, 300, 830, 300, 960, 470, 960, 540, 0, 540, 0, 470)
    brush.line("#8F8B83", 2, 130, 300, 830, 300)
    brush.line("#8F8B83", 2, 0, 470, 130, 300)
    brush.line("#8F8B83", 2, 960, 470, 830, 300)


def _screen(brush: Brush, box: Box, headline: str, line: str) -> None:
    left, top, right, bottom = box
    middle, height = (left + right) / 2, bottom - top
    brush.box(left - 5, top - 5, right + 5, bottom + 5, "#23272C", radius=4)
    brush.box(left, top, right, bottom, "#123A66")
    brush.box(left, top, right, top + height * 0.22, "#0D2C4F")
    brush.text(
        middle, top + height * 0.115, _words("公共资源交易中心", "Public resource trading"), 12, "#9FC0E4"
    )
    brush.text(middle, top + height * 0.46, headline, 27, "#FFFFFF")
    brush.text(middle, top + height * 0.74, line, 15, "#D5E4F5")


def _slogan(brush: Brush, words: str) -> None:
    brush.box(290, 60, 670, 82, "#A3262A", radius=2)
    brush.text(480, 71, words, 14, "#FCEFC9")


def _window(brush: Brush, left: float) -> None:
    brush.box(left, 104, left + 84, 214, "#A9A398")
    for column in (0, 42):
        brush.box(left + 4 + column, 108, left + 38 + column, 210, "#BFD6E6")
        brush.shape(
            "#D3E4EF",
            left + 4 + column,
            150,
            left + 26 + column,
            108,
            left + 38 + column,
            108,
            left + 4 + column,
            180,
        )


def _plant(brush: Brush, x: float, y: float) -> None:
    for dx, dy in ((-16, -44), (-6, -62), (8, -58), (18, -42), (0, -40)):
        brush.line("#4E7A52", 5, x, y - 18, x + dx, y + dy)
        brush.oval(x + dx, y + dy, 8, 14, "#5B8A5C")
    brush.shape("#8B5E45", x - 15, y - 20, x + 15, y - 20, x + 10, y + 10, x - 10, y + 10)


def _cabinets(brush: Brush, left: float) -> None:
    brush.box(left, 150, left + 100, 300, "#8F9598", radius=2)
    for x in (left + 4, left + 52):
        brush.box(x, 154, x + 44, 296, "#A6ACAF", radius=2)
        brush.box(x + (36 if x == left + 4 else 4), 216, x + (40 if x == left + 4 else 8), 234, "#63696C")


def _desk(brush: Brush, top: Box, foot: float) -> None:
    """A table seen from the front: its top in perspective and its front down to `foot`."""
    left, upper, right, lower = top
    brush.shape(_DESK_EDGE, left + 8, upper, right - 8, upper, right, lower, left, lower)
    brush.box(left, lower, right, foot, _DESK_FRONT)
    brush.box(left, lower, right, lower + 4, _DESK)


# People


def _sitter(x: float, y: float, size: float, shirt: str, period: float) -> Actor:
    """Sits behind a table whose top begins at y, facing us."""
    box = (x - size, y - 1.75 * size, x + size, y + 0.1 * size)
    return Actor(box, period, partial(_paint_sitter, x=x, y=y, size=size, shirt=shirt))


def _paint_sitter(brush: Brush, swing: float, *, x: float, y: float, size: float, shirt: str) -> None:
    lean = 0.1 * size * swing
    _torso(brush, x + lean * 0.5, y - 0.62 * size, size, shirt, down_to=y + 0.1 * size)
    _face(brush, x + lean, y - 1.12 * size + 0.04 * size * abs(swing), 0.3 * size, turn=swing)
    for side in (-1, 1):
        hand = x + side * 0.3 * size + 0.12 * size * swing * side
        brush.line(
            shirt, 0.2 * size, x + side * 0.56 * size + lean * 0.5, y - 0.3 * size, hand, y - 0.02 * size
        )
        brush.oval(hand, y - 0.02 * size, 0.1 * size, 0.08 * size, _SKIN)


def _stander(x: float, y: float, size: float, shirt: str, period: float) -> Actor:
    """Speaks at a lectern that stands at y."""
    box = (x - 1.25 * size, y - 2.5 * size, x + 1.25 * size, y + 0.35 * size)
    return Actor(box, period, partial(_paint_stander, x=x, y=y, size=size, shirt=shirt))


def _paint_stander(brush: Brush, swing: float, *, x: float, y: float, size: float, shirt: str) -> None:
    lean = 0.06 * size * swing
    _torso(brush, x + lean, y - 1.45 * size, size * 0.9, shirt, down_to=y - 0.3 * size)
    _face(brush, x + lean, y - 1.95 * size, 0.28 * size, turn=swing)
    elbow, hand = x + 0.72 * size, x + (0.95 + 0.12 * swing) * size
    brush.line(shirt, 0.2 * size, x + 0.45 * size + lean, y - 1.35 * size, elbow, y - 1.0 * size)
    brush.line(shirt, 0.18 * size, elbow, y - 1.0 * size, hand, y - (1.3 + 0.25 * swing) * size)
    brush.oval(hand, y - (1.33 + 0.25 * swing) * size, 0.1 * size, 0.1 * size, _SKIN)
    brush.shape(
        _DESK,
        x - 0.62 * size,
        y - 0.95 * size,
        x + 0.62 * size,
        y - 0.95 * size,
        x + 0.7 * size,
        y - 0.78 * size,
        x - 0.7 * size,
        y - 0.78 * size,
    )
    brush.shape(
        _DESK_FRONT,
        x - 0.6 * size,
        y - 0.78 * size,
        x + 0.6 * size,
        y - 0.78 * size,
        x + 0.5 * size,
        y + 0.3 * size,
        x - 0.5 * size,
        y + 0.3 * size,
    )
    brush.oval(x, y - 0.3 * size, 0.18 * size, 0.18 * size, "#C9A45C")


def _guest(x: float, y: float, size: float, shirt: str, period: float) -> Actor:
    """Sits in front of us with the back to us; y is the seat."""
    return _bidder(x, y, size, shirt, period, paddle=False)


def _bidder(x: float, y: float, size: float, shirt: str, period: float, *, paddle: bool) -> Actor:
    """A guest; with `paddle` one who lifts a number to bid."""
    box = (
        x - size * (1.1 if paddle else 0.72),
        y - size * (2.1 if paddle else 1.4),
        x + 0.72 * size,
        y + 0.5 * size,
    )
    return Actor(box, period, partial(_paint_guest, x=x, y=y, size=size, shirt=shirt, paddle=paddle))


def _paint_guest(
    brush: Brush, swing: float, *, x: float, y: float, size: float, shirt: str, paddle: bool
) -> None:
    lean = 0.07 * size * swing
    if paddle and swing > 0.2:
        lift = (swing - 0.2) * 0.9 * size
        brush.line(
            shirt, 0.17 * size, x - 0.45 * size, y - 0.3 * size, x - 0.72 * size, y - 0.5 * size - lift
        )
        brush.line(
            "#6B5039",
            0.06 * size,
            x - 0.72 * size,
            y - 0.5 * size - lift,
            x - 0.72 * size,
            y - 0.9 * size - lift,
        )
        brush.oval(x - 0.72 * size, y - 1.05 * size - lift, 0.24 * size, 0.24 * size, "#E9E2C8")
        brush.text(x - 0.72 * size, y - 1.05 * size - lift, "8", 0.3 * size, "#A3262A")
    _torso(brush, x + lean * 0.5, y - 0.5 * size, size, shirt, down_to=y + 0.4 * size)
    brush.oval(x + lean, y - 0.98 * size, 0.28 * size, 0.33 * size, _HAIR)
    brush.box(x + lean - 0.1 * size, y - 0.72 * size, x + lean + 0.1 * size, y - 0.5 * size, _SKIN)
    brush.oval(x + lean, y - 1.02 * size, 0.28 * size, 0.3 * size, _HAIR)
    brush.box(
        x - 0.55 * size, y - 0.12 * size, x + 0.55 * size, y + 0.5 * size, "#2F3740", radius=0.12 * size
    )
    brush.box(x - 0.48 * size, y - 0.06 * size, x + 0.48 * size, y + 0.5 * size, "#39434E", radius=0.1 * size)


def _torso(brush: Brush, x: float, shoulder: float, size: float, shirt: str, *, down_to: float) -> None:
    brush.box(x - 0.12 * size, shoulder - 0.26 * size, x + 0.12 * size, shoulder + 0.1 * size, _SKIN)
    brush.oval(x, shoulder + 0.22 * size, 0.58 * size, 0.34 * size, shirt)
    brush.box(x - 0.58 * size, shoulder + 0.2 * size, x + 0.58 * size, down_to, shirt)


def _face(brush: Brush, x: float, y: float, radius: float, *, turn: float) -> None:
    brush.oval(x, y - 0.16 * radius, 1.06 * radius, 1.16 * radius, _HAIR)
    brush.oval(x + 0.1 * radius * turn, y + 0.2 * radius, 0.86 * radius, 0.96 * radius, _SKIN)
    for side in (-0.34, 0.34):
        brush.oval(x + (side + 0.18 * turn) * radius, y + 0.14 * radius, 0.09 * radius, 0.11 * radius, _HAIR)
    brush.oval(x + 0.06 * radius * turn, y - 0.62 * radius, 0.92 * radius, 0.5 * radius, _HAIR)
