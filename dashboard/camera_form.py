"""The form that takes a camera in: its fields, the probe of its streams, and what that has found."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from dashboard import camera_changes
from dashboard.access import Viewer, may_watch
from dashboard.camera_list import say
from dashboard.camera_search import in_language
from dashboard.db import read_fresh
from dashboard.health_words import bit_rate, codec_word, rate_word, size_word, sound_word
from dashboard.i18n import language, t
from dashboard.parts import facts, plain
from data_access import cameras
from data_access.cameras import NameTaken, RoomRow
from domain.vocabulary import RecordingPolicy, RoomType
from media.camera import CameraProblem, StreamFacts, probe
from media.camera_advice import advice_on
from media.camera_still import still
from media.onvif_discovery import with_account

NEW_ROOM = 0
SCHEMES = ("rtsp://", "rtsps://", "http://", "https://")
_SECONDS_PER_DAY = 86_400
_FIELDS = ("room", "room_name", "room_type", "name", "main_url", "sub_url", "user", "password", "record")


@dataclass(frozen=True)
class Entered:
    """What stands in the form."""

    room: str
    room_type: str
    is_new_room: bool
    name: str
    url: str = field(repr=False)
    sub_url: str | None = field(repr=False)


@dataclass(frozen=True)
class Probed:
    """What the streams that were entered are."""

    entered: Entered
    main: StreamFacts | None
    sub: StreamFacts | None
    problems: dict[str, CameraProblem]  # by "main" and "sub"
    picture: bytes | None
    no_picture: str  # why there is none; empty: there is one, or there was nothing to take it from


def camera_form(rooms: list[RoomRow]) -> Entered:
    """The fields; whatever is wrong later, what was typed stays."""
    if st.session_state.pop("camera_saved", False):
        for name in (*_FIELDS, "probed"):
            st.session_state.pop(f"camera_{name}", None)
    by_id = {room.id: room for room in rooms}
    # Row by row, so that a phone shows the fields in this order too.
    (room, named), (main, sub), (account, secret) = (st.columns(2) for _ in range(3))
    with room:
        room_id = st.selectbox(
            t("cameras.room"),
            [*by_id, NEW_ROOM],
            format_func=lambda one: by_id[one].name if one in by_id else t("cameras.new_room"),
            index=None,
            placeholder=t("cameras.need_room"),
            key="camera_room",
        )
        if room_id == NEW_ROOM:
            _new_room()
    name = named.text_input(t("cameras.name"), key="camera_name", help=t("cameras.name_help"))
    url = main.text_input(t("cameras.main_url"), key="camera_main_url", help=t("cameras.url_help"))
    sub_url = sub.text_input(t("cameras.sub_url"), key="camera_sub_url", help=t("cameras.url_help"))
    user = account.text_input(t("cameras.user"), key="camera_user", autocomplete="off")
    password = secret.text_input(
        t("cameras.password"), type="password", key="camera_password", autocomplete="new-password"
    )
    st.radio(
        t("cameras.record"),
        [policy.value for policy in RecordingPolicy],
        format_func=lambda policy: t(f"recording_policy.{policy}"),
        horizontal=True,
        key="camera_record",
        help=t("cameras.record_help"),
    )
    known = by_id.get(room_id) if room_id else None
    return Entered(
        room=known.name if known else st.session_state.get("camera_room_name", "").strip(),
        room_type=known.type
        if known
        else st.session_state.get("camera_room_type", RoomType.BID_OPENING.value),
        is_new_room=room_id == NEW_ROOM,
        name=name.strip(),
        url=with_account(url.strip(), user.strip(), password),
        sub_url=with_account(sub_url.strip(), user.strip(), password) or None,
    )


def _new_room() -> None:
    st.text_input(t("cameras.room_name"), key="camera_room_name")
    st.selectbox(
        t("cameras.room_type"),
        [kind.value for kind in RoomType],
        format_func=lambda kind: t(f"room_type.{kind}"),
        key="camera_room_type",
    )


def wrong_in(entered: Entered, rooms: list[RoomRow]) -> list[str]:
    """What is missing or cannot be, in words."""
    wrong = []
    if not entered.room:
        wrong.append(t("cameras.need_room_name" if entered.is_new_room else "cameras.need_room"))
    elif entered.is_new_room and any(room.name == entered.room for room in rooms):
        wrong.append(t("cameras.room_taken", name=plain(entered.room)))
    if not entered.name:
        wrong.append(t("cameras.need_name"))
    elif (taken := read_fresh(cameras.camera_named, entered.name)) and taken.removed_at is None:
        wrong.append(t("cameras.name_taken", name=plain(entered.name)))
    if not entered.url:
        wrong.append(t("cameras.need_url"))
    if any(url and not url.lower().startswith(SCHEMES) for url in (entered.url, entered.sub_url)):
        wrong.append(t("cameras.bad_url"))
    return wrong


def run_probe(entered: Entered, person: Viewer) -> Probed:
    """Probes both streams and takes a still, saying what is going on; some seconds, half a minute at most."""
    found: dict[str, StreamFacts] = {}
    problems: dict[str, CameraProblem] = {}
    picture, no_picture = None, ""
    with st.status(t("cameras.probing_main"), expanded=True) as status:
        for which, url in (("main", entered.url), ("sub", entered.sub_url)):
            if not url:
                continue
            status.update(label=t(f"cameras.probing_{which}"))
            try:
                found[which] = probe(url)
                st.write(f":material/check: {t(f'cameras.{which}')}")
            except CameraProblem as problem:
                problems[which] = problem
                st.write(f":material/close: {t(f'cameras.{which}')}：{in_language(problem)}")
        if "main" in found:
            status.update(label=t("cameras.taking_still"))
            picture, no_picture = _still(entered, person)
        status.update(
            label=t("cameras.probe_failed" if problems else "cameras.probed"),
            state="error" if problems else "complete",
            expanded=bool(problems),
        )
    return Probed(entered, found.get("main"), found.get("sub"), problems, picture, no_picture)


def _still(entered: Entered, person: Viewer) -> tuple[bytes | None, str]:
    # 招标投标法 art. 38: who may not watch the room sees no single picture of it either.
    if not may_watch(person.role, entered.room_type):
        return None, t("cameras.no_still_restricted")
    try:
        taken = still(entered.url)
    except CameraProblem as problem:
        return None, t("cameras.no_still", why=in_language(problem))
    camera_changes.note_still(entered.room, entered.url, actor=person.name)
    return taken, ""


def show_probed(probed: Probed) -> None:
    """Facts, still and advice."""
    for which, problem in probed.problems.items():
        st.error(f"{t(f'cameras.{which}')}：{in_language(problem)}", icon=":material/error:")
    if probed.main is None:
        return
    streams = [(which, found) for which, found in (("main", probed.main), ("sub", probed.sub)) if found]
    columns = st.columns(3)
    for column, (which, found) in zip(columns, streams, strict=False):
        with column:
            facts(t(f"cameras.{which}"), _facts(found))
    with columns[len(streams)]:
        if probed.picture is not None:
            st.image(probed.picture, caption=t("cameras.still"))
        elif probed.no_picture:
            st.caption(probed.no_picture)
    advice = advice_on(probed.main, probed.sub, has_sub=probed.entered.sub_url is not None)
    if not advice:
        st.success(t("cameras.nothing_to_mend"), icon=":material/check_circle:")
    for one in advice:
        st.warning(t(f"advice.{one}"), icon=":material/build:")


def _facts(stream: StreamFacts) -> dict[str, str | None]:
    gop = t("health.seconds", value=f"{stream.gop_seconds:.3g}") if stream.gop_seconds else None
    daily = stream.bits_per_second * _SECONDS_PER_DAY / 8 / 1e9
    return {
        t("cameras.fact_codec"): codec_word(stream.codec),
        t("cameras.fact_size"): size_word(stream.width, stream.height),
        t("cameras.fact_frame_rate"): rate_word(stream.frame_rate),
        t("cameras.fact_gop"): gop or t("cameras.gop_not_seen"),
        t("cameras.fact_b_frames"): t("word.yes") if stream.has_b_frames else t("word.no"),
        t("cameras.fact_sound"): sound_word(stream.audio_codec),
        t("cameras.fact_bit_rate"): bit_rate(stream.bits_per_second),
        t("cameras.fact_daily"): f"{daily:.1f} GB",
    }


def save(probed: Probed, person: Viewer) -> None:
    """Stores the camera and empties the form; a name that was taken meanwhile is told."""
    entered = probed.entered
    try:
        camera_changes.add(
            actor=person.name,
            room=entered.room,
            room_type=entered.room_type,
            name=entered.name,
            url=entered.url,
            sub_url=entered.sub_url,
            facts=probed.main,
            # Not a part of what was probed: it may be chosen after that.
            recording_policy=RecordingPolicy(st.session_state.get("camera_record", RecordingPolicy.ALWAYS)),
        )
    except NameTaken as taken:
        st.error(_half(str(taken)), icon=":material/error:")
        return
    st.session_state["camera_saved"] = True
    say("cameras.saved_done", name=entered.name)
    st.rerun()


def _half(both: str) -> str:
    """The reader's half of words in Chinese and English."""
    zh, _, en = both.partition(" / ")
    return plain(zh if language() == "zh" else en)
