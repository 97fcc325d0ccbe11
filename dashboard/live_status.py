"""`GET /live/status?cameras=1,2`: whether cameras are in use and recorded, asked by the wall every 5 s.

The answer is JSON: `now` (milliseconds since 1970, by which the wall sets its clock) and `cameras`, a list
of `id`, `enabled`, `recording`, `why` (`zh` and `en`, empty while it records) and `sound`. Cameras that the
viewer may not see, and those that there are not, are left out.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from dashboard.access import Viewer, may_watch, viewer_of
from data_access import cameras
from data_access.cameras import CameraRow, StatusRow
from data_access.engine import transaction

_MOST = 500  # cameras in one question
_SILENT_AFTER = timedelta(seconds=15)  # the recorder reports every few seconds
_NO_REPORT = "录像服务无应答 / the recorder does not answer"
_SWITCHED_OFF = "摄像头已停用 / the camera is switched off"


async def status(request: Request) -> JSONResponse:
    """Answers for all tiles of a wall at once."""
    named = request.query_params.get("cameras", "").split(",")
    if len(named) > _MOST or not all(one.isdecimal() and len(one) < 10 for one in named):
        wrong = {"error": "bad_request", "zh": "cameras 应为摄像头编号，以逗号分隔", "en": "cameras=1,2,3"}
        return JSONResponse(wrong, 400)
    now = datetime.now(UTC)
    found = await to_thread.run_sync(_states, viewer_of(request.scope), {int(one) for one in named}, now)
    answer = {"now": int(now.timestamp() * 1000), "cameras": found}
    return JSONResponse(answer, headers={"cache-control": "no-store"})


def _states(viewer: Viewer, wanted: set[int], now: datetime) -> list[dict[str, object]]:
    with transaction() as session:
        rows, reported = cameras.all_cameras(session), cameras.statuses(session)
    return [
        _state(row, reported.get(row.id), now)
        for row in rows
        if row.id in wanted and may_watch(viewer.role, row.room_type)
    ]


def _state(row: CameraRow, reported: StatusRow | None, now: datetime) -> dict[str, object]:
    why = _why_not_recorded(row, reported, now)
    zh, _, en = why.partition(" / ")
    return {
        "id": row.id,
        "enabled": row.enabled,
        "recording": not why,
        "why": {"zh": zh, "en": en or zh},
        "sound": has_sound(row, reported),
    }


def _why_not_recorded(row: CameraRow, reported: StatusRow | None, now: datetime) -> str:
    """Empty while it is recorded."""
    if not row.enabled:
        return _SWITCHED_OFF
    if reported is None or now - reported.updated_at > _SILENT_AFTER:
        return _NO_REPORT
    return "" if reported.recording else reported.message or _NO_REPORT


def has_sound(row: CameraRow, reported: StatusRow | None) -> bool:
    """Whether the camera sends sound: as it does now, else as it did when it was added."""
    connected = reported is not None and reported.stream.connected_since is not None
    return bool(reported.stream.audio_codec if reported and connected else row.audio_codec)


routes = [Route("/live/status", status)]
