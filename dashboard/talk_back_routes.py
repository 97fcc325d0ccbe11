"""What the pages of a talk-back ask every second, and how a talk is ended at once.

GET  /talk-back/{room}/state?page=...   who speaks; also says that this page is there and signed in
POST /talk-back/{room}/end?page=...     ends the talk of that page
"""

from __future__ import annotations

import time

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboard.access import may_watch, viewer_of
from data_access import cameras
from data_access.cameras import RoomRow
from data_access.engine import transaction
from media.talk_back import Room

_rooms: dict[int, Room] = {}
_HIGHEST_ID = 2**31 - 1


def room_of(room_id: int) -> Room:
    """The talk-back of a room in this process."""
    return _rooms.setdefault(room_id, Room())


async def state(request: Request) -> Response:
    """Whether a page is open in the room, and who speaks."""
    room_id = request.path_params["room_id"]
    if refused := await _refused(request):
        return refused
    room, page = room_of(room_id), request.query_params.get("page", "")
    if page:
        room.confirm(page)
    talk = room.talk
    return JSONResponse(
        {
            "open": room.is_open,
            "speaker": talk.speaker.display_name if talk else None,
            "mine": talk is not None and talk.speaker.talk == page,
            "seconds": round(time.monotonic() - talk.began) if talk else None,
        },
        headers={"Cache-Control": "no-store"},
    )


async def end(request: Request) -> Response:
    """Ends a talk at once: its page is left or its button pressed."""
    if refused := await _refused(request):
        return refused
    room_of(request.path_params["room_id"]).end(request.query_params.get("page", ""))
    return Response(status_code=204)


async def _refused(request: Request) -> Response | None:
    found = await to_thread.run_sync(_room, request.path_params["room_id"])
    if found is None:
        return JSONResponse({"error": "没有这个场所 / there is no such room"}, 404)
    if not may_watch(viewer_of(request.scope).role, found.type):
        return JSONResponse({"error": "您无权使用该场所的对讲 / you may not talk to this room"}, 403)
    return None


def _room(room_id: int) -> RoomRow | None:
    with transaction() as session:
        return cameras.room_by_id(session, room_id) if room_id <= _HIGHEST_ID else None


routes = [
    Route("/talk-back/{room_id:int}/state", state),
    Route("/talk-back/{room_id:int}/end", end, methods=["POST"]),
]
