"""The live gateway: cameras in, WebRTC out, by WHEP (draft-ietf-wish-whep).

    python -m media.gateway --port 8502        reads the settings; listens on loopback

The web process asks here on behalf of a signed-in viewer, with the key both share; browsers never do. What
browsers do reach is the video itself: UDP, on any port of this machine. MINGJING_ADDRESS decides which of its
addresses they are told: a single address (10.1.2.3) is the only one; otherwise (127.0.0.1, 0.0.0.0) they get
all and find out which one works. A firewall between them must let UDP pass to this machine.

    POST   /whep/{camera}             an SDP offer; 201 with the answer and the Location of the viewer
    PATCH  /whep/{camera}/{viewer}    the viewer may still watch; needed within every `RENEW_SECONDS`
    DELETE /whep/{camera}/{viewer}    the viewer leaves
    GET    /status                    who is pulled, who watches
    GET    /healthz                   open to all

An error is JSON: `error` (unauthorised, unknown_camera, unreachable, not_playable, bad_offer), for
not_playable a `reason` (codec, b_frames, browser), and what it means in `zh` and `en`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hmac
import ipaddress
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from uuid import uuid4

import aioice.ice
from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError
from sqlalchemy.exc import SQLAlchemyError

from data_access import cameras
from data_access.cameras import CameraRow
from data_access.engine import transaction
from data_access.settings import settings
from media.camera import CameraProblem, redacted
from media.live_hub import Pull, ViewerTrack
from media.live_stream import NotPlayable

log = logging.getLogger(__name__)

CONNECT_SECONDS = 15.0
RENEW_SECONDS = 60.0
_FIRST_PICTURE_SECONDS = 7.0
_SWEEP_SECONDS = 3.0
_BAD_OFFER = (ValueError, AssertionError, LookupError, InvalidAccessError, InvalidStateError)
_H264 = ("video/h264", "video/rtx")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Refused(Exception):
    """Answered with a status and a JSON body."""

    def __init__(self, status: int, error: str, zh: str, en: str, reason: str | None = None) -> None:
        super().__init__(en)
        self.status = status
        self.body = {"error": error, "reason": reason, "zh": zh, "en": en}


@dataclass
class Viewer:
    """One browser that watches one camera."""

    camera_id: int
    connection: RTCPeerConnection
    track: ViewerTrack
    began_at: float = field(default_factory=time.monotonic)
    renewed_at: float = field(default_factory=time.monotonic)

    def is_lost(self, now: float) -> bool:
        """Never connected, gone, or no longer allowed to watch."""
        state = self.connection.connectionState
        if state in {"failed", "closed"} or self.track.readyState == "ended":
            return True
        never_came = state != "connected" and now - self.began_at > CONNECT_SECONDS
        return never_came or now - self.renewed_at > RENEW_SECONDS


class Gateway:
    """All pulls and viewers of this process."""

    def __init__(self, key: str, enabled_cameras: Callable[[], list[CameraRow]]) -> None:
        """`enabled_cameras` is asked for every new viewer and every few seconds, in a thread."""
        self._key = key
        self._enabled_cameras = enabled_cameras
        self.pulls: dict[str, Pull] = {}
        self.viewers: dict[str, Viewer] = {}

    def app(self) -> web.Application:
        made = web.Application(middlewares=[self._guard])
        made.router.add_get("/healthz", _healthz)
        made.router.add_get("/status", self._status)
        made.router.add_post(r"/whep/{camera:\d+}", self._watch)
        made.router.add_patch(r"/whep/{camera:\d+}/{viewer}", self._renew)
        made.router.add_delete(r"/whep/{camera:\d+}/{viewer}", self._leave)
        made.cleanup_ctx.append(self._sweeping)
        return made

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            given = request.headers.get("Authorization", "")
            if request.path != "/healthz" and not hmac.compare_digest(
                given.encode(), f"Bearer {self._key}".encode()
            ):
                raise Refused(401, "unauthorised", "缺少网关密钥", "the gateway's key is missing or wrong")
            return await handler(request)
        except Refused as refused:
            return web.json_response(refused.body, status=refused.status)

    async def _watch(self, request: web.Request) -> web.Response:
        offer = await request.text()
        camera = await self._camera(int(request.match_info["camera"]))
        pull = self._pull(camera.sub_url or camera.url)
        track = pull.join()
        connection: RTCPeerConnection | None = None
        try:
            await _playable(pull)
            connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
            answer = await _negotiate(connection, track, offer)
        except BaseException:
            track.stop()
            if connection is not None:
                await connection.close()
            raise
        name = uuid4().hex
        self.viewers[name] = Viewer(camera.id, connection, track)
        return web.Response(
            status=201,
            text=answer,
            content_type="application/sdp",
            headers={"Location": f"/whep/{camera.id}/{name}"},
        )

    async def _camera(self, camera_id: int) -> CameraRow:
        found = next((camera for camera in await self._enabled() if camera.id == camera_id), None)
        if found is None:
            raise Refused(
                404, "unknown_camera", "没有这个摄像头或已停用", "there is no such camera, or it is disabled"
            )
        return found

    async def _enabled(self) -> list[CameraRow]:
        try:
            return await asyncio.to_thread(self._enabled_cameras)
        except SQLAlchemyError as error:
            log.warning("the database does not answer: %s", error)
            raise Refused(503, "no_database", "数据库无应答", "the database does not answer") from error

    def _pull(self, url: str) -> Pull:
        if url not in self.pulls:
            self.pulls[url] = Pull(url, ended=self._forget)
        return self.pulls[url]

    def _forget(self, pull: Pull) -> None:
        if self.pulls.get(pull.url) is pull:
            del self.pulls[pull.url]

    def _viewer(self, request: web.Request) -> Viewer:
        viewer = self.viewers.get(request.match_info["viewer"])
        if viewer is None or viewer.camera_id != int(request.match_info["camera"]):
            raise Refused(404, "unknown_viewer", "播放连接已结束", "this connection has ended")
        return viewer

    async def _renew(self, request: web.Request) -> web.Response:
        self._viewer(request).renewed_at = time.monotonic()
        return web.Response(status=204)

    async def _leave(self, request: web.Request) -> web.Response:
        self._viewer(request)
        await self._close(request.match_info["viewer"])
        return web.Response(status=200)

    async def _close(self, name: str) -> None:
        viewer = self.viewers.pop(name, None)
        if viewer is not None:
            viewer.track.stop()
            await viewer.connection.close()

    async def _status(self, _request: web.Request) -> web.Response:
        pulls = [
            {
                "url": redacted(pull.url),
                "viewers": len(pull.viewers),
                "pictures": pull.state.pictures,
                "last_picture_at": pull.state.last_picture_at,
                "problem": None if pull.state.problem is None else str(pull.state.problem),
            }
            for pull in self.pulls.values()
        ]
        return web.json_response({"viewers": len(self.viewers), "pulls": pulls})

    async def _sweeping(self, _app: web.Application) -> AsyncIterator[None]:
        sweeper = asyncio.create_task(self._sweep())
        yield
        sweeper.cancel()
        await asyncio.gather(*(self._close(name) for name in list(self.viewers)))
        for pull in list(self.pulls.values()):
            pull.close()

    async def _sweep(self) -> None:
        """Lets go of lost viewers, and of cameras that were removed, disabled or moved."""
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = time.monotonic()
            lost = [name for name, viewer in self.viewers.items() if viewer.is_lost(now)]
            await asyncio.gather(*(self._close(name) for name in lost))
            with contextlib.suppress(Refused):
                await self._drop_removed()

    async def _drop_removed(self) -> None:
        if not self.pulls:
            return
        wanted = {camera.sub_url or camera.url for camera in await self._enabled()}
        for url in self.pulls.keys() - wanted:
            self.pulls.pop(url).close()


async def _healthz(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def _playable(pull: Pull) -> None:
    try:
        await pull.playable(_FIRST_PICTURE_SECONDS)
    except NotPlayable as problem:
        raise Refused(422, "not_playable", problem.zh, problem.en, problem.reason) from problem
    except CameraProblem as problem:
        raise Refused(503, "unreachable", problem.zh, problem.en) from problem


async def _negotiate(connection: RTCPeerConnection, track: ViewerTrack, offer: str) -> str:
    """The SDP answer that sends the track as H.264."""
    transceiver = connection.addTransceiver(track, direction="sendonly")
    known = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([codec for codec in known if codec.mimeType.lower() in _H264])
    try:
        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
    except OperationError as error:
        raise Refused(
            422, "not_playable", "浏览器不支持 H.264", "the browser cannot play H.264", "browser"
        ) from error
    except _BAD_OFFER as error:
        raise Refused(400, "bad_offer", "播放请求无法识别", "the SDP offer cannot be understood") from error
    return connection.localDescription.sdp


def announce(address: str) -> None:
    """Decides which addresses of this machine browsers are told: see the module's text."""
    every = aioice.ice.get_host_addresses

    def addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        single = _single(address)
        return [single] if single else every(use_ipv4, use_ipv6) or ["127.0.0.1"]

    aioice.ice.get_host_addresses = addresses


def _single(address: str) -> str | None:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None  # a name, "localhost" for one: let the browser find out
    return None if parsed.is_loopback or parsed.is_unspecified else str(parsed)


def _enabled_cameras() -> list[CameraRow]:
    with transaction() as session:
        return cameras.enabled_cameras(session)


def main() -> None:
    """Serves until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    for noisy in ("aioice", "aiortc", "aiohttp"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    parser = argparse.ArgumentParser(description="Live pictures by WHEP")
    chosen = settings()
    parser.add_argument("--port", type=int, default=chosen.gateway_ports[0])
    port = parser.parse_args().port
    announce(chosen.address)
    app = Gateway(chosen.gateway_key(), _enabled_cameras).app()
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None, shutdown_timeout=1)


if __name__ == "__main__":
    main()
