"""`GET /footage/still/{camera}?at=ISO`: the very picture that was on at that moment, as PNG at full size.

Time, camera and number stand below the picture. The number is that of the audit entry that tells who took it,
and with which checksum. Headers: `footage-at`, when the picture was taken; `footage-number`;
`footage-picture-sha256`, of the picture's data alone; `footage-file-sha256` and `content-digest`, of the PNG.
"""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dashboard.footage_range import WrongRange, instant_from, text_of
from dashboard.footage_request import NO_STORE, CameraAsked, Refused, camera_asked, in_file_name
from data_access import audit, footage
from data_access.engine import transaction
from data_access.settings import settings
from domain.periods import SHANGHAI
from media.byte_slices import FootageMissing
from media.still_picture import StillPicture, still_picture

_AT_ONCE = 1  # pictures decoded and written at the same time: playing must not wait for them
_MOMENT = timedelta(microseconds=1)
_EARLIEST, _LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(2970, 1, 1, tzinfo=UTC)
_NOTHING = "该时刻没有录像 / nothing was recorded at this moment"
_limit = CapacityLimiter(_AT_ONCE)


async def still(request: Request) -> Response:
    """Answers with the PNG, or a plain reason in Chinese and English."""
    try:
        return await to_thread.run_sync(_answer, request, limiter=_limit)
    except Refused as refusal:
        return PlainTextResponse(str(refusal), refusal.status, {**NO_STORE, **refusal.headers})


def _answer(request: Request) -> Response:
    asked = camera_asked(request)
    picture = _picture(asked, request.query_params.get("at", ""))
    number = _note(asked, picture)
    content = picture.png(asked.camera.name, number)
    digest = hashlib.sha256(content)
    told = {
        **NO_STORE,
        "footage-at": picture.taken_at.isoformat(timespec="microseconds"),
        "footage-number": number,
        "footage-picture-sha256": picture.sha256,
        "footage-file-sha256": digest.hexdigest(),
        "content-digest": f"sha-256=:{base64.b64encode(digest.digest()).decode()}:",
        "content-disposition": _disposition(asked.camera.name, picture),
    }
    return Response(content, 200, told, "image/png")


def _picture(asked: CameraAsked, moment: str) -> StillPicture:
    try:
        at = instant_from(moment)
    except WrongRange as wrong:
        raise Refused(400, str(wrong)) from wrong
    if not _EARLIEST < at < _LATEST:
        raise Refused(404, _NOTHING)
    with transaction() as session:
        segments = footage.segments_between(session, asked.camera.id, at, at + _MOMENT)
    if not segments:
        raise Refused(404, _NOTHING)
    try:
        return still_picture(segments[-1], at, settings().footage_folder)
    except FootageMissing as missing:
        raise Refused(410, str(missing)) from missing


def _note(asked: CameraAsked, picture: StillPicture) -> str:
    """Enters in the audit log who took which picture; returns the entry's number."""
    told = {
        "camera_id": asked.camera.id,
        "at": text_of(picture.taken_at),
        "picture_sha256": picture.sha256,
    }
    with transaction() as session:
        entry = audit.record(
            session,
            actor=asked.viewer.name,
            action="take_still",
            subject=asked.camera.name,
            detail=told,
            address=asked.address,
        )
    return f"{entry:08d}"


def _disposition(camera: str, picture: StillPicture) -> str:
    """`<camera>_<time>.png`, for old programs without the camera's name (RFC 5987)."""
    at = f"{picture.taken_at.astimezone(SHANGHAI):%Y%m%d-%H%M%S-%f}"[:-3]
    full = quote(f"{in_file_name(camera)}_{at}.png", safe="")
    return f"attachment; filename=\"footage_{at}.png\"; filename*=UTF-8''{full}"


routes = [Route("/footage/still/{camera_id:int}", still)]
