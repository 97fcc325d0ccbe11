"""What off-site openings and talk-back share: WebRTC with a browser, through streamlit-webrtc."""

from __future__ import annotations

import logging
from functools import cache
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.access import Viewer
from data_access.settings import settings
from media.announced import announce
from media.ice import servers_for

_SERVERS = "ice_servers"


def rtc_configuration(person: Viewer) -> dict[str, Any]:
    """The ICE servers, for the browser and for our side of the connection."""
    _prepare()
    # Asked for once a page session: streamlit-webrtc keeps every different answer.
    if _SERVERS not in st.session_state:
        st.session_state[_SERVERS] = servers_for(person.name)
    return {"iceServers": st.session_state[_SERVERS]}


def unseen() -> DeltaGenerator:
    """The place for the library's own widget, which is not shown: the page tells more, in its language."""
    st.html("<style>.st-key-browser_media{position:absolute;width:1px;height:1px;overflow:hidden}</style>")
    return st.container(key="browser_media")


@cache
def _prepare() -> None:
    """Tells browsers the addresses of this machine that they can reach, and keeps chatter out of the log."""
    announce(settings().address)
    for noisy in ("aioice", "aiortc", "streamlit_webrtc"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
