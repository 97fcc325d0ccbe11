"""`GET /footage/strip?room=&from=&to=[&language=en]`: what the strip of a room shows of that time, as JSON.

The strip asks while somebody zooms, so that no page has to run for it. An answer is no finer than a screen
can show; runs, gaps and the rest are as in dashboard/footage_strip.py. 400: no range, 403: not for this
viewer, 404: no such room.
"""

from datetime import timedelta
from functools import partial

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from dashboard.access import address_of, may_watch, viewer_of
from dashboard.footage_looks import note_look
from dashboard.footage_range import WrongRange, range_from
from dashboard.footage_request import NO_STORE, Refused
from dashboard.footage_strip import Told, strip_of
from dashboard.i18n import DEFAULT_LANGUAGE, LANGUAGES, texts
from data_access.engine import transaction
from data_access.footage import Stretch
from data_access.footage_lookup import cameras_with_footage
from domain.vocabulary import RoomType

_LONGEST = timedelta(days=400)


async def strip(request: Request) -> Response:
    """Answers with the strip, or a plain reason in Chinese and English."""
    try:
        told = await to_thread.run_sync(_strip, request)
    except Refused as refused:
        return PlainTextResponse(str(refused), refused.status, NO_STORE)
    return JSONResponse(told, headers=NO_STORE)


def _strip(request: Request) -> Told:
    viewer, query = viewer_of(request.scope), request.query_params
    try:
        wanted = range_from(query.get("from"), query.get("to"), _LONGEST)
    except WrongRange as wrong:
        raise Refused(400, str(wrong)) from wrong
    window = Stretch(wanted.start, wanted.end)
    language = query.get("language", DEFAULT_LANGUAGE)
    word = partial(word_in, language if language in LANGUAGES else DEFAULT_LANGUAGE)
    with transaction() as session:
        every = cameras_with_footage(session, window.start, tuple(RoomType))
        cameras = [camera for camera in every if str(camera.room_id) == query.get("room")]
        if not cameras:
            raise Refused(404, "没有这个场所 / there is no such room")
        if not may_watch(viewer.role, cameras[0].room_type):
            raise Refused(403, "您无权查看该场所的录像 / you may not see footage of this room")
        told = strip_of(session, cameras, window, viewer.role, word)
    note_look(
        viewer,
        action="look_up_footage",
        subject=cameras[0].room_name,
        detail={"room_id": cameras[0].room_id, **wanted.as_text()},
        address=address_of(request.scope),
    )
    return told


def word_in(language: str, key: str, /, **values: object) -> str:
    """The text of a key in a language, outside of a script run."""
    text = texts(language)[key]
    return text.format(**values) if values else text


routes = [Route("/footage/strip", strip)]
