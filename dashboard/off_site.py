"""Sending from outside: where it is, the desk with the start and stop buttons, and the connection itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

import streamlit as st
from streamlit_webrtc import WebRtcMode, webrtc_streamer

from dashboard import links
from dashboard.access import Viewer
from dashboard.browser_media import rtc_configuration, unseen
from dashboard.db import read_fresh
from dashboard.i18n import language, section, t
from dashboard.off_site_routes import stream_of
from data_access import audit, cameras, off_site
from data_access.cameras import CameraRow
from data_access.engine import transaction
from data_access.off_site import OffSiteSession, PlaceTaken
from data_access.settings import settings
from domain.periods import SHANGHAI, Period, day_of
from domain.vocabulary import RoomType
from media.frame_sink import FrameSink

_HERE = Path(__file__).parent
_KEY = "off_site_desk"
_PROBLEM = "off_site_problem"
_NOT_SCHEDULED = 0
_DESK = st.components.v2.component(
    "mingjing_off_site_desk",
    css=(_HERE / "off_site.css").read_text(encoding="utf-8"),
    js=(_HERE / "off_site.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Place:
    """Where a browser is the camera."""

    name: str
    room_type: RoomType
    held_id: int | None  # the session there; None: it is not on the schedule

    @property
    def room_name(self) -> str:
        return off_site.room_for(self.name, self.room_type)


@dataclass(frozen=True)
class Run:
    """What the desk in the browser has found ready: whether to connect, and with what."""

    on: bool = False
    sender: str = ""  # names the browser tab
    audio: bool = True
    device: str = ""  # the camera chosen; empty: the one at the back of a phone, or the only one


def is_sending() -> bool:
    """Whether this page is meant to send: so says its link, which survives a crash of the browser."""
    return "sending" in st.query_params


def choose_place() -> Place | None:
    """Today's off-site session, or another one; and the place. None: no place is named yet."""
    now = datetime.now(UTC)
    today = Period(day_of(now), day_of(now) + timedelta(days=1))
    held = {one.id: one for one in read_fresh(off_site.sessions_of, today, now)}
    locked = is_sending()
    linked = st.query_params.get("session", "")
    options = [*held, _NOT_SCHEDULED]
    first = int(linked) if linked.isdecimal() and int(linked) in options else options[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            t("off_site.session"),
            options,
            index=options.index(first),
            format_func=lambda one: _line(held[one]) if one in held else t("off_site.not_scheduled"),
            disabled=locked,
            width=420,
        )
        session = held.get(chosen)
        name = st.text_input(
            t("off_site.place"),
            value=st.query_params.get("place", "") or _known_place(session),
            key=f"off_site_place_{chosen}",
            max_chars=40,
            placeholder=t("off_site.place_example"),
            disabled=locked,
            width=320,
        )
        room_type = _room_type(session, locked=locked)
    name = " ".join(name.split())
    return Place(name, room_type, session.id if session else None) if name else None


def _line(held: OffSiteSession) -> str:
    when = f"{held.planned_start.astimezone(SHANGHAI):%H:%M}"
    return f"{when} · {t(f'session_type.{held.type}')} · {'；'.join(held.projects) or held.code}"


def _known_place(held: OffSiteSession | None) -> str:
    return held.place.partition("（")[0] if held and held.place else ""


def _room_type(held: OffSiteSession | None, *, locked: bool) -> RoomType:
    """Who may watch follows from what the session is about; for one not on the schedule it is asked."""
    if held is not None:
        return off_site.room_type_of(held.type)
    restricted = st.toggle(
        t("off_site.restricted"),
        value=st.query_params.get("restricted") == "1",
        disabled=locked,
        help=t("off_site.restricted_help"),
        width="content",
    )
    return RoomType.EVALUATION if restricted else RoomType.OFF_SITE


def desk(person: Viewer, place: Place | None) -> None:
    """The desk: start, stop, what is going on; and the connection while it is on."""
    camera = read_fresh(off_site.camera_of, place.room_name) if place else None
    sending = camera is not None and camera.enabled and st.query_params.get("sending") == str(camera.id)
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(problem, icon=":material/error:")

    def asked() -> None:
        wish = st.session_state[_KEY].asked
        if wish == "start" and place is not None:
            _start(person, place)
        elif wish == "stop" and camera is not None:
            _stop(person, camera)

    shown = _DESK(
        key=_KEY,
        data={
            "camera": camera.id if camera else None,
            "ready": place is not None,
            "sending": sending,
            "language": language(),
            "words": section("off_site.desk"),
        },
        default={"run": {}},
        on_asked_change=asked,
        on_run_change=lambda: None,
    )
    if camera is not None:
        _connection(person, camera, Run(**cast("dict[str, Any]", shown.run or {})), sending=sending)


def _connection(person: Viewer, camera: CameraRow, run: Run, *, sending: bool) -> None:
    """The WebRTC connection, there even while it is off: so the library hears of its end."""
    take = partial(stream_of(camera.id).push, run.sender, sound=run.audio)
    size = {"width": {"ideal": 1280}, "height": {"ideal": 720}, "frameRate": {"ideal": 25, "max": 25}}
    which = {"deviceId": {"exact": run.device}} if run.device else {"facingMode": "environment"}
    with unseen():
        webrtc_streamer(
            key=f"off_site_{camera.id}_{run.device}",
            mode=WebRtcMode.SENDONLY,
            rtc_configuration=rtc_configuration(person),
            media_stream_constraints={"video": {**size, **which}, "audio": run.audio},
            desired_playing_state=sending and run.on,
            sink_video_track=FrameSink(take),
            sink_audio_track=FrameSink(take),
            media_toggle_controls=False,
        )


def _start(person: Viewer, place: Place) -> None:
    try:
        with transaction() as session:
            camera = off_site.start(
                session,
                place=place.name,
                room_type=place.room_type,
                held_id=place.held_id,
                web_url=settings().local_url,
                at=datetime.now(UTC),
            )
            _note(session, person, "off_site_start", camera, place.held_id)
        stream_of(camera.id).expect()
    except PlaceTaken as taken:
        st.session_state[_PROBLEM] = t("off_site.place_taken", name=str(taken))
        return
    links.put("session", str(place.held_id or _NOT_SCHEDULED))
    links.put("place", place.name)
    links.put(
        "restricted", "1" if place.held_id is None and place.room_type is not RoomType.OFF_SITE else None
    )
    links.put("sending", str(camera.id))


def _stop(person: Viewer, camera: CameraRow) -> None:
    """Takes the camera out of service first: what is missing from now on is planned."""
    with transaction() as session:
        cameras.switch(session, camera.id, enabled=False)
        _note(session, person, "off_site_stop", camera, None)
    links.put("sending", None)


def _note(session: Any, person: Viewer, action: str, camera: CameraRow, held_id: int | None) -> None:
    detail: dict[str, object] = {"camera_id": camera.id, "room": camera.room_name}
    if held_id is not None:
        detail["session"] = held_id
    audit.record(
        session,
        actor=person.name,
        action=action,
        subject=camera.name,
        detail=detail,
        address=st.context.ip_address or "",
    )
