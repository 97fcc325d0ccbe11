"""The player of footage: one video with its wall clock, and a strip of what was recorded.

In the page, `section.player` tells in `data-shown` the wall clock of the picture in microseconds since 1970.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import streamlit as st

from dashboard.access import Viewer, may_mark
from dashboard.db import read, read_fresh
from dashboard.footage_range import LONGEST
from dashboard.i18n import language, section, t
from dashboard.mark_routes import rooms_to_mark
from data_access import footage, footage_lookup
from data_access.footage import Gap, Stretch
from data_access.footage_lookup import SessionOnFloor, WatchedCamera
from data_access.marks import Mark, marks_between
from domain.periods import SHANGHAI

_HERE = Path(__file__).parent
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEY = "footage_player"
_SCRIPTS = ("live_mark", "footage_icons", "footage_strip", "footage_picture", "footage_player")  # one module
_PLAYER = st.components.v2.component(
    "mingjing_footage_player",
    css=(_HERE / "footage_player.css").read_text(encoding="utf-8"),
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
            ask(footage.gaps_between, camera.id, window.start, window.end),
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
    on_range: Callable[[int, Stretch], None],
) -> None:
    """Plays `wanted` of one of the lanes; a script run with the same `view` leaves it playing.

    Args:
        view: names what is looked at, for example "session 7"; another one opens `wanted` anew.
        window: what the strip shows.
        camera_id: whose lane is played first.
        play: at once, where the browser allows that.
        on_range: called when the viewer opens another range or camera.
    """
    room = lanes[0].camera
    sessions = read(footage_lookup.sessions_in_room, room.room_id, window.start, window.end)
    ids, rooms = [lane.camera.id for lane in lanes], rooms_to_mark(viewer.role)
    marks = read_fresh(marks_between, ids, window.start, window.end, rooms)

    def changed() -> None:
        told = st.session_state[_KEY].range
        if told:
            on_range(told["camera"], Stretch(_instant(told["from"]), _instant(told["to"])))

    _PLAYER(
        key=_KEY,
        data={
            "view": view,
            "language": language(),
            "words": section("footage.player"),
            "mark_words": section("live.mark"),
            "may_mark": may_mark(viewer.role, room.room_type),
            "viewer": f"{viewer.display_name} {viewer.name}",
            "window": [_microseconds(window.start), _microseconds(window.end)],
            "range": [_microseconds(wanted.start), _microseconds(wanted.end)],
            "longest": LONGEST // timedelta(microseconds=1),
            "camera": camera_id,
            "play": play,
            "marks": [_mark(mark) for mark in marks],
            "sessions": [_bracket(found) for found in sessions],
            "lanes": [_lane(lane) for lane in lanes],
        },
        on_range_change=changed,
    )


def _lane(lane: Lane) -> dict[str, object]:
    return {
        "id": lane.camera.id,
        "name": lane.camera.name,
        "frame_rate": lane.camera.frame_rate,
        "runs": [[_microseconds(run.start), _microseconds(run.end)] for run in lane.runs],
        "gaps": [
            {
                "start": _microseconds(gap.start),
                "end": _microseconds(gap.end),
                "cause": gap.cause.value,
                "text": f"{_clock(gap.start)}–{_end(gap.end)} {t(f'footage.cause.{gap.cause.value}')}",
            }
            for gap in lane.gaps
        ],
    }


def _mark(mark: Mark) -> dict[str, object]:
    by = t("live.session.by", name=mark.author)
    told = [_clock(mark.at), t(f"live.mark.kind.{mark.kind}"), mark.note, by]
    text = " · ".join(word for word in told if word)
    return {"id": mark.id, "camera": mark.camera_id, "at": _microseconds(mark.at), "text": text}


def _bracket(found: SessionOnFloor) -> dict[str, object]:
    return {
        "start": _microseconds(found.start),
        "end": _microseconds(found.end),
        "label": f"{t(f'session_type.{found.type}')} {found.projects or found.code}",
    }


def _clock(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%H:%M:%S}"


def _end(at: datetime) -> str:
    """Midnight as the end of a day."""
    return _clock(at).replace("00:00:00", "24:00:00")


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def _instant(microseconds: float) -> datetime:
    return _EPOCH + timedelta(microseconds=int(microseconds))
