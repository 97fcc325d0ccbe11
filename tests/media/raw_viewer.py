"""A viewer that costs next to nothing: it connects as a browser does, then counts packets and decrypts none.

For many viewers at once (churn, benchmarks/live.py). What it needs stands in the clear part of an RTP packet:
a picture is over with the packet that has the marker.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Callable
from typing import Any

from aiohttp import ClientSession
from aiortc import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    RTCIceGatherer,
    RTCIceParameters,
    RTCIceTransport,
)
from aiortc.rtp import RtcpReceiverInfo, RtcpRrPacket
from aiortc.sdp import candidate_from_sdp

_OFFER = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
m=video 9 UDP/TLS/RTP/SAVPF 101
c=IN IP4 0.0.0.0
a=recvonly
a=mid:0
a=rtcp-mux
a=rtpmap:101 H264/90000
a=rtcp-fb:101 nack
a=rtcp-fb:101 nack pli
a=fmtp:101 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=ice-ufrag:{user}
a=ice-pwd:{password}
a=fingerprint:{algorithm} {fingerprint}
a=setup:actpass
"""
_REPORT_SECONDS = 1.0
_certificates: list[RTCCertificate] = []  # one for all viewers of this process: making one takes a while

Passes = Callable[[str, str], dict[str, str]]  # method and path to the headers of the request


class RawViewer:
    """One viewer. `pictures` are the moments (monotonic seconds) at which one was complete."""

    def __init__(self, server: str, passes: Passes) -> None:
        """`server`: its address, without a path."""
        if not _certificates:
            _certificates.append(RTCCertificate.generateCertificate())
        self._server = server
        self._passes = passes
        self._gatherer = RTCIceGatherer(iceServers=[])
        self._ice = RTCIceTransport(self._gatherer)
        self._dtls = RTCDtlsTransport(self._ice, _certificates)
        self._reporting: asyncio.Task[None] | None = None
        self._source = 0
        self.location = ""
        self.packets = 0
        self.pictures: list[float] = []

    async def watch(self, http: ClientSession, path: str) -> None:
        """Connects; pictures come from now on."""
        await self._gatherer.gather()
        offer = self._offer()
        headers = {**self._passes("POST", path), "Content-Type": "application/sdp"}
        async with http.post(self._server + path, data=offer, headers=headers) as response:
            answer = await response.text()
            assert response.status == 201, answer
            self.location = response.headers["Location"]
        for line in re.findall(r"a=candidate:(.*)", answer):
            candidate = candidate_from_sdp(line.strip())
            candidate.sdpMid = "0"
            await self._ice.addRemoteCandidate(candidate)
        await self._ice.addRemoteCandidate(None)
        connection: Any = self._gatherer._connection
        connection.ice_controlling = True
        connection.data_received = self._counted(connection.data_received)
        await self._ice.start(RTCIceParameters(_of(answer, "ice-ufrag"), _of(answer, "ice-pwd")))
        algorithm, fingerprint = _of(answer, "fingerprint").split()
        self._dtls._set_role("client" if _of(answer, "setup") == "passive" else "server")
        await self._dtls.start(RTCDtlsParameters([RTCDtlsFingerprint(algorithm, fingerprint)]))
        assert self._dtls.state == "connected", self._dtls.state
        self._reporting = asyncio.create_task(self._report())

    def _offer(self) -> str:
        local = self._gatherer.getLocalParameters()
        (fingerprint, *_) = self._dtls.getLocalParameters().fingerprints
        return _OFFER.format(
            user=local.usernameFragment,
            password=local.password,
            algorithm=fingerprint.algorithm,
            fingerprint=fingerprint.value,
        ).replace("\n", "\r\n")

    def _counted(self, pass_on: Callable[[bytes, int], None]) -> Callable[[bytes, int], None]:
        def received(data: bytes, component: int) -> None:
            if data[0] >> 6 != 2 or 192 <= data[1] < 224:  # DTLS, or RTCP (RFC 5761)
                pass_on(data, component)
                return
            self.packets += 1
            if data[1] & 0x80:
                self._source = int.from_bytes(data[8:12], "big")
                self.pictures.append(time.monotonic())

        return received

    async def _report(self) -> None:
        """A browser's reports, once a second."""
        while True:
            await asyncio.sleep(_REPORT_SECONDS)
            report = RtcpReceiverInfo(self._source, 0, 0, self.packets & 0xFFFF, 0, 0, 0)
            with contextlib.suppress(ConnectionError):
                await self._dtls._send_rtp(bytes(RtcpRrPacket(ssrc=1, reports=[report])))

    async def leave(self, http: ClientSession) -> None:
        """Says goodbye, as a player does when its page is closed."""
        if self.location:
            headers = self._passes("DELETE", self.location)
            async with http.delete(self._server + self.location, headers=headers):
                await self._stop()

    async def vanish(self) -> None:
        """Its network is gone: no goodbye reaches the server."""
        for protocol in self._gatherer._connection._protocols:
            protocol.transport.abort()
        await self._stop(says_goodbye=False)

    async def _stop(self, *, says_goodbye: bool = True) -> None:
        if self._reporting is not None:
            self._reporting.cancel()
        if says_goodbye:
            await self._dtls.stop()
        elif self._dtls._task is not None:
            self._dtls._task.cancel()
        await self._ice.stop()


def _of(sdp: str, name: str) -> str:
    found = re.search(rf"a={name}:(.*)", sdp)
    assert found is not None, sdp
    return found[1].strip()
