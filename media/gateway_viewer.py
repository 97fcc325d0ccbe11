"""One browser that watches one camera: its WebRTC connection and its share of the camera's pull."""

from __future__ import annotations

import time
from collections.abc import Callable

import aioice.ice
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError

from media.live_hub import Pull
from media.live_sender import quicken

_BAD_OFFER = (ValueError, AssertionError, LookupError, AttributeError, InvalidAccessError, InvalidStateError)
_CODECS = {"video": ("video/h264", "video/rtx"), "audio": ("audio/opus",)}

# A viewer that vanished is let go after four questions without answer, 18 to 26 s; aioice takes up to 39 s.
aioice.ice.CONSENT_FAILURES = 4


class BadOffer(Exception):
    """The SDP offer cannot be understood."""


class BrowserWithoutH264(Exception):
    """The SDP offer has no codec that we send."""


class Viewer:
    """A viewer from the first request on; `close` must follow."""

    def __init__(self, camera_id: int, web_session: str, picture: MediaStreamTrack) -> None:
        self.camera_id = camera_id
        self.web_session = web_session
        self.began_at = self.renewed_at = time.monotonic()
        self.was_connected = False
        self._tracks = [picture]
        self._connection: RTCPeerConnection | None = None

    async def answer(self, offer: str, pull: Pull) -> str:
        """The SDP answer that sends the picture as H.264, and the sound, where wanted and had, as Opus.

        Raises:
            BadOffer: it is not an SDP offer of a viewer.
            BrowserWithoutH264: as it says.
        """
        if pull.has_sound and "\nm=audio" in offer:
            self._tracks.append(pull.join_sound())
        # One transport for picture and sound: every browser bundles, and half the sockets are opened.
        self._connection = connection = RTCPeerConnection(
            RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        for track in self._tracks:
            transceiver = connection.addTransceiver(track, direction="sendonly")
            known = RTCRtpSender.getCapabilities(track.kind).codecs
            wanted = [codec for codec in known if codec.mimeType.lower() in _CODECS[track.kind]]
            transceiver.setCodecPreferences(wanted)
            quicken(transceiver.sender)
        try:
            await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
            for transceiver in connection.getTransceivers():
                if transceiver.sender.track not in self._tracks:
                    transceiver.direction = "inactive"  # sound that the camera lacks; nothing is received
            await connection.setLocalDescription(await connection.createAnswer())
        except OperationError as error:
            raise BrowserWithoutH264 from error
        except _BAD_OFFER as error:
            raise BadOffer from error
        sdp: str = connection.localDescription.sdp
        return sdp

    def on_connected(self, tell: Callable[[], None]) -> None:
        """Calls `tell` once when the browser is there."""

        def look() -> None:
            if self.state == "connected" and not self.was_connected:
                self.was_connected = True
                tell()

        if self._connection is not None:
            self._connection.on("connectionstatechange", look)
            look()

    @property
    def state(self) -> str:
        """Of the connection, in WebRTC's words."""
        return "new" if self._connection is None else str(self._connection.connectionState)

    @property
    def is_over(self) -> bool:
        """The browser is gone, or the picture is."""
        return self.state in {"failed", "closed"} or self._tracks[0].readyState == "ended"

    async def close(self) -> None:
        """Leaves the pull and ends the connection."""
        for track in self._tracks:
            track.stop()
        if self._connection is not None:
            await self._connection.close()
