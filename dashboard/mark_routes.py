"""Marks made while watching, and their change by their author.

    POST  /live/marks        {camera, at, kind, note, source}  -> 201 {id, at, footage}
    PATCH /live/marks/{id}   {kind, note}                      -> 200, the same

`at` is the wall clock of the picture (ISO 8601) by this server's time, `source` live or footage; the answer's
`footage` is the link that plays from 10 s before. An error is JSON with `error`, `zh` and `en`: 403 for what
the viewer may not do, 404 for what is not there, 422 for what makes no sense.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboard.access import Viewer, address_of, may_mark, same_site, viewer_of
from dashboard.footage_range import WrongRange, instant_from, replay_of
from data_access import cameras, marks
from data_access.engine import transaction
from data_access.marks import Author, Mark, WrongMark
from data_access.settings import settings
from domain.vocabulary import FindingSource, MarkKind, Role, RoomType

_HIGHEST_ID = 2**31 - 1
_LONGEST_BODY = 10_000  # bytes
_SOURCES = {"live": FindingSource.LIVE, "footage": FindingSource.FOOTAGE}
_Code = TypeVar("_Code")


class Refused(Exception):
    """The request ends here, with this status and reason."""

    def __init__(self, status: int, error: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.answer = JSONResponse({"error": error, "zh": zh, "en": en}, status)


@dataclass(frozen=True)
class _Asked:
    viewer: Viewer
    address: str
    told: dict[str, Any]

    @property
    def author(self) -> Author:
        return Author(self.viewer.account_id, self.viewer.name, self.address)


def rooms_to_mark(role: Role) -> tuple[str, ...]:
    """The types of rooms whose marks the role may make and see."""
    return tuple(kind.value for kind in RoomType if may_mark(role, kind))


async def make(request: Request) -> Response:
    """Stores a mark and the draft of its finding."""
    return await _answered(request, lambda asked: (_make(asked), 201))


async def change(request: Request) -> Response:
    """Gives one's own mark another kind and note."""
    mark_id = request.path_params["mark_id"]
    return await _answered(request, lambda asked: (_change(asked, mark_id), 200))


async def _answered(request: Request, act: Callable[[_Asked], tuple[Mark, int]]) -> Response:
    try:
        asked = await _asked(request)
        mark, status = await to_thread.run_sync(act, asked)
    except Refused as refused:
        return refused.answer
    except WrongMark as wrong:
        zh, _, en = str(wrong).partition(" / ")
        return Refused(422, "wrong_mark", zh, en).answer
    told = {
        "id": mark.id,
        "at": mark.at.isoformat(timespec="milliseconds"),
        "footage": f"/footage?{urlencode(replay_of(mark.camera_id, mark.at))}",
    }
    return JSONResponse(told, status)


async def _asked(request: Request) -> _Asked:
    if not same_site(request.headers):
        raise Refused(403, "other_site", "请从本系统页面操作", "use the pages of this system")
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_BODY:
            raise Refused(422, "too_long", "提交的内容过长", "the request is too long")
    try:
        told = json.loads(body)
    except ValueError as error:
        raise Refused(422, "no_json", "提交的内容无法识别", "the request is no JSON") from error
    if not isinstance(told, dict):
        raise Refused(422, "no_json", "提交的内容无法识别", "the request is no JSON object")
    return _Asked(viewer_of(request.scope), address_of(request.scope), told)


def _make(asked: _Asked) -> Mark:
    camera_id = asked.told.get("camera")
    if not isinstance(camera_id, int) or isinstance(camera_id, bool):
        raise Refused(422, "wrong_camera", "缺少摄像头编号", "camera is missing or no number")
    now = datetime.now(UTC)
    with transaction() as session:
        known = 0 < camera_id <= _HIGHEST_ID
        camera = cameras.camera_by_id(session, camera_id) if known else None
        if camera is None:
            raise Refused(404, "unknown_camera", "没有这个摄像头", "there is no such camera")
        _allow(asked.viewer, camera.room_type)
        return marks.add(
            session,
            camera,
            at=_at(asked.told),
            kind=_one_of({kind.value: kind for kind in MarkKind}, asked.told.get("kind", "other"), "kind"),
            note=_note(asked.told),
            source=_one_of(_SOURCES, asked.told.get("source", "live"), "source"),
            author=asked.author,
            now=now,
            kept_days=settings().online_days,
        )


def _change(asked: _Asked, mark_id: int) -> Mark:
    with transaction() as session:
        mark = marks.mark_by_id(session, mark_id, tuple(RoomType)) if mark_id <= _HIGHEST_ID else None
        if mark is None:
            raise Refused(404, "unknown_mark", "没有这个标记", "there is no such mark")
        camera = cameras.camera_by_id(session, mark.camera_id)
        _allow(asked.viewer, camera.room_type if camera else "")
        if mark.made_by != asked.viewer.account_id:
            raise Refused(403, "not_yours", "只能修改自己的标记", "you may change your own marks only")
        kind = _one_of({kind.value: kind for kind in MarkKind}, asked.told.get("kind", mark.kind), "kind")
        note = _note(asked.told) if "note" in asked.told else mark.note
        return marks.change(
            session, mark_id, kind=kind, note=note, author=asked.author, now=datetime.now(UTC)
        )


def _allow(viewer: Viewer, room_type: str) -> None:
    if not may_mark(viewer.role, room_type):
        raise Refused(403, "not_allowed", "您无权在该场所作标记", "you may not mark in this room")


def _at(told: dict[str, Any]) -> datetime:
    try:
        return instant_from(str(told.get("at", "")))
    except WrongRange as wrong:
        zh, _, en = str(wrong).partition(" / ")
        raise Refused(422, "wrong_time", zh, en) from wrong


def _note(told: dict[str, Any]) -> str:
    note = told.get("note", "")
    if not isinstance(note, str) or "\x00" in note:
        raise Refused(422, "wrong_note", "说明须为文字", "the note must be text")
    return note.strip()


def _one_of(codes: dict[str, _Code], told: object, name: str) -> _Code:
    if not isinstance(told, str) or told not in codes:
        listed = ", ".join(codes)
        raise Refused(422, f"wrong_{name}", f"{name} 须为：{listed}", f"{name} must be one of {listed}")
    return codes[told]


routes = [
    Route("/live/marks", make, methods=["POST"]),
    Route("/live/marks/{mark_id:int}", change, methods=["PATCH"]),
]
