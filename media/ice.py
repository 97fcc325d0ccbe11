"""The STUN and TURN servers for viewers that do not reach this machine by UDP.

A TURN server gets no passwords of ours: it shares a secret with us, and a viewer's password is its signature
over a name and a time until which it is good (draft-uberti-behave-turn-rest-00; coturn: use-auth-secret).
"""

import base64
import hashlib
import hmac
import time
from typing import Any

from aiortc import RTCConfiguration, RTCIceServer

from data_access.settings import settings

_GOOD_FOR = 12 * 3600  # seconds: as long as a sign-in; the TURN server asks again when the relay is renewed


def servers_for(name: str) -> list[dict[str, Any]]:
    """The servers as a browser's RTCPeerConnection takes them; `name` stands in the TURN server's log."""
    chosen = settings()
    stun = [url for url in chosen.ice_servers if url.startswith("stun")]
    turn = [url for url in chosen.ice_servers if url.startswith("turn")]
    servers: list[dict[str, Any]] = [{"urls": stun}] if stun else []
    if turn:
        user = f"{int(time.time()) + _GOOD_FOR}:{name}"
        password = _password(user, chosen.turn_secret.get_secret_value())
        servers.append({"urls": turn, "username": user, "credential": password})
    return servers


def configuration_for(name: str) -> RTCConfiguration:
    """The same for a connection of ours (aiortc)."""
    return RTCConfiguration(iceServers=[RTCIceServer(**server) for server in servers_for(name)])


def _password(user: str, secret: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), user.encode(), hashlib.sha1)).decode()
