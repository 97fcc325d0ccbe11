"""Talk-back: the inspector's button beside the pictures, and the page in the room that is heard."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import streamlit as st
from streamlit_webrtc import WebRtcMode, webrtc_streamer

from dashboard import links
from dashboard.access import Viewer, may_watch
from dashboard.browser_media import rtc_configuration, unseen
from dashboard.db import read, read_fresh
from dashboard.i18n import language, section, t
from dashboard.talk_back_routes import room_of
from data_access import audit
from data_access.cameras import RoomRow, all_rooms, room_by_id
from data_access.engine import transaction
from domain.vocabulary import Role
from media.frame_sink import FrameSink
from media.talk_back import RoomTrack, Speaker

_HERE = Path(__file__).parent
_PANEL = st.components.v2.component(
    "mingjing_talk_back",
    css=(_HERE / "talk_back.css").read_text(encoding="utf-8"),
    js=(_HERE / "talk_back.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Run:
    """What the panel in the browser has found ready."""

    on: bool = False
    page: str = ""  # names this talk, or this page in the room


@dataclass(frozen=True)
class _Ears:
    """What streamlit-webrtc plays to a browser: it asks for a media player."""

    audio: RoomTrack
    video: None = None


def choose_room(person: Viewer) -> RoomRow | None:
    """The room that this computer stands in, kept in the link."""
    rooms = {room.id: room for room in read(all_rooms) if may_watch(person.role, room.type)}
    linked = st.query_params.get("room", "")
    st.session_state["talk_back_room"] = int(linked) if linked.isdecimal() and int(linked) in rooms else None
    chosen = st.selectbox(
        t("talk_back.which_room"),
        list(rooms),
        format_func=lambda one: rooms[one].name,
        key="talk_back_room",
        on_change=_keep_in_link,
        placeholder=t("talk_back.choose"),
        width=320,
    )
    return rooms[chosen] if chosen is not None else None


def _keep_in_link() -> None:
    chosen = st.session_state["talk_back_room"]
    links.put("room", None if chosen is None else str(chosen))
    links.put("on", None)


def room_panel(person: Viewer, room: RoomRow) -> None:
    """The sign in the room, and its sound once somebody has opened it."""
    key = f"talk_back_in_{room.id}"

    def opened() -> None:
        links.put("on", "1" if _run_of(st.session_state[key]).on else None)

    shown = _panel("room", room, key, on=st.query_params.get("on") == "1", changed=opened)
    run = _run_of(shown)
    with unseen():
        webrtc_streamer(
            key=f"talk_back_sound_{room.id}",
            mode=WebRtcMode.RECVONLY,
            rtc_configuration=rtc_configuration(person),
            desired_playing_state=run.on,
            player_factory=lambda: cast("Any", _Ears(RoomTrack(room_of(room.id), run.page))),
            audio_html_attrs={"autoPlay": True, "controls": False},
            video_html_attrs={"hidden": True},
            media_toggle_controls=False,
        )


@st.fragment
def talk_button(person: Viewer, room_id: int) -> None:
    """An inspector's button to speak to a room; for others there is none."""
    room = read_fresh(room_by_id, room_id)
    if person.role is not Role.INSPECTOR or room is None or not may_watch(person.role, room.type):
        return
    address = st.context.ip_address or ""
    voice = f"talk_back_voice_{room.id}"
    panel = _panel("speaker", room, f"talk_back_to_{room.id}", on=_is_open(voice), changed=lambda: None)
    run = _run_of(panel)
    speaker = Speaker(run.page, person.name, person.display_name)
    note = partial(_note, person, room, address)

    def take(frame: Any) -> None:
        room_of(room.id).hear(
            speaker, frame, partial(note, "talk_back_begin"), lambda seconds: note("talk_back_end", seconds)
        )

    with unseen():
        webrtc_streamer(
            key=voice,
            mode=WebRtcMode.SENDONLY,
            rtc_configuration=rtc_configuration(person),
            media_stream_constraints={"audio": True, "video": False},
            desired_playing_state=run.on,
            sink_audio_track=FrameSink(take, ended=lambda: room_of(room.id).end(speaker.talk)),
            media_toggle_controls=False,
        )


def _is_open(voice: str) -> bool:
    """Whether the library's connection still stands; this is run anew when that changes."""
    connection = st.session_state.get(voice)
    return connection is not None and (connection.state.playing or connection.state.signalling)


def _panel(side: str, room: RoomRow, key: str, *, on: bool, changed: Any) -> Any:
    return _PANEL(
        key=key,
        data={
            "side": side,
            "room": room.id,
            "on": on,
            "language": language(),
            "name": room.name,
            "words": section(f"talk_back.{side}"),
        },
        default={"run": {}},
        on_run_change=changed,
    )


def _run_of(shown: Any) -> Run:
    return Run(**(shown.run or {}))


def _note(person: Viewer, room: RoomRow, address: str, action: str, seconds: float | None = None) -> None:
    """Writes the audit entry; called in the event loop, which does not wait for it."""
    detail: dict[str, object] = {"room_id": room.id}
    if seconds is not None:
        detail["seconds"] = round(seconds)

    def write() -> None:
        with transaction() as session:
            audit.record(
                session, actor=person.name, action=action, subject=room.name, detail=detail, address=address
            )

    asyncio.get_running_loop().run_in_executor(None, write)
