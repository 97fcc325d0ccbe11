"""The player of live pictures: a wall of tiles, one a camera, by WebRTC through the web's own address.

Each tile tells its state in `data-state` (connecting, live, delayed, lost, not_allowed, not_playable,
signed_out), the age of its picture in `data-age-ms` and its camera in `data-camera`.
"""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from dashboard.access import Viewer, may_watch
from dashboard.i18n import language, section
from data_access.cameras import CameraRow

_HERE = Path(__file__).parent
_WALL = st.components.v2.component(
    "mingjing_live_wall",
    css=(_HERE / "live_player.css").read_text(encoding="utf-8"),
    js=(_HERE / "live_player.js").read_text(encoding="utf-8"),
)


def live_wall(cameras: Sequence[CameraRow], viewer: Viewer) -> None:
    """Plays the cameras side by side; a script run with the same cameras leaves them playing.

    A room that the viewer may not watch shows that and asks for nothing; the route refuses it all the same.
    """
    _WALL(
        key="live_wall",
        data={
            "cameras": [
                {
                    "id": camera.id,
                    "name": _name_within(camera),
                    "room": camera.room_name,
                    "allowed": may_watch(viewer.role, camera.room_type),
                }
                for camera in cameras
            ],
            "viewer": viewer.display_name,
            "language": language(),
            "words": section("live.player"),
        },
        width="stretch",
        height="content",
    )


def _name_within(camera: CameraRow) -> str:
    """The camera's name without the room's, which stands before it anyway."""
    return camera.name.removeprefix(camera.room_name).lstrip("-_ ·") or camera.name
