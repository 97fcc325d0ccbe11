"""The demo rooms: where the walls, the furniture and the people are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from media.demo_drawing import HEIGHT, WIDTH, Actor, Box, Brush, label, words
from media.demo_people import DESK, DESK_FRONT, SHIRTS, bidder, guest, sitter, stander

_DESK_EDGE = "#A5825F"


@dataclass(frozen=True)
class Room:
    """An empty room, who is in it from the back to the front, and where a light runs to and fro."""

    furniture: Callable[[Brush], None]
    actors: list[Actor]
    light: Box


def room(name: str) -> Room:
    """The room of that name; the name tells what happens there."""
    name_shown = label(name)
    if "评标" in name:
        return _evaluation(name_shown)
    if "拍卖" in name:
        return _auction(name_shown)
    if "主席台" in name:
        return _desk_of_opening(name_shown)
    return _opening(name_shown, mirrored="二" in name)


def _opening(name: str, *, mirrored: bool) -> Room:
    def furniture(brush: Brush) -> None:
        _shell(brush, wall="#D9D5CA" if mirrored else "#DCD8D0", floor="#5B6675" if mirrored else "#66707C")
        _screen(brush, (330, 92, 630, 206), name, words("开标会议", "Bid opening"))
        _slogan(brush, words("公开  公平  公正  诚信", "Open  Fair  Just  Honest"))
        _window(brush, 700 if not mirrored else 176)
        _plant(brush, 170 if not mirrored else 790, 306)
        _seat_rows(brush)

    host = [sitter(x, 290, 44, SHIRTS[i + 2 * mirrored], 7 + 1.7 * i) for i, x in enumerate((390, 480, 570))]
    table = Actor((330, 282, 630, 340), None, lambda brush, _: _desk(brush, (340, 286, 620, 300), 326))
    podium = 250 if not mirrored else 710
    speaker = stander(podium, 300, 52, SHIRTS[6 - mirrored], 5.3)
    seats = [(210, 398, 60), (350, 398, 60), (610, 398, 60), (750, 398, 60)]
    seats += [(150, 486, 78), (330, 486, 78), (630, 486, 78), (810, 486, 78)]
    taken = [seat for i, seat in enumerate(seats) if i not in ({1, 6} if mirrored else {3, 4})]
    guests = [guest(x, y, size, SHIRTS[i % 8], 6 + 1.3 * i) for i, (x, y, size) in enumerate(taken)]
    return Room(furniture, [*host, table, speaker, *guests], (342, 196, 618, 199))


def _desk_of_opening(name: str) -> Room:
    """The host's desk from near by."""

    def furniture(brush: Brush) -> None:
        brush.box(0, 0, WIDTH, HEIGHT, "#DCD8D0")
        _slogan(brush, words("公开  公平  公正  诚信", "Open  Fair  Just  Honest"))
        _screen(brush, (250, 96, 710, 222), name, words("开标会议", "Bid opening"))
        _window(brush, 800)
        _plant(brush, 110, 400)

    people = [sitter(x, 410, 96, SHIRTS[i], 6 + 1.9 * i) for i, x in enumerate((250, 480, 710))]
    table = Actor((70, 400, 890, 540), None, lambda brush, _: _desk(brush, (90, 408, 870, 434), 520))
    return Room(furniture, [*people, table], (262, 211, 698, 215))


def _seat_rows(brush: Brush) -> None:
    for y, left, right in ((392, 140, 440), (392, 520, 820), (478, 60, 450), (478, 510, 900)):
        _desk(brush, (left, y - 14, right, y), y + 22)


def _evaluation(name: str) -> Room:
    def furniture(brush: Brush) -> None:
        _shell(brush, wall="#CFD6D6", floor="#6A675F")
        _screen(brush, (370, 92, 590, 186), name, words("独立评审  禁止交谈", "Independent evaluation"))
        _slogan(brush, words("客观  公正  审慎", "Objective  Just  Careful"))
        _cabinets(brush, 160)
        _cabinets(brush, 700)
        _plant(brush, 640, 306)

    places = [(250, 318, 52), (380, 300, 50), (480, 296, 50), (580, 300, 50), (710, 318, 52)]
    experts = [sitter(x, y, size, SHIRTS[i + 1], 6 + 1.9 * i) for i, (x, y, size) in enumerate(places)]
    table = Actor((130, 300, 830, 470), None, lambda brush, _: _round_table(brush, places))
    helper = guest(480, 494, 84, SHIRTS[0], 9.1)
    return Room(furniture, [*experts, table, helper], (382, 177, 578, 180))


def _round_table(brush: Brush, places: list[tuple[int, int, int]]) -> None:
    brush.oval(480, 404, 345, 96, DESK_FRONT)
    brush.oval(480, 392, 345, 92, DESK)
    brush.oval(480, 396, 230, 52, "#54514B")
    for x, y, _ in places:
        inward = (480 - x) * 0.12
        brush.box(x + inward - 25, y + 8, x + inward + 25, y + 38, "#23272C", radius=3)
        brush.box(x + inward - 4, y + 38, x + inward + 4, y + 46, "#23272C")
        brush.oval(x + inward, y + 47, 15, 3, "#23272C")


def _auction(name: str) -> Room:
    def furniture(brush: Brush) -> None:
        _shell(brush, wall="#D8CFC4", floor="#5F4A48")
        _screen(brush, (360, 92, 700, 214), name, words("国有建设用地使用权拍卖", "Land use right auction"))
        _slogan(brush, words("公开竞价  价高者得", "Open bidding  Highest bid wins"))
        brush.shape("#7B5B4A", 200, 300, 760, 300, 800, 336, 160, 336)
        brush.box(160, 336, 800, 350, "#5E4437")
        for x in (214, 746):
            brush.box(x - 3, 206, x + 3, 300, "#8C8C88")
            brush.shape("#B3261E", x, 208, x + 44, 222, x, 240)

    auctioneer = stander(290, 322, 58, "#2F3A4D", 3.7)
    clerks = [sitter(x, 312, 40, SHIRTS[i + 3], 8 + i) for i, x in enumerate((650, 700))]
    clerks_desk = Actor((606, 304, 744, 350), None, lambda brush, _: _desk(brush, (616, 308, 734, 318), 340))
    seats = [(190, 424, 56), (310, 424, 56), (430, 424, 56), (550, 424, 56), (670, 424, 56), (790, 424, 56)]
    seats += [(120, 500, 76), (280, 500, 76), (440, 500, 76), (700, 500, 76), (860, 500, 76)]
    guests = [
        bidder(x, y, size, SHIRTS[(3 * i) % 8], 5 + 1.1 * i, paddle=i in {1, 4, 7})
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
        middle, top + height * 0.115, words("公共资源交易中心", "Public resource trading"), 12, "#9FC0E4"
    )
    brush.text(middle, top + height * 0.46, headline, 27, "#FFFFFF")
    brush.text(middle, top + height * 0.74, line, 15, "#D5E4F5")


def _slogan(brush: Brush, slogan: str) -> None:
    brush.box(290, 60, 670, 82, "#A3262A", radius=2)
    brush.text(480, 71, slogan, 14, "#FCEFC9")


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
    brush.box(left, lower, right, foot, DESK_FRONT)
    brush.box(left, lower, right, lower + 4, DESK)
