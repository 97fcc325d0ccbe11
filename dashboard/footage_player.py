"""The player of footage: all cameras of a room by one clock, and a strip of what was recorded.

In the page, `section.player` tells in `data-shown` the wall clock of the large picture in microseconds since
1970, and each `.picture` that of its own; `.picture.chosen` is the large one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import streamlit as st

from dashboard.access import Viewer, may_mark
from dashboard.db import read, read_fresh
from dashboard.footage_range import LONGEST
from dashboard.footage_strip import (
    Told,
    bracket_told,
    gap_told,
    mark_told,
    microseconds,
    strip_beside,
)
from dashboard.i18n import language, section, t
from dashboard.mark_routes import rooms_to_mark
from data_access import footage, footage_gaps, footage_lookup
from data_access.footage import Stretch
from data_access.footage_gaps import Gap
from data_access.footage_lookup import WatchedCamera
from data_access.marks import marks_between

_HERE = Path(__file__).parent
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEY = "footage_player"
_SCRIPTS = (  # one module
    *("live_mark", "footage_icons", "footage_strip", "footage_strip_store", "footage_strip_hover"),
    *("footage_strip_hands", "footage_clock", "footage_file", "footage_picture"),
    *("footage_group", "footage_link", "footage_bar", "footage_range_row", "footage_still", "footage_player"),
)
_STYLES = ("footage_player", "footage_strip")
_PLAYER = st.components.v2.component(
    "mingjing_footage_player",
    css="\n".join((_HERE / f"{part}.css").read_text(encoding="utf-8") for part in _STYLES),
    js="\n".join((_HERE / f"{part}.js").read_text(encoding="utf-8") for part in _SCRIPTS),
)


@dataclass(frozen=True)
class Lane:
    """A camera, and what was recorded of it in the window."""

    camera: WatchedCamera
    runs: Sequence[Stretch]
    gaps: Sequence[Gap]


def lanes_in(cameras: Sequence[WatchedCamera], window: Stretch) -> list[Lane]:
    """What was recorded of each camera in the window; when that reaches into the present, asked anew."""
    ask = read_fresh if window.end > datetime.now(UTC) else read
    return [
        Lane(
            camera,
            ask(footage.runs_between, camera.id, window.start, window.end),
            ask(footage_gaps.gaps_between, camera.id, window.start, window.end),
        )
        for camera in cameras
    ]


def footage_player(
    lanes: Sequence[Lane],
    *,
    view: str,
    window: Stretch,
    wanted: Stretch,
    camera_id: int,
    viewer: Viewer,
    play: bool,
    kept: Stretch,
    on_range: Callable[[int, Stretch], None],
    on_moment: Callable[[int, datetime], None],
) -> None:
    """Plays `wanted` of one of the lanes; a script run with the same `view` leaves it playing.

    Args:
        view: names what is looked at, for example "session 7"; another one opens `wanted` anew.
        window: of which the lanes tell; the strip shows it first.
        camera_id: whose lane is played first.
        play: at once, where the browser allows that.
        kept: all the time of which footage is kept; the strip asks for what lies outside of the window.
        on_range: called when the viewer opens another range or camera.
        on_moment: called when the viewer wants to see a camera at a moment outside of the window.
    """
    room = lanes[0].camera
    sessions = read(footage_lookup.sessions_in_room, room.room_id, window.start, window.end)
    ids, rooms = [lane.camera.id for lane in lanes], rooms_to_mark(viewer.role)
    marks = read_fresh(marks_between, ids, window.start, window.end, rooms)

    def changed() -> None:
        told = st.session_state[_KEY].range
        if told:
            on_range(told["camera"], Stretch(_instant(told["from"]), _instant(told["to"])))

    def left() -> None:
        told = st.session_state[_KEY].moment
        if told:
            on_moment(told["camera"], _instant(told["at"]))

    _PLAYER(
        key=_KEY,
        data={
            "view": view,
            "language": language(),
            "words": section("footage.player"),
            "mark_words": section("live.mark"),
            "may_mark": may_mark(viewer.role, room.room_type),
            "viewer": f"{viewer.display_name} {viewer.name}",
            "window": [microseconds(window.start), microseconds(window.end)],
            "range": [microseconds(wanted.start), microseconds(wanted.end)],
            "longest": LONGEST // timedelta(microseconds=1),
            "camera": camera_id,
            "play": play,
            "marks": [mark_told(mark, t) for mark in marks],
            "sessions": [bracket_told(found, t) for found in sessions],
            "lanes": [_lane(lane) for lane in lanes],
            "strip": strip_beside(room, ids, window, kept, viewer.role),
        },
        on_range_change=changed,
        on_moment_change=left,
    )


def _lane(lane: Lane) -> Told:
    return {
        "id": lane.camera.id,
        "name": lane.camera.name,
        "frame_rate": lane.camera.frame_rate,
        "runs": [[microseconds(run.start), microseconds(run.end)] for run in lane.runs],
        "gaps": [gap_told(gap, t) for gap in lane.gaps],
    }


def _instant(microseconds: float) -> datetime:
    return _EPOCH + timedelta(microseconds=int(microseconds))
