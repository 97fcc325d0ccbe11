"""`GET /footage/video/{camera}.mp4?from=&to=[&download=1]`: a range of footage, to play or to take along."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from dashboard.access import Viewer
from dashboard.footage_range import FootageRange, WrongRange, range_from
from dashboard.footage_request import NO_STORE, Refused, camera_asked, in_file_name
from dashboard.virtual_files import open_range
from data_access import audit
from data_access.cameras import CameraRow
from data_access.engine import transaction
from domain.periods import SHANGHAI
from media.byte_slices import FootageMissing
from media.virtual_mp4 import NothingRecorded, Piece, VirtualFile

_OTHERS_AFTER = 4  # pieces
_NOTED_FOR, _NOTED_KEPT = timedelta(minutes=10), 1000
_noted: OrderedDict[tuple[int, int, FootageRange, str], datetime] = OrderedDict()


@dataclass(frozen=True)
class _Asked:
    viewer: Viewer
    camera: CameraRow
    range: FootageRange
    download: bool
    address: str


async def video(request: Request) -> Response:
    """Answers with the file, a part of it, or a plain reason in Chinese and English."""
    try:
        asked, file = await to_thread.run_sync(_opened, request)
        return await _answer(request, asked, file)
    except Refused as refusal:
        return PlainTextResponse(str(refusal), refusal.status, {**NO_STORE, **refusal.headers})


def _asked(request: Request) -> _Asked:
    """What is asked for, and by whom; refuses what the viewer may not see."""
    who = camera_asked(request)
    query = request.query_params
    try:
        wanted = range_from(query.get("from"), query.get("to"))
    except WrongRange as wrong:
        raise Refused(400, str(wrong)) from wrong
    return _Asked(who.viewer, who.camera, wanted, query.get("download") == "1", who.address)


def _opened(request: Request) -> tuple[_Asked, VirtualFile]:
    asked = _asked(request)
    try:
        return asked, open_range(asked.camera.id, asked.range)
    except NothingRecorded as nothing:
        raise Refused(404, str(nothing)) from nothing
    except FootageMissing as missing:
        raise Refused(410, str(missing)) from missing


async def _answer(request: Request, asked: _Asked, file: VirtualFile) -> Response:
    headers = _headers(asked, file)
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    # If-Range: the browser has the beginning of another file, so it gets this one from the start.
    same_file = request.headers.get("if-range", file.etag) == file.etag
    part = wanted_part(request.headers.get("range", ""), file.size) if same_file else None
    start, end = part or (0, file.size)
    headers["content-length"] = str(end - start)
    if part:
        headers["content-range"] = f"bytes {start}-{end - 1}/{file.size}"
    status = 206 if part else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type="video/mp4")
    pieces = file.pieces(start, end)
    first = await to_thread.run_sync(_first, asked, next(pieces), start)
    return StreamingResponse(_sent(first, pieces), status, headers, media_type="video/mp4")


def _first(asked: _Asked, piece: Piece, start: int) -> bytes:
    """The first bytes, noted: a missing file shows before anything is sent."""
    try:
        content = piece.read()
    except FootageMissing as missing:
        raise Refused(410, str(missing)) from missing
    _note(asked, start)
    return content


async def _sent(first: bytes, pieces: Iterator[Piece]) -> AsyncIterator[bytes]:
    """All bytes; what would wait for the disk is read in a thread.

    Changing to a thread and back for bytes that are in memory would cost twice as much as sending them.
    """
    yield first
    for number, piece in enumerate(pieces):
        if number % _OTHERS_AFTER == 0:
            await asyncio.sleep(0)  # a fast client must not hold up the others
        at_once = piece.read_at_once()
        yield at_once if at_once is not None else await to_thread.run_sync(piece.read)


def wanted_part(header: str, size: int) -> tuple[int, int] | None:
    """The bytes [start, end) of a Range header; None for the whole file (RFC 9110 section 14).

    Several ranges at once are answered with the whole file, as is a header that makes no sense.

    Raises:
        Refused: they lie outside the file (416).
    """
    match = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", header.replace(" ", ""))
    if not match or match[0] == "bytes=-":
        return None
    first, last = match.groups()
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last) + 1, size) if first and last else size
    if first and last and int(last) < start:
        return None
    if start >= size:
        raise Refused(
            416,
            "所请求的字节超出文件 / the requested bytes lie outside the file",
            content_range=f"bytes */{size}",
        )
    return start, end


def _headers(asked: _Asked, file: VirtualFile) -> dict[str, str]:
    headers = {
        "accept-ranges": "bytes",
        "etag": file.etag,
        # Kept by this browser only, and asked for anew each time: the viewer may have signed out.
        "cache-control": "private, no-cache",
        "footage-starts-at": file.starts_at.isoformat(timespec="microseconds"),
        "footage-ends-at": file.ends_at.isoformat(timespec="microseconds"),
        "footage-complete": "yes" if file.complete else "no",
    }
    if asked.download:
        headers["content-disposition"] = _disposition(asked.camera.name, file)
    return headers


def _disposition(camera: str, file: VirtualFile) -> str:
    """`<camera>_<start>_<end>.mp4`, for old programs without the camera's name (RFC 5987)."""
    start, end = (f"{at.astimezone(SHANGHAI):%Y%m%d-%H%M%S}" for at in (file.starts_at, file.ends_at))
    full = quote(f"{in_file_name(camera)}_{start}_{end}.mp4", safe="")
    return f"attachment; filename=\"footage_{start}_{end}.mp4\"; filename*=UTF-8''{full}"


def _note(asked: _Asked, start: int) -> None:
    """Enters in the audit log who plays or takes along what, before the first byte goes out.

    Once for each request from byte 0; for requests of later bytes only if there was none lately: leaving out
    the beginning must not leave out the entry.
    """
    action = "export_footage" if asked.download else "play_footage"
    key, now = (asked.viewer.account_id, asked.camera.id, asked.range, action), datetime.now(UTC)
    noted_at = _noted.get(key)
    if start > 0 and noted_at and now - noted_at < _NOTED_FOR:
        return
    with transaction() as session:
        audit.record(
            session,
            actor=asked.viewer.name,
            action=action,
            subject=asked.camera.name,
            detail={"camera_id": asked.camera.id, **asked.range.as_text()},
            address=asked.address,
        )
    _noted[key] = now
    while len(_noted) > _NOTED_KEPT:
        _noted.popitem(last=False)


routes = [Route("/footage/video/{camera_id:int}.mp4", video)]
