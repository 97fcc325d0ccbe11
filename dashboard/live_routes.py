"""The signalling of live video: `/whep/...` (WHEP) checks who asks, then asks the server of the pictures.

    POST   /whep/{camera}?stream=sub|main   an SDP offer; 201 with the answer and the connection's Location
    PATCH  /whep/{camera}/{connection}      every 20 s: the viewer is still there; answers if still allowed
    DELETE /whep/{camera}/{connection}      the viewer leaves
    POST   /whep/leave                      the viewer leaves a whole wall: a JSON list of Locations

A connection belongs to the signed-in browser that made it: to any other it does not exist. It ends when the
browser leaves, has not been heard of for a minute, signs out, or the account is closed.
`Mingjing-Transcoded` in the answer: the picture is converted for the browser, and why (codec, b_frames).
An error is JSON with `error`, `reason`, `zh` and `en`, as the gateway's (media/gateway.py).
"""

import asyncio
import contextlib
import json
import logging
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from anyio import to_thread
from sqlalchemy.exc import SQLAlchemyError
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboard import whep_server
from dashboard.access import Viewer, address_of, may_watch, token_of, viewer_of
from dashboard.whep_server import Opened, Refused
from data_access import accounts, audit, cameras, live_views
from data_access.cameras import CameraRow
from data_access.embedded_postgres import NotRunning
from data_access.engine import transaction
from data_access.live_views import LiveViewRow

log = logging.getLogger(__name__)

_LONGEST_OFFER = 100_000  # bytes; a browser's is about 5 000
_HIGHEST_ID = 2**31 - 1
_LOCATION = re.compile(r"/whep/[0-9]+/([A-Za-z0-9_-]{1,64})")
_MOST_LEFT = 256  # connections; a wall has 16 at a time
_SWEEP_SECONDS = 3.0
_GIVE_UP = timedelta(hours=1)  # a server that does not answer for so long has forgotten the connection


@dataclass(frozen=True)
class Asked:
    """Who asks for which camera, from where."""

    viewer: Viewer
    web_session: bytes
    camera: CameraRow
    address: str


async def watch(request: Request) -> Response:
    """Connects a viewer to a camera; each connection leaves an audit entry."""
    try:
        asked = await to_thread.run_sync(_asked, request)
        offer = await request.body()
        if len(offer) > _LONGEST_OFFER:
            raise Refused(413, "bad_offer", "播放请求过大", "the SDP offer is too long")
        stream = "main" if request.query_params.get("stream") == "main" else "sub"
        opened = await whep_server.connect(asked.camera.id, stream, asked.web_session, offer)
        token = await _kept(asked, opened)
    except Refused as refused:
        return JSONResponse(refused.body, refused.status)
    except ClientDisconnect:  # chose another room meanwhile
        return Response(status_code=400)
    headers = {"Location": f"/whep/{asked.camera.id}/{token}"}
    if opened.transcoded:
        headers["Mingjing-Transcoded"] = opened.transcoded
    return Response(opened.answer, 201, headers, "application/sdp")


async def keep(request: Request) -> Response:
    """The viewer is still there, and still allowed to be."""
    try:
        asked, view = await to_thread.run_sync(_own_view, request)
        known = await whep_server.renew(view.upstream, asked.web_session)
        await to_thread.run_sync(_note, view, known)
    except Refused as refused:
        return JSONResponse(refused.body, refused.status)
    return Response(status_code=204) if known else JSONResponse(_ended().body, 404)


async def leave(request: Request) -> Response:
    """The viewer leaves."""
    try:
        asked, view = await to_thread.run_sync(_own_view, request)
        await whep_server.close(view.upstream, asked.web_session)
        await to_thread.run_sync(_note, view, False)
    except Refused as refused:
        return JSONResponse(refused.body, refused.status)
    return Response(status_code=200)


async def leave_all(request: Request) -> Response:
    """The viewer leaves several connections; answered at once, as the next page waits for its turn.

    Those that are not this browser's are passed over.
    """
    try:
        body = await request.body()
        told = json.loads(body) if len(body) <= _LONGEST_OFFER else None
    except (ValueError, RecursionError, ClientDisconnect):
        told = None
    if not isinstance(told, list):
        return Response(status_code=400)
    named = (_LOCATION.fullmatch(location) for location in told[:_MOST_LEFT] if isinstance(location, str))
    tokens = {match[1] for match in named if match}
    web_session = accounts.hash_of(token_of(request.scope))
    views = await to_thread.run_sync(_lasting, tokens, web_session)
    return Response(status_code=202, background=BackgroundTask(_leave_each, views))


def _lasting(tokens: set[str], web_session: bytes) -> list[LiveViewRow]:
    with transaction() as session:
        found = [live_views.lasting(session, token, web_session) for token in sorted(tokens)]
    return [view for view in found if view is not None]


async def _leave_each(views: list[LiveViewRow]) -> None:
    await asyncio.gather(*(_leave_one(view) for view in views))


async def _leave_one(view: LiveViewRow) -> None:
    with contextlib.suppress(Refused):  # the sweep tries again
        await whep_server.close(view.upstream, view.web_session)
        await to_thread.run_sync(_note, view, False)


def _asked(request: Request) -> Asked:
    """What is asked for, and by whom; refuses what the viewer may not see."""
    viewer, camera_id = viewer_of(request.scope), request.path_params["camera_id"]
    with transaction() as session:
        camera = cameras.camera_by_id(session, camera_id) if camera_id <= _HIGHEST_ID else None
    if camera is None or camera.removed_at is not None or not camera.enabled:
        raise Refused(
            404, "unknown_camera", "没有这个摄像头或已停用", "there is no such camera, or it is disabled"
        )
    if not may_watch(viewer.role, camera.room_type):
        raise Refused(403, "not_allowed", "您无权观看该场所", "you may not watch this room")
    return Asked(viewer, accounts.hash_of(token_of(request.scope)), camera, address_of(request.scope))


def _own_view(request: Request) -> tuple[Asked, LiveViewRow]:
    asked = _asked(request)
    with transaction() as session:
        view = live_views.lasting(session, request.path_params["connection"], asked.web_session)
    if view is None or view.camera_id != asked.camera.id:
        raise _ended()
    return asked, view


def _ended() -> Refused:
    return Refused(404, "unknown_viewer", "播放连接已结束", "this connection has ended")


async def _kept(asked: Asked, opened: Opened) -> str:
    """The name of the new connection, once it is written down; what is not written down is not shown."""
    try:
        return await to_thread.run_sync(_begin, asked, opened.upstream)
    except BaseException:
        with contextlib.suppress(Refused):
            await whep_server.close(opened.upstream, asked.web_session)
        raise


def _begin(asked: Asked, upstream: str) -> str:
    token = secrets.token_urlsafe(16)
    with transaction() as session:
        live_views.begin(
            session,
            token=token,
            web_session=asked.web_session,
            account_id=asked.viewer.account_id,
            role=asked.viewer.role,
            camera_id=asked.camera.id,
            upstream=upstream,
            at=datetime.now(UTC),
        )
        audit.record(
            session,
            actor=asked.viewer.name,
            action="view_live",
            subject=asked.camera.name,
            detail={"camera_id": asked.camera.id, "room": asked.camera.room_name},
            address=asked.address,
        )
    return token


def _note(view: LiveViewRow, lasts: bool) -> None:
    with transaction() as session:
        note = live_views.note_seen if lasts else live_views.end
        note(session, view.token, datetime.now(UTC))


@contextlib.asynccontextmanager
async def sweeping(_app: object) -> AsyncIterator[None]:
    """While the web process runs: ends the connections whose viewers are gone or no longer allowed."""
    sweeper = asyncio.create_task(_sweep_for_ever())
    try:
        yield
    finally:
        sweeper.cancel()


async def _sweep_for_ever() -> None:
    while True:
        await asyncio.sleep(_SWEEP_SECONDS)
        try:
            await sweep(datetime.now(UTC))
        except (SQLAlchemyError, NotRunning) as error:
            log.warning("live views are not swept: %s", error)


async def sweep(now: datetime) -> None:
    """Ends what is left behind; where the server does not answer, the next sweep tries again."""
    await asyncio.gather(*(_let_go(view, now) for view in await to_thread.run_sync(_left_behind, now)))


def _left_behind(now: datetime) -> list[LiveViewRow]:
    with transaction() as session:
        return live_views.left_behind(session, now=now)


async def _let_go(view: LiveViewRow, now: datetime) -> None:
    try:
        await whep_server.close(view.upstream, view.web_session)
    except Refused:
        if now - view.seen_at < _GIVE_UP:
            return
    await to_thread.run_sync(_end_as_seen, view)


def _end_as_seen(view: LiveViewRow) -> None:
    with transaction() as session:
        live_views.end(session, view.token, view.seen_at)


routes = [
    Route("/whep/leave", leave_all, methods=["POST"]),
    Route("/whep/{camera_id:int}", watch, methods=["POST"]),
    Route("/whep/{camera_id:int}/{connection}", keep, methods=["PATCH"]),
    Route("/whep/{camera_id:int}/{connection}", leave, methods=["DELETE"]),
]
