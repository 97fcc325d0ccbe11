"""The signalling of live video: `/whep/...` checks who asks, then passes the request to the gateway.

    POST   /whep/{camera}             an SDP offer; 201 with the answer and a Location
    PATCH  /whep/{camera}/{viewer}    the viewer is still there and still allowed
    DELETE /whep/{camera}/{viewer}    the viewer leaves

An error is JSON with `error`, `zh` and `en`, as the gateway's (media/gateway.py).
"""

from dataclasses import dataclass

from aiohttp import ClientError, ClientSession, ClientTimeout
from anyio import to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboard.access import Viewer, address_of, may_watch, viewer_of
from data_access import audit, cameras
from data_access.cameras import CameraRow
from data_access.engine import transaction
from data_access.settings import settings

_LONGEST_OFFER = 100_000  # bytes; a browser's is about 5 000
_PATIENCE = ClientTimeout(total=12)  # the gateway waits up to 7 s for a camera's first picture
_HIGHEST_ID = 2**31 - 1


class Refused(Exception):
    """The request ends here, with this status and reason."""

    def __init__(self, status: int, error: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.answer = JSONResponse({"error": error, "reason": None, "zh": zh, "en": en}, status)


@dataclass(frozen=True)
class Asked:
    """Who asks for which camera, from where."""

    viewer: Viewer
    camera: CameraRow
    address: str


async def watch(request: Request) -> Response:
    """Connects a viewer to a camera; each connection leaves an audit entry."""
    try:
        asked = await to_thread.run_sync(_asked, request)
        offer = await request.body()
        if len(offer) > _LONGEST_OFFER:
            raise Refused(413, "bad_offer", "播放请求过大", "the SDP offer is too long")
        answer = await _gateway("POST", asked.camera.id, body=offer)
        if answer.status_code == 201:
            await to_thread.run_sync(_note, asked)
    except Refused as refused:
        return refused.answer
    except ClientDisconnect:  # chose another room meanwhile
        return Response(status_code=400)
    return answer


async def keep_or_leave(request: Request) -> Response:
    """Passes on that a viewer is still there (PATCH) or leaves (DELETE)."""
    try:
        asked = await to_thread.run_sync(_asked, request)
        return await _gateway(request.method, asked.camera.id, f"/{request.path_params['connection']}")
    except Refused as refused:
        return refused.answer


def _asked(request: Request) -> Asked:
    """What is asked for, and by whom; refuses what the viewer may not see."""
    viewer, camera_id = viewer_of(request.scope), request.path_params["camera_id"]
    with transaction() as session:
        camera = cameras.camera_by_id(session, camera_id) if camera_id <= _HIGHEST_ID else None
    if camera is None:
        raise Refused(404, "unknown_camera", "没有这个摄像头", "there is no such camera")
    if not may_watch(viewer.role, camera.room_type):
        raise Refused(403, "not_allowed", "您无权观看该场所", "you may not watch this room")
    return Asked(viewer, camera, address_of(request.scope))


def _note(asked: Asked) -> None:
    with transaction() as session:
        audit.record(
            session,
            actor=asked.viewer.name,
            action="view_live",
            subject=asked.camera.name,
            detail={"camera_id": asked.camera.id, "room": asked.camera.room_name},
            address=asked.address,
        )


async def _gateway(method: str, camera_id: int, connection: str = "", body: bytes = b"") -> Response:
    """The gateway's answer.

    Raises:
        Refused: it does not answer.
    """
    chosen = settings()
    headers = {"Authorization": f"Bearer {chosen.gateway_key()}"}
    url = f"http://127.0.0.1:{chosen.gateway_port_of(camera_id)}/whep/{camera_id}{connection}"
    try:
        async with (
            ClientSession(timeout=_PATIENCE) as http,
            http.request(method, url, data=body, headers=headers) as answer,
        ):
            kept = {name: answer.headers[name] for name in ("Location",) if name in answer.headers}
            return Response(await answer.read(), answer.status, kept, answer.content_type)
    except (ClientError, TimeoutError) as error:
        raise Refused(
            503, "no_gateway", "实时视频服务无应答，正在恢复", "the live video service does not answer"
        ) from error


routes = [
    Route("/whep/{camera_id:int}", watch, methods=["POST"]),
    Route("/whep/{camera_id:int}/{connection}", keep_or_leave, methods=["PATCH", "DELETE"]),
]
