"""The wall of live pictures: sessions on now, tiles in a layout; or the supervision room's screen.

It works in the browser by itself (live_wall.js): a choice shows at once, before this script runs again, and
pictures that are on stay on. Each tile tells its state in `data-state` (connecting, live, delayed, lost, off,
not_allowed, not_playable, signed_out), the age of its picture in `data-age-ms`, its camera in `data-camera`,
what it plays in `data-stream` and `data-sound`, and in `data-recording` whether the camera is recorded.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from dashboard import links
from dashboard.access import Viewer, may_mark, may_watch
from dashboard.db import read_fresh
from dashboard.i18n import DEFAULT_LANGUAGE, language, section, t
from dashboard.live_choice import EVERY_ROOM, ON_NOW, SECONDS, WallChoice, choice_of, keep_choice
from dashboard.live_schedule import SESSION_IN_LINK, clock_of, room_of, why_nothing
from dashboard.live_status import has_sound
from data_access.cameras import CameraRow, StatusRow, installed_cameras, statuses
from data_access.schedule_view import ScheduledSession, on_now
from domain.vocabulary import RoomType
from media.ice import servers_for

_HERE = Path(__file__).parent
_KEY = "live_wall"
_SCRIPTS = (
    *("footage_icons", "live_mark", "live_parts", "live_connection", "live_tile", "live_board"),
    *("live_wall", "live_display", "live_player"),
)  # one module in this order
_WALL = st.components.v2.component(
    "mingjing_live_wall",
    css=(_HERE / "live_player.css").read_text(encoding="utf-8"),
    js="\n".join((_HERE / f"{part}.js").read_text(encoding="utf-8") for part in _SCRIPTS),
)
_ROOM_ORDER = tuple(RoomType)


def live_wall(person: Viewer, shown: ScheduledSession | None, *, display: bool = False) -> None:
    """The wall, or all cameras of one session; a script run leaves the pictures playing.

    A room that the viewer may not watch says so and asks for nothing; the route refuses it all the same.

    Args:
        shown: the session that the link names.
        display: the supervision room's screen, which goes round the rooms by itself.
    """
    now = datetime.now(UTC)
    choice = choice_of(person)
    cameras, reported = read_fresh(installed_cameras), read_fresh(statuses)
    cameras.sort(key=lambda camera: (_ROOM_ORDER.index(RoomType(camera.room_type)), camera.room_name))

    def heard() -> None:
        _take(person, choice, st.session_state[_KEY].told)

    _WALL(
        key=_KEY,
        data={
            "display": display,
            "session": shown.id if shown else None,
            "room": shown.room_id if shown else None,
            "notice": why_nothing(shown, now, {camera.room_id for camera in cameras}) if shown else None,
            "sessions": [_session(held, person, now) for held in _by_room(read_fresh(on_now, now))],
            "cameras": [_camera(camera, reported.get(camera.id), person) for camera in cameras],
            "filters": _filters(cameras),
            "seconds": list(SECONDS),
            "choice": asdict(choice),
            "viewer": person.display_name,
            "language": language(),
            "way_back": "/live" if language() == DEFAULT_LANGUAGE else f"/live?language={language()}",
            "ice_servers": servers_for(person.name),
            "words": section("live.player"),
            "mark_words": section("live.mark"),
        },
        width="stretch",
        height="content",
        on_told_change=heard,
    )


def _take(person: Viewer, before: WallChoice, told: dict[str, object] | None) -> None:
    """What was chosen in the browser: the session into the link, the rest into the person's preferences."""
    if not told:
        return
    session, choice = told.get("session"), told.get("choice")
    links.put(SESSION_IN_LINK, str(session) if isinstance(session, int) else None)
    wanted = WallChoice.of(choice) if isinstance(choice, dict) else before
    if wanted != before:
        keep_choice(person, wanted)


def _by_room(sessions: Sequence[ScheduledSession]) -> list[ScheduledSession]:
    """By type and name of the room, in a room the latest begun first."""

    def place(held: ScheduledSession) -> tuple[int, str]:
        kind = RoomType(held.room_type) if held.room_type else RoomType.OFF_SITE
        return _ROOM_ORDER.index(kind), held.room_name or ""

    return sorted(sessions, key=place)


def _session(held: ScheduledSession, person: Viewer, now: datetime) -> dict[str, object]:
    return {
        "id": held.id,
        "room": held.room_id,
        "place": room_of(held),
        "clock": clock_of(held.actual_start or held.planned_start, now),
        "type": t(f"session_type.{held.type}"),
        "project": "；".join(held.projects) or held.code,
        "allowed": may_watch(person.role, held.room_type or ""),
    }


def _camera(camera: CameraRow, reported: StatusRow | None, person: Viewer) -> dict[str, object]:
    return {
        "id": camera.id,
        "name": camera.name.removeprefix(camera.room_name).lstrip("-_ ·") or camera.name,
        "room": camera.room_id,
        "place": camera.room_name,
        "type": camera.room_type,
        "allowed": may_watch(person.role, camera.room_type),
        "markable": may_mark(person.role, camera.room_type),
        "enabled": camera.enabled,
        "doubtful": reported is not None and not reported.recording,
        "streams": ["sub", "main"] if camera.sub_url else ["main"],
        "sound": has_sound(camera, reported),
    }


def _filters(cameras: Sequence[CameraRow]) -> list[tuple[str, str]]:
    """What the wall may be narrowed to: code and word; only types of rooms that there are."""
    types = dict.fromkeys(camera.room_type for camera in cameras)
    every = [(name, t(f"live.filter.{name}")) for name in (ON_NOW, EVERY_ROOM)]
    return [*every, *((kind, t(f"room_type.{kind}")) for kind in types)]
