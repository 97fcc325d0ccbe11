"""A small real ONVIF camera for tests: answers WS-Discovery by multicast and SOAP by HTTP."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import socket
import struct
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

from aiohttp import web

GROUP, PORT = "239.255.255.250", 3702
USER, PASSWORD = "admin", "p@ss/word"
NAMESPACES = (
    'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" '
    'xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema" '
    'xmlns:ter="http://www.onvif.org/ver10/error"'
)
PROFILE = """<trt:Profiles token="{token}" fixed="true"><tt:Name>{token}</tt:Name>
<tt:VideoEncoderConfiguration token="{token}"><tt:Name>{token}</tt:Name><tt:UseCount>1</tt:UseCount>
<tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>{width}</tt:Width><tt:Height>{height}</tt:Height>
</tt:Resolution><tt:Quality>4</tt:Quality><tt:SessionTimeout>PT60S</tt:SessionTimeout>
</tt:VideoEncoderConfiguration></trt:Profiles>"""
REFUSAL = """<s:Fault><s:Code><s:Value>s:Sender</s:Value>
<s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code>
<s:Reason><s:Text xml:lang="en">Sender not Authorized</s:Text></s:Reason></s:Fault>"""


@dataclass
class OnvifDevice:
    """What the device is; its clock may be wrong."""

    name: str = "Lobby camera"
    clock_ahead: timedelta = timedelta()
    sizes: dict[str, tuple[int, int]] = field(
        default_factory=lambda: {"sub": (640, 360), "main": (1920, 1080)}
    )
    stream_host: str = "127.0.0.1:554"
    garbage: bool = False
    port: int = 0
    questions: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Of the device service."""
        return f"http://127.0.0.1:{self.port}/onvif/device_service"

    async def answer(self, request: web.Request) -> web.Response:
        """One SOAP question."""
        text = await request.text()
        body = text[re.search(r"<[\w-]*:?Body", text).start() :]  # type: ignore[union-attr]
        asked = re.search(r"Body[^>]*>\s*<(?:[\w-]+:)?(\w+)", body)
        question = asked.group(1) if asked else ""
        self.questions.append(question)
        if self.garbage:
            return web.Response(text="<html>router login</html>", content_type="text/html")
        if question != "GetSystemDateAndTime" and not self._knows(text):
            return self._soap(REFUSAL, status=400)
        return self._soap(getattr(self, f"_{question}")(body))

    def _knows(self, envelope: str) -> bool:
        """WS-Security: the digest of nonce, time and password; the time must be this device's."""

        def part(name: str) -> str:
            found = re.search(rf"<(?:[\w-]+:)?{name}(?:\s[^>]*)?>([^<]*)<", envelope)
            return found.group(1) if found else ""

        nonce, created = base64.b64decode(part("Nonce")), part("Created")
        digest = base64.b64encode(
            hashlib.sha1(nonce + created.encode() + PASSWORD.encode()).digest()
        ).decode()
        if part("Username") != USER or part("Password") != digest:
            return False
        at = datetime.fromisoformat(created.replace("Z", "+00:00"))
        return abs(at - (datetime.now(UTC) + self.clock_ahead)) < timedelta(seconds=10)

    def _soap(self, body: str, status: int = 200) -> web.Response:
        text = f"<s:Envelope {NAMESPACES}><s:Body>{body}</s:Body></s:Envelope>"
        return web.Response(text=text, status=status, content_type="application/soap+xml")

    def _GetSystemDateAndTime(self, _body: str) -> str:  # noqa: N802
        now = datetime.now(UTC) + self.clock_ahead
        return (
            "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>Manual</tt:DateTimeType>"
            "<tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime>"
            f"<tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute>"
            f"<tt:Second>{now.second}</tt:Second></tt:Time>"
            f"<tt:Date><tt:Year>{now.year}</tt:Year><tt:Month>{now.month}</tt:Month>"
            f"<tt:Day>{now.day}</tt:Day></tt:Date>"
            "</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
        )

    def _GetServices(self, _body: str) -> str:  # noqa: N802
        services = "".join(
            f"<tds:Service><tds:Namespace>http://www.onvif.org/ver10/{name}/wsdl</tds:Namespace>"
            f"<tds:XAddr>http://127.0.0.1:{self.port}/onvif/{name}_service</tds:XAddr>"
            "<tds:Version><tt:Major>2</tt:Major><tt:Minor>5</tt:Minor></tds:Version></tds:Service>"
            for name in ("device", "media")
        )
        return f"<tds:GetServicesResponse>{services}</tds:GetServicesResponse>"

    def _GetProfiles(self, _body: str) -> str:  # noqa: N802
        profiles = "".join(
            PROFILE.format(token=token, width=width, height=height)
            for token, (width, height) in self.sizes.items()
        )
        return f"<trt:GetProfilesResponse>{profiles}</trt:GetProfilesResponse>"

    def _GetStreamUri(self, body: str) -> str:  # noqa: N802
        token = re.search(r"ProfileToken>([^<]*)<", body).group(1)  # type: ignore[union-attr]
        return (
            "<trt:GetStreamUriResponse><trt:MediaUri>"
            f"<tt:Uri>rtsp://{self.stream_host}/{token}</tt:Uri>"
            "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>"
            "<tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout>"
            "</trt:MediaUri></trt:GetStreamUriResponse>"
        )


@contextmanager
def onvif_device(device: OnvifDevice | None = None) -> Iterator[OnvifDevice]:
    """The device, listening on a free port of the loopback and in the group of WS-Discovery."""
    device = device or OnvifDevice()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    app = web.Application()
    app.router.add_post("/onvif/{service}", device.answer)
    runner = web.AppRunner(app, access_log=None)

    async def start() -> None:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        device.port = runner.addresses[0][1]
        await loop.create_datagram_endpoint(lambda: _Discovery(device), sock=_group_socket())

    asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        yield device
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _group_socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("", PORT))
    made.setsockopt(
        socket.IPPROTO_IP,
        socket.IP_ADD_MEMBERSHIP,
        struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton("0.0.0.0")),
    )
    made.setblocking(False)
    return made


class _Discovery(asyncio.DatagramProtocol):
    def __init__(self, device: OnvifDevice) -> None:
        self._device = device

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asked = re.search(r"MessageID[^>]*>([^<]+)<", data.decode("utf-8", "replace"))
        if asked is None or b"Probe" not in data or b"ProbeMatches" in data:
            return
        name = self._device.name.replace(" ", "%20")
        self._transport.sendto(
            f"""<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
 xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"
 xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><s:Header>
<a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID><a:RelatesTo>{asked.group(1)}</a:RelatesTo>
<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>
<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</a:Action>
<d:AppSequence InstanceId="1" MessageNumber="1"/></s:Header><s:Body><d:ProbeMatches><d:ProbeMatch>
<a:EndpointReference><a:Address>urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, self._device.url)}</a:Address>
</a:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types>
<d:Scopes>onvif://www.onvif.org/name/{name} onvif://www.onvif.org/hardware/T1</d:Scopes>
<d:XAddrs>{self._device.url}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>
</d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>""".encode(),
            addr,
        )
