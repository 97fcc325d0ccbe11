"""The live gateway: cameras in, WebRTC out, by WHEP (draft-ietf-wish-whep).

    python -m media.gateway --port 8502        reads the settings; listens on loopback

The web process asks here on behalf of a signed-in viewer; browsers never do. What browsers do reach is the
video itself: UDP, on any port of this machine. MINGJING_ADDRESS decides which of its addresses they are told:
a single address (10.1.2.3) is the only one; otherwise (127.0.0.1, 0.0.0.0) they get all and find out which
one works. A firewall between them must let UDP pass to this machine, or a TURN server stands between
(media/ice.py, docs/operations.md).

    POST   /whep/{camera}?stream=sub|main   an SDP offer; 201 with the answer and the Location of the viewer
    PATCH  /whep/{camera}/{viewer}          the viewer may still watch; needed within every `RENEW_SECONDS`
    DELETE /whep/{camera}/{viewer}          the viewer leaves
    GET    /status                          who is pulled, who watches; with the key as bearer
    GET    /metrics                         figures for Prometheus; open, as is
    GET    /healthz

The first three need a pass that the web process made for this very request (media/viewer_token.py); a viewer
belongs to the web session in the pass that it came with, and no other renews or ends it.

`Mingjing-Transcoded: codec|b_frames` in an answer: the picture is converted, and why.
An error is JSON: `error` (unauthorised, unknown_camera, unreachable, not_playable, bad_offer), for
not_playable a `reason` (codec, b_frames, browser), and what it means in `zh` and `en`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hmac
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from data_access import cameras
from data_access.cameras import CameraRow
from data_access.engine import transaction
from data_access.settings import settings
from media import viewer_token
from media.announced import announce
from media.camera import CameraProblem, redacted
from media.gateway_metrics import GatewayFigures, Stream
from media.gateway_viewer import BadOffer, BrowserWithoutH264, Viewer
from media.live_hub import Pull
from media.live_stream import NotPlayable
from media.viewer_token import WrongToken

log = logging.getLogger(__name__)

CONNECT_SECONDS = 15.0
RENEW_SECONDS = 60.0
_FIRST_PICTURE_SECONDS = 7.0
_SWEEP_SECONDS = 3.0
_CLOSE_SECONDS = 5.0
_DATABASE_THREADS = 2
_OPEN_PATHS = frozenset({"/healthz", "/metrics"})
_WEB_SESSION = web.RequestKey("web_session", str)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Refused(Exception):
    """Answered with a status and a JSON body."""

    def __init__(self, status: int, error: str, zh: str, en: str, reason: str | None = None) -> None:
        super().__init__(en)
        self.status = status
        self.body = {"error": error, "reason": reason, "zh": zh, "en": en}


class Gateway:
    """All pulls and viewers of this process."""

    def __init__(self, key: str, enabled_cameras: Callable[[], list[CameraRow]]) -> None:
        """`enabled_cameras` is asked for every new viewer and every few seconds, in a thread."""
        self._key = key
        self._enabled_cameras = enabled_cameras
        self.pulls: dict[Stream, Pull] = {}
        self.viewers: dict[str, Viewer] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self.figures = GatewayFigures(self.pulls)

    def app(self) -> web.Application:
        made = web.Application(middlewares=[self._guard])
        made.router.add_get("/healthz", _healthz)
        made.router.add_get("/metrics", self._metrics)
        made.router.add_get("/status", self._status)
        made.router.add_post(r"/whep/{camera:\d+}", self._watch)
        made.router.add_patch(r"/whep/{camera:\d+}/{viewer}", self._renew)
        made.router.add_delete(r"/whep/{camera:\d+}/{viewer}", self._leave)
        made.cleanup_ctx.append(self._running)
        return made

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Lets in whom the web process sent; for whose web session stands in `_WEB_SESSION`."""
        try:
            if request.path not in _OPEN_PATHS:
                self._authorise(request)
            return await handler(request)
        except Refused as refused:
            if request.method == "POST":
                self.figures.outcomes.labels(refused.body["error"]).inc()
            return web.json_response(refused.body, status=refused.status)

    def _authorise(self, request: web.Request) -> None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            if request.path != "/status":
                request[_WEB_SESSION] = viewer_token.web_session_of(
                    token, self._key, request.method, request.path_qs
                )
            elif not hmac.compare_digest(token.encode(), self._key.encode()):
                raise WrongToken("not the key")
        except WrongToken as wrong:
            raise Refused(
                401, "unauthorised", "缺少网关授权", "the web process's pass is missing or wrong"
            ) from wrong

    async def _watch(self, request: web.Request) -> web.Response:
        offer = await request.text()
        camera = await self._camera(int(request.match_info["camera"]))
        pull = self._pull(camera, request.query.get("stream", "sub"))
        viewer = Viewer(camera.id, request[_WEB_SESSION], pull.join())
        try:
            await _playable(pull)
            answer = await _answered(viewer, pull, offer)
        except BaseException:
            await viewer.close()
            raise
        name = uuid4().hex
        self.viewers[name] = viewer
        viewer.on_connected(self.figures.outcomes.labels("connected").inc)
        headers = {"Location": f"/whep/{camera.id}/{name}"}
        if pull.converted:
            headers["Mingjing-Transcoded"] = pull.converted
        return web.Response(status=201, text=answer, content_type="application/sdp", headers=headers)

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

    def _pull(self, camera: CameraRow, stream: str) -> Pull:
        streams = _streams_of(camera)
        asked = (camera.id, stream if (camera.id, stream) in streams else "main")
        pull = self.pulls.get(asked)
        if pull is None or pull.url != streams[asked]:
            if pull is not None:
                pull.close()
            pull = self.pulls[asked] = Pull(streams[asked], ended=self._forget)
        return pull

    def _forget(self, pull: Pull) -> None:
        for stream in [stream for stream, kept in self.pulls.items() if kept is pull]:
            del self.pulls[stream]

    def _viewer(self, request: web.Request) -> Viewer:
        viewer = self.viewers.get(request.match_info["viewer"])
        asked = (int(request.match_info["camera"]), request[_WEB_SESSION])
        if viewer is None or asked != (viewer.camera_id, viewer.web_session):
            raise Refused(404, "unknown_viewer", "播放连接已结束", "this connection has ended")
        return viewer

    async def _renew(self, request: web.Request) -> web.Response:
        self._viewer(request).renewed_at = time.monotonic()
        return web.Response(status=204)

    async def _leave(self, request: web.Request) -> web.Response:
        self._viewer(request)
        # A browser that goes to another page waits for this answer with the page's own requests.
        ending = asyncio.create_task(self._close(request.match_info["viewer"]))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        return web.Response(status=200)

    async def _close(self, name: str) -> None:
        viewer = self.viewers.pop(name, None)
        if viewer is None:
            return
        if not viewer.was_connected:
            self.figures.outcomes.labels("never_connected").inc()
        with contextlib.suppress(TimeoutError):  # what it still held goes with it
            async with asyncio.timeout(_CLOSE_SECONDS):
                await viewer.close()

    async def _metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=self.figures.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _status(self, _request: web.Request) -> web.Response:
        pulls = [
            {
                "camera": camera_id,
                "stream": stream,
                "url": redacted(pull.url),
                "viewers": len(pull.viewers),
                "pictures": pull.state.pictures,
                "last_picture_at": pull.state.last_picture_at,
                "converted": pull.converted,
                "problem": None if pull.state.problem is None else str(pull.state.problem),
            }
            for (camera_id, stream), pull in self.pulls.items()
        ]
        told = {"viewers": len(self.viewers), "tasks": len(asyncio.all_tasks()), "pulls": pulls}
        return web.json_response(told)

    async def _running(self, _app: web.Application) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_DATABASE_THREADS, "database"))
        tasks = [asyncio.create_task(self._sweep()), asyncio.create_task(self.figures.watch_the_loop())]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*self._ending, *(self._close(name) for name in list(self.viewers)))
        for pull in list(self.pulls.values()):
            pull.close()

    async def _sweep(self) -> None:
        """Lets go of lost viewers, and of cameras that were removed, disabled or moved."""
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = time.monotonic()
            lost = [name for name, viewer in self.viewers.items() if self._is_lost(viewer, now)]
            for outcome in await asyncio.gather(*map(self._close, lost), return_exceptions=True):
                if isinstance(outcome, Exception):
                    log.error("a viewer did not end well", exc_info=outcome)
            with contextlib.suppress(Refused):
                await self._drop_removed()

    @staticmethod
    def _is_lost(viewer: Viewer, now: float) -> bool:
        """Never connected, gone, or no longer allowed to watch."""
        never_came = not viewer.was_connected and now - viewer.began_at > CONNECT_SECONDS
        return viewer.is_over or never_came or now - viewer.renewed_at > RENEW_SECONDS

    async def _drop_removed(self) -> None:
        if not self.pulls:
            return
        wanted: dict[Stream, str] = {}
        for camera in await self._enabled():
            wanted |= _streams_of(camera)
        for stream, pull in list(self.pulls.items()):
            if wanted.get(stream) != pull.url:
                del self.pulls[stream]
                pull.close()


def _streams_of(camera: CameraRow) -> dict[Stream, str]:
    """The camera's streams and their addresses."""
    streams = {(camera.id, "main"): camera.url}
    if camera.sub_url:
        streams[camera.id, "sub"] = camera.sub_url
    return streams


async def _healthz(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def _playable(pull: Pull) -> None:
    try:
        await pull.playable(_FIRST_PICTURE_SECONDS)
    except NotPlayable as problem:
        raise Refused(422, "not_playable", problem.zh, problem.en, problem.reason) from problem
    except CameraProblem as problem:
        raise Refused(503, "unreachable", problem.zh, problem.en) from problem


async def _answered(viewer: Viewer, pull: Pull, offer: str) -> str:
    try:
        return await viewer.answer(offer, pull)
    except BrowserWithoutH264 as error:
        raise Refused(
            422, "not_playable", "浏览器不支持 H.264", "the browser cannot play H.264", "browser"
        ) from error
    except BadOffer as error:
        raise Refused(400, "bad_offer", "播放请求无法识别", "the SDP offer cannot be understood") from error


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
