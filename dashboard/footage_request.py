"""What the routes of footage share: who asks for which camera, and how they refuse."""

import re
from dataclasses import dataclass

from starlette.requests import Request

from dashboard.access import Viewer, address_of, may_watch, viewer_of
from data_access import cameras
from data_access.cameras import CameraRow
from data_access.engine import transaction

NO_STORE = {"cache-control": "no-store"}
_HIGHEST_ID = 2**31 - 1


class Refused(Exception):
    """The request is answered with this status and reason."""

    def __init__(self, status: int, reason: str, **headers: str) -> None:
        super().__init__(reason)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True)
class CameraAsked:
    """Who asks for footage of which camera, from where."""

    viewer: Viewer
    camera: CameraRow
    address: str


def camera_asked(request: Request) -> CameraAsked:
    """The camera that the path names.

    Raises:
        Refused: there is none, or the viewer may not see its room.
    """
    viewer, camera_id = viewer_of(request.scope), request.path_params["camera_id"]
    with transaction() as session:
        camera = cameras.camera_by_id(session, camera_id) if camera_id <= _HIGHEST_ID else None
    if camera is None:
        raise Refused(404, "没有这个摄像头 / there is no such camera")
    if not may_watch(viewer.role, camera.room_type):
        raise Refused(403, "您无权查看该场所的录像 / you may not see footage of this room")
    return CameraAsked(viewer, camera, address_of(request.scope))


def in_file_name(words: str) -> str:
    """The words without what file systems refuse."""
    return re.sub(r'[\\/:*?"<>|\s\x00-\x1f]+', "_", words)
