"""The people in the demo rooms, each an actor that sways, speaks or bids."""

from __future__ import annotations

from functools import partial

from media.demo_drawing import Actor, Brush

SHIRTS = ("#3E5C76", "#6B4E57", "#4F6D5A", "#75674C", "#55506E", "#7A5A45", "#46646B", "#5D5D66")
DESK, DESK_FRONT = "#8A6A4B", "#6B5039"
_SKIN, _HAIR = "#D9B08C", "#2B2523"


def sitter(x: float, y: float, size: float, shirt: str, period: float) -> Actor:
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


def stander(x: float, y: float, size: float, shirt: str, period: float) -> Actor:
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
        DESK,
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
        DESK_FRONT,
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


def guest(x: float, y: float, size: float, shirt: str, period: float) -> Actor:
    """Sits in front of us with the back to us; y is the seat."""
    return bidder(x, y, size, shirt, period, paddle=False)


def bidder(x: float, y: float, size: float, shirt: str, period: float, *, paddle: bool) -> Actor:
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
