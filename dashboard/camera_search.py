"""Finding cameras on the network, and their stream addresses."""

from __future__ import annotations

import streamlit as st

from dashboard.health_words import clock_offset, picture_word
from dashboard.i18n import language, t
from dashboard.parts import plain
from data_access.camera_health import LARGEST_CLOCK_OFFSET
from media.camera import CameraProblem
from media.onvif_discovery import Device, DeviceProblem, DeviceStreams, find_devices, read_streams


def discovery() -> None:
    """Finds cameras on the network and puts their stream addresses into the form."""
    with st.expander(t("cameras.discover"), icon=":material/travel_explore:"):
        st.caption(t("cameras.discover_help"))
        if st.button(t("cameras.discover_button"), key="discover"):
            _search()
        found: list[Device] | None = st.session_state.get("devices")
        if found is None:
            return
        if not found:
            st.info(
                f"**{t('cameras.none_found')}**  \n{t('cameras.none_found_help')}",
                icon=":material/search_off:",
            )
            return
        st.caption(t("cameras.found", count=len(found)))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            labels = [device.label for device in found]
            place = st.selectbox(
                t("cameras.device"),
                range(len(found)),
                format_func=labels.__getitem__,
                key="device",
                width=280,
            )
            user = st.text_input(t("cameras.device_user"), key="device_user", width=160)
            password = st.text_input(
                t("cameras.device_password"), type="password", key="device_password", width=160
            )
            asked = st.button(t("cameras.read_addresses"), type="primary", key="read_addresses")
        if asked and place is not None:
            _read(found[place], user, password)


def _search() -> None:
    try:
        with st.spinner(t("cameras.discovering")):
            st.session_state["devices"] = find_devices()
    except DeviceProblem as problem:
        st.error(in_language(problem), icon=":material/error:")


def _read(device: Device, user: str, password: str) -> None:
    try:
        with st.spinner(t("cameras.reading_addresses")):
            streams = read_streams(device.url, user, password)
    except DeviceProblem as problem:
        st.error(f"{plain(device.label)}：{in_language(problem)}", icon=":material/error:")
        return
    st.session_state["camera_main_url"] = streams.main.url
    st.session_state["camera_sub_url"] = streams.sub.url if streams.sub else ""
    st.session_state["camera_user"], st.session_state["camera_password"] = user, password
    st.success(_told(streams), icon=":material/check_circle:")


def _told(streams: DeviceStreams) -> str:
    shown = {
        name: t(
            "cameras.profile",
            name=plain(stream.name),
            picture=picture_word(stream.codec, stream.width, stream.height),
        )
        if stream
        else t("cameras.no_sub_profile")
        for name, stream in (("main", streams.main), ("sub", streams.sub))
    }
    lines = [t("cameras.addresses_read", main=shown["main"], sub=shown["sub"])]
    if abs(streams.clock_offset or 0) > LARGEST_CLOCK_OFFSET:
        lines.append(t("cameras.clock_off", offset=clock_offset(streams.clock_offset)))
    return "  \n".join(lines)


def in_language(problem: CameraProblem | DeviceProblem) -> str:
    """What is wrong and how to mend it, as the reader speaks."""
    return plain(problem.zh if language() == "zh" else problem.en)
