"""`GET /footage/thumb/{camera}?at=ISO`: a small picture of that moment, for whoever looks over a strip.

The answer is the key picture at or before the moment; the header `footage-at` tells when it was taken. Where
nothing was recorded, or is kept no longer, it is 404 with the reason.

Not each picture leaves an audit entry: moving the mouse over a strip asks for dozens, and an entry each would
bury the looks that count. What is noted, once in ten minutes, is that the person looked over this camera.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dashboard.footage_looks import note_look
from dashboard.footage_range import WrongRange, instant_from, text_of
from dashboard.footage_request import NO_STORE, Refused, camera_asked
from dashboard.i18n import texts
from data_access import footage, footage_gaps
from data_access.cameras import CameraRow
from data_access.engine import transaction
from data_access.footage import Segment
from data_access.settings import settings
from domain.vocabulary import GapCause
from media.byte_slices import FootageMissing
from media.thumbnails import Thumbnail, Thumbnails, folder_in

_AT_ONCE = 2  # pictures decoded at the same time: playing must not wait for them
_GIGABYTE = 1_000_000_000
_MOMENT = timedelta(microseconds=1)
_limit = CapacityLimiter(_AT_ONCE)


@lru_cache(maxsize=4)
def thumbnails(footage_folder: Path, home: Path, reserve: int) -> Thumbnails:
    """The small pictures of an installation; one object a process."""
    return Thumbnails(footage_folder, folder_in(home), reserve)


async def thumb(request: Request) -> Response:
    """Answers with a JPEG, or a plain reason in Chinese and English."""
    try:
        found = await to_thread.run_sync(_found, request, limiter=_limit)
    except Refused as refused:
        return PlainTextResponse(str(refused), refused.status, NO_STORE)
    etag = f'"{found.taken_at.timestamp():.6f}"'
    headers = {
        "etag": etag,
        # Kept by this browser only, and asked for anew each time: the footage or the right may be gone.
        "cache-control": "private, no-cache",
        "footage-at": found.taken_at.isoformat(timespec="milliseconds"),
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(found.jpeg, 200, headers, "image/jpeg")


def _found(request: Request) -> Thumbnail:
    """The picture that is asked for; refuses what the viewer may not see."""
    asked = camera_asked(request)
    try:
        at = instant_from(request.query_params.get("at", ""))
    except WrongRange as wrong:
        raise Refused(400, str(wrong)) from wrong
    camera = asked.camera
    with transaction() as session:
        segments = footage.segments_between(session, camera.id, at, at + _MOMENT)
    if not segments:
        raise Refused(404, _why_none(camera, at))
    told: dict[str, object] = {"camera_id": camera.id, "around": text_of(at)}
    note_look(asked.viewer, action="browse_footage", subject=camera.name, detail=told, address=asked.address)
    return _made(segments[-1], at)


def _made(segment: Segment, at: datetime) -> Thumbnail:
    known = settings()
    kept = thumbnails(known.footage_folder, known.home, int(known.reserve_gb * _GIGABYTE))
    try:
        return kept.of(segment, at)
    except FootageMissing as missing:
        raise Refused(410, str(missing)) from missing


def _why_none(camera: CameraRow, at: datetime) -> str:
    """What the ledger says of the moment, or why it has nothing to say."""
    now = datetime.now(UTC)
    if at > now:
        return "时间未到 / this is in the future"
    with transaction() as session:
        gaps = footage_gaps.gaps_between(session, camera.id, at, at + _MOMENT)
    if not gaps:
        return "刚刚录制，请稍候；或摄像头当时未启用 / recorded a moment ago, or the camera was not there yet"
    days = camera.online_days or settings().online_days
    if gaps[0].cause is GapCause.UNKNOWN and at < now - timedelta(days=days):
        return f"录像保存 {days} 天，已到期删除 / footage is kept for {days} days; this has expired"
    cause = f"footage.cause.{gaps[0].cause.value}"
    return f"此处无录像：{texts('zh')[cause]} / nothing was recorded: {texts('en')[cause]}"


routes = [Route("/footage/thumb/{camera_id:int}", thumb)]
