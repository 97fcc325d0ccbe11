"""The demo's cameras, at a first start and in an installation that has been there for long."""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from dashboard.first_start import _add_cameras
from data_access import cameras
from data_access.settings import Settings
from domain.vocabulary import RoomType
from media.demo_cameras import DEMO_CAMERAS

NOW = datetime(2025, 3, 4, 1, 2, 3, tzinfo=UTC)


def addresses(session: Session) -> dict[str, tuple[str, str | None]]:
    return {camera.name: (camera.url, camera.sub_url) for camera in cameras.enabled_cameras(session)}


def on_port(port: int) -> dict[str, tuple[str, str | None]]:
    return {demo.name: (demo.url(port), demo.sub_url(port)) for demo in DEMO_CAMERAS}


def test_every_start_leaves_the_demo_cameras_where_they_are_served(session: Session) -> None:
    for name in dict.fromkeys(demo.room_name for demo in DEMO_CAMERAS):
        room = cameras.add_room(session, name, RoomType.BID_OPENING)
        if name == "评标室":  # it was there before there were sub-streams, on another port
            cameras.add(session, room_id=room.id, name=f"{name}-全景", url="http://old/evaluation.ts", at=NOW)
    for port in (18643, 18643, 18644):
        _add_cameras(session, Settings(MINGJING_DEMO_PORT=port), NOW)  # type: ignore[call-arg]
        assert addresses(session) == on_port(port)
