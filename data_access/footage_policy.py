"""For how long footage is kept, who said so, and when a moment of it goes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.footage_holds import kept_stretches
from data_access.models import Camera
from data_access.settings import settings

_MOMENT = timedelta(microseconds=1)


class PolicyOrigin(StrEnum):
    """Who said so: the camera's own number of days, or the installation's (MINGJING_ONLINE_DAYS)."""

    CAMERA = "camera"
    INSTALLATION = "installation"


@dataclass(frozen=True)
class Policy:
    """For how long a camera's footage is promised to be there."""

    days: int
    origin: PolicyOrigin

    @property
    def window(self) -> timedelta:
        """The days as a length of time."""
        return timedelta(days=self.days)


def policy_for(online_days: int | None, default_days: int) -> Policy:
    """What holds for a camera with `online_days` of its own, None when it has none."""
    if online_days is None:
        return Policy(default_days, PolicyOrigin.INSTALLATION)
    return Policy(online_days, PolicyOrigin.CAMERA)


def policy_of(session: Session, camera_id: int) -> Policy:
    """What holds for a camera, a removed one too."""
    online_days = session.scalar(select(Camera.online_days).where(Camera.id == camera_id))
    return policy_for(online_days, settings().online_days)


def expires_at(session: Session, camera_id: int, at: datetime) -> datetime | None:
    """Until when the footage of the moment `at` is promised to be there; None: it is held.

    It is deleted with the whole of its day (UTC), so up to a day later; at once only when the disk is full.
    """
    if kept_stretches(session, camera_id, at, at + _MOMENT):
        return None
    return at + policy_of(session, camera_id).window
