"""Cameras on the local network by ONVIF: which there are, and where their streams are.

WS-Discovery finds devices in this machine's own network segment only; its multicast passes no router.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from onvif import ONVIFCamera  # type: ignore[import-untyped]

SEARCH_SECONDS = 3.0
ANSWER_SECONDS = 20.0  # for all questions to a device together
_NETWORK_WSDL = "http://www.onvif.org/ver10/network/wsdl"
_SCOPE = "onvif://www.onvif.org/"
_CODECS = {"H264": "h264", "H265": "hevc", "JPEG": "mjpeg", "MPEG4": "mpeg4"}


class DeviceProblem(Exception):
    """What is wrong with a device or the search, and how to mend it, in Chinese and English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh = zh
        self.en = en


REFUSED = (
    "设备账号或密码被拒绝；请使用设备上的 ONVIF 用户（有的设备须单独添加）",
    "the device refuses the account or password; use its ONVIF user (some devices need one of its own)",
)
UNREACHABLE = (
    "设备没有应答，请检查地址、端口和网络",
    "the device does not answer; check address, port and network",
)
NOT_ONVIF = (
    "设备的应答不符合 ONVIF，请在设备上启用 ONVIF，或直接填写码流地址",
    "the device does not answer as ONVIF says; enable ONVIF in it, or enter the stream address",
)
NO_STREAM = ("设备没有可用的视频码流", "the device has no video stream")
NO_SEARCH = (
    "无法在网络中查找：组播不可用，请直接填写码流地址",
    "the network cannot be searched: multicast is not available; enter the stream address",
)


@dataclass(frozen=True)
class Device:
    """A camera that has answered the search."""

    name: str  # what it calls itself; may be empty
    host: str
    url: str  # of its device service

    @property
    def label(self) -> str:
        """Name and address."""
        return f"{self.name} · {self.host}" if self.name else self.host


@dataclass(frozen=True)
class DeviceStream:
    """A stream that a device offers."""

    name: str
    url: str  # without an account
    codec: str  # "h264", "hevc" or what else it is
    width: int  # pixels
    height: int  # pixels


@dataclass(frozen=True)
class DeviceStreams:
    """Where a device's pictures are."""

    main: DeviceStream
    sub: DeviceStream | None
    clock_offset: float | None  # seconds by which the device's clock is ahead; None: it does not tell


def find_devices(seconds: float = SEARCH_SECONDS) -> list[Device]:
    """The cameras that answer within the time, by address.

    Raises:
        DeviceProblem: this machine cannot search.
    """
    from wsdiscovery import QName  # type: ignore[import-untyped]
    from wsdiscovery.discovery import ThreadedWSDiscovery  # type: ignore[import-untyped]

    search = ThreadedWSDiscovery()
    try:
        search.start()
        transmitter = QName(_NETWORK_WSDL, "NetworkVideoTransmitter")
        answers = search.searchServices(types=[transmitter], timeout=seconds)
        found = {device.url: device for answer in answers if (device := _device(answer)) is not None}
    except Exception as error:  # the package raises bare exceptions
        raise DeviceProblem(*NO_SEARCH) from error
    finally:
        search.stop()
    return sorted(found.values(), key=lambda device: device.label)


def _device(answer: Any) -> Device | None:
    urls = [url for url in answer.getXAddrs() if urlsplit(url).hostname]
    if not urls:
        return None
    # A device may answer with several addresses; those of IPv4 are the ones that people know.
    url = min(urls, key=lambda each: ":" in str(urlsplit(each).hostname))
    scopes = [str(scope.getValue()) for scope in answer.getScopes()]
    named = [scope.removeprefix(f"{_SCOPE}name/") for scope in scopes if scope.startswith(f"{_SCOPE}name/")]
    return Device(unquote(named[0]) if named else "", str(urlsplit(url).hostname), url)


def read_streams(device_url: str, user: str, password: str) -> DeviceStreams:
    """Asks a device for its main stream (the largest) and its sub-stream (the smallest).

    Raises:
        DeviceProblem: it does not answer, refuses the account, or has no stream.
    """
    return asyncio.run(_read_streams(device_url, user, password))


async def _read_streams(device_url: str, user: str, password: str) -> DeviceStreams:
    import aiohttp
    import zeep.exceptions
    from lxml.etree import LxmlError  # type: ignore[import-untyped]
    from onvif import ONVIFCamera, ONVIFError

    parts = urlsplit(device_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    camera = ONVIFCamera(f"{parts.scheme}://{host}", port, user, password, no_cache=True)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await _ask(camera)
    except (zeep.exceptions.Fault, zeep.exceptions.TransportError) as error:
        raise DeviceProblem(*(REFUSED if _is_refusal(error) else NOT_ONVIF)) from None
    except (aiohttp.ClientError, TimeoutError, OSError):
        raise DeviceProblem(*UNREACHABLE) from None
    except (ONVIFError, zeep.exceptions.Error, LxmlError, AttributeError, TypeError, ValueError):
        raise DeviceProblem(*NOT_ONVIF) from None
    finally:
        await camera.close()


def _is_refusal(error: Any) -> bool:
    if getattr(error, "status_code", None) in {401, 403}:
        return True
    told = [
        getattr(error, "code", ""),
        getattr(error, "message", ""),
        *(getattr(error, "subcodes", None) or ()),
    ]
    words = " ".join(str(one) for one in told).lower()
    return any(word in words for word in ("notauthorized", "not authorized", "unauthorized", "failedauth"))


async def _ask(camera: ONVIFCamera) -> DeviceStreams:
    offset = await _clock_offset(camera)
    # The password's digest holds the time, and a device with a wrong clock takes its own time only.
    camera.adjust_time = offset is not None
    await camera.update_xaddrs()
    media = await camera.create_media_service()
    streams = []
    for profile in await media.GetProfiles():
        if profile.VideoEncoderConfiguration is None:
            continue
        request = {
            "ProfileToken": profile.token,
            "StreamSetup": {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}},
        }
        answer = await media.GetStreamUri(request)
        encoder = profile.VideoEncoderConfiguration
        streams.append(
            DeviceStream(
                name=str(profile.Name or profile.token),
                url=str(answer.Uri),
                codec=_CODECS.get(str(encoder.Encoding).upper(), str(encoder.Encoding).lower()),
                width=int(encoder.Resolution.Width),
                height=int(encoder.Resolution.Height),
            )
        )
    if not streams:
        raise DeviceProblem(*NO_STREAM)
    by_size = sorted(streams, key=lambda stream: stream.width * stream.height)
    main, sub = by_size[-1], by_size[0]
    return DeviceStreams(main, sub if sub.url != main.url else None, offset)


async def _clock_offset(camera: ONVIFCamera) -> float | None:
    """Seconds by which the device's clock is ahead; ONVIF lets anybody ask for it."""
    import zeep.exceptions

    service = await camera.create_devicemgmt_service()
    try:
        told = (await service.authless_GetSystemDateAndTime()).UTCDateTime
        date, time = told.Date, told.Time
        there = datetime(date.Year, date.Month, date.Day, time.Hour, time.Minute, time.Second, tzinfo=UTC)
    except (zeep.exceptions.Error, AttributeError, TypeError, ValueError):
        return None
    # It tells whole seconds: on average half a one has passed since.
    return (there - datetime.now(UTC)).total_seconds() + 0.5


def with_account(url: str, user: str, password: str) -> str:
    """The address with the account in it, unless it has one already or there is none to add."""
    parts = urlsplit(url)
    if not user or not parts.netloc or "@" in parts.netloc:
        return url
    account = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    return urlunsplit(parts._replace(netloc=f"{account}@{parts.netloc}"))
