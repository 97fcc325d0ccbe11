"""For how long each camera's footage is kept and who said so, how far it reaches back, what of it is held."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data_access.footage_disk import held_by_day
from data_access.footage_policy import Policy, policy_for
from data_access.models import Camera, FootageRun, Room


@dataclass(frozen=True)
class Kept:
    """What is kept of a camera."""

    camera_name: str
    room_name: str
    policy: Policy
    oldest: datetime | None  # None: there is no footage
    held: int  # bytes that do not go, however old


def kept_by_camera(session: Session, now: datetime, default_days: int) -> list[Kept]:
    """Of every camera in service, and of removed ones while there is footage of them; by room and name."""
    oldest = (
        select(FootageRun.camera_id, func.min(FootageRun.started_at).label("at"))
        .where(FootageRun.ended_at > FootageRun.started_at)
        .group_by(FootageRun.camera_id)
        .subquery()
    )
    rows = session.execute(
        select(Camera.id, Camera.name, Room.name, Camera.online_days, oldest.c.at)
        .join(Room, Room.id == Camera.room_id)
        .outerjoin(oldest, oldest.c.camera_id == Camera.id)
        .where(Camera.removed_at.is_(None) | oldest.c.at.is_not(None))
        .order_by(Room.name, Camera.name)
    ).all()
    held: dict[int, int] = defaultdict(int)
    for (camera_id, _day), size in held_by_day(session, [row[0] for row in rows], now).items():
        held[camera_id] += size
    return [
        Kept(name, room, policy_for(days, default_days), begins, held[camera_id])
        for camera_id, name, room, days, begins in rows
    ]
