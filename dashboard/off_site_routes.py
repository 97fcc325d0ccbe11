"""The stream of a browser camera for recorder and gateway, and what its page asks every second.

GET /off-site/{camera}.ts?key=...        MPEG-TS while a browser sends, else 503; only from this machine
GET /off-site/{camera}/state?sender=...  what arrives; also says that the sender is still there and allowed
"""

from __future__ import annotations

import asyncio
import hmac
import signal
import threading
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from types import FrameType
from urllib.parse import parse_qs, urlsplit

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from dashboard.access import viewer_of
from dashboard.navigation import entry_of
from data_access import audit, cameras, off_site
from data_access.cameras import CameraRow
from data_access.engine import transaction
from domain.vocabulary import CameraSource
from media.browser_stream import BrowserStream, Client

_streams: dict[int, BrowserStream] = {}
_HIGHEST_ID = 2**31 - 1
_PATIENCE = 3.0  # seconds; recorder and gateway wait 5 for an answer


def stream_of(camera_id: int) -> BrowserStream:
    """The stream of a camera in this process."""
    return _streams.setdefault(camera_id, BrowserStream())


async def stream(request: Request) -> Response:
    """Hands the stream to whoever has its key."""
    camera = await to_thread.run_sync(_camera, request.path_params["camera_id"])
    if camera is None:
        return _error(404, "没有这一路外出画面", "there is no such off-site camera")
    given = request.query_params.get("key", "")
    if not hmac.compare_digest(given.encode(), _key(camera.url).encode()):
        return _error(403, "密钥不符", "wrong key")
    sent = stream_of(camera.id)
    client = await sent.join_within(_PATIENCE) if camera.enabled else None
    _end_at_shutdown()
    if client is None:
        if sent.idle_seconds > off_site.FORGOTTEN_AFTER.total_seconds():
            await to_thread.run_sync(_retire_if_forgotten, camera)
        return _error(503, "外出页面未在发送画面", "no browser is sending")
    return StreamingResponse(_pieces(sent, client), media_type="video/mp2t")


def _camera(camera_id: int) -> CameraRow | None:
    with transaction() as session:
        found = cameras.camera_by_id(session, camera_id) if camera_id <= _HIGHEST_ID else None
    return found if found is not None and found.source == CameraSource.BROWSER and found.url else None


def _key(url: str) -> str:
    return parse_qs(urlsplit(url).query).get("key", [""])[0]


def _retire_if_forgotten(camera: CameraRow) -> None:
    """Takes a camera out of service whose session is over and that nobody has stopped."""
    with transaction() as session:
        if off_site.is_forgotten(session, camera.id, datetime.now(UTC)):
            cameras.switch(session, camera.id, enabled=False)
            detail = {"camera_id": camera.id, "room": camera.room_name, "why": "nothing sent"}
            audit.record(session, actor="web", action="off_site_stop", subject=camera.name, detail=detail)


async def _pieces(sent: BrowserStream, client: Client) -> AsyncIterator[bytes]:
    try:
        while (piece := await client.get()) is not None:
            yield piece
    finally:
        sent.leave(client)


@cache
def _end_at_shutdown() -> None:
    """Ends the streams when the process is told to end: uvicorn waits for every answer to be complete."""
    if threading.current_thread() is not threading.main_thread():
        return  # signals are not ours
    loop, before = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

    def end(number: int, frame: FrameType | None) -> None:
        for sent in _streams.values():
            loop.call_soon_threadsafe(sent.end)
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGTERM, end)


async def state(request: Request) -> Response:
    """What arrives from the browser, whether it is recorded, and how many inspectors watch."""
    if viewer_of(request.scope).role not in entry_of("off_site").roles:
        return _error(403, "您无权查看", "you may not see this")
    camera_id, sender = request.path_params["camera_id"], request.query_params.get("sender", "")
    if camera_id > _HIGHEST_ID:
        return _error(404, "没有这一路外出画面", "there is no such off-site camera")
    sent = stream_of(camera_id)
    sent.confirm(sender)
    received = await to_thread.run_sync(_reception, camera_id)
    sending = sent.sending()
    since = received.recorded_since
    return JSONResponse(
        {
            "sending": asdict(sending) if sending else None,
            "enabled": received.enabled,
            "taken": sent.is_held_by_other(sender),
            "recorded_since": since.isoformat() if since else None,
            "inspectors": received.inspectors,
        },
        headers={"Cache-Control": "no-store"},
    )


def _reception(camera_id: int) -> off_site.Reception:
    with transaction() as session:
        return off_site.reception(session, camera_id, datetime.now(UTC))


def _error(status: int, zh: str, en: str) -> Response:
    return JSONResponse({"error": f"{zh} / {en}"}, status)


routes = [
    Route("/off-site/{camera_id:int}.ts", stream),
    Route("/off-site/{camera_id:int}/state", state),
]
