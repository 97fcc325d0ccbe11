"""Deletes footage that is older than it is kept, segment by segment."""

import logging
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from data_access import cameras, footage_expiry
from data_access.engine import transaction

log = logging.getLogger(__name__)


def expire(engine: Engine, folder: Path, now: datetime, default_days: int) -> int:
    """Deletes the expired footage of every camera, removed ones too; returns how many segments."""
    with transaction(engine) as session:
        known = cameras.all_cameras(session, removed=True)
    count = 0
    for camera in known:
        before = now - timedelta(days=camera.online_days or default_days)
        while deleted := _expire_some(engine, folder, camera.id, before):
            count += deleted
        with transaction(engine) as session:
            left_open = footage_expiry.forget_left_open(session, camera.id, before)
            if left_open is not None:
                (folder / left_open).unlink(missing_ok=True)
            footage_expiry.forget_empty(session, camera.id, before)
    if count:
        log.info("%d expired segments deleted", count)
    return count


def _expire_some(engine: Engine, folder: Path, camera_id: int, before: datetime) -> int:
    with transaction(engine) as session:
        expired = footage_expiry.expired_paths(session, camera_id, before)
        for started_at, path in expired:
            # First the file: a row without one is noticed and deleted again, a file without row never.
            file = folder / path
            file.unlink(missing_ok=True)
            footage_expiry.forget(session, camera_id, started_at)
            if file.parent.is_dir() and not any(file.parent.iterdir()):
                file.parent.rmdir()
    return len(expired)
