"""Watches the free space: a full disk costs neither what is held nor what is promised.

Below the reserve, the oldest footage beyond its days that nobody holds goes at once. Where that is not
enough, nothing is written any more until there is room again.
"""

import logging
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from domain.vocabulary import GapCause
from media import retention
from media.open_gap import Why

log = logging.getLogger(__name__)

FULL: Why = (
    GapCause.DISK,
    "录像磁盘已满，已停止录像；请扩容，或解除不再需要的保全 / "
    "the footage disk is full, recording has stopped; add space, or release holds that are not needed",
)
_AGAIN = 1.05  # of the reserve must be free before recording goes on, so that it does not stop at once again
_LOOK_AGAIN = timedelta(seconds=10)  # for something to delete, when there was nothing


def free_bytes(folder: Path) -> int:
    """Bytes that may still be written to the disk of the folder."""
    return shutil.disk_usage(folder).free


class DiskGuard:
    """To be asked every few seconds by whoever writes footage.

    Args:
        reserve_bytes: what shall stay free.
        default_days: for which footage is kept unless the camera has its own.
        by: the latest moment that may count as now for deleting; a clock that is set ahead deletes nothing.
    """

    def __init__(
        self,
        engine: Engine,
        folder: Path,
        reserve_bytes: int,
        default_days: int,
        *,
        free: Callable[[Path], int] = free_bytes,
        by: Callable[[datetime], datetime] = lambda now: now,
    ) -> None:
        self._engine = engine
        self._folder = folder
        self._reserve = reserve_bytes
        self._default_days = default_days
        self._free = free
        self._by = by
        self._stopped = False
        self._nothing_since: datetime | None = None  # there was nothing to delete when it was last tried

    def tick(self, now: datetime) -> bool:
        """Makes room if there is too little; False: nothing may be written now."""
        try:
            may_write = self._may_write(now)
        except OSError as error:
            log.warning("the free space of %s cannot be told: %s", self._folder, error.strerror)
            return not self._stopped
        if may_write is self._stopped:
            log.warning("%s", "there is room again, recording goes on" if may_write else FULL[1])
        self._stopped = not may_write
        return may_write

    def obstacle(self, now: datetime) -> Why | None:
        """Why nothing may be written now; None: there is room."""
        return None if self.tick(now) else FULL

    def _may_write(self, now: datetime) -> bool:
        enough = int(self._reserve * (_AGAIN if self._stopped else 1))
        missing = enough - self._free(self._folder)
        if missing <= 0:
            self._nothing_since = None
            return True
        goes_on = self._make_room(now, missing)
        free = self._free(self._folder)
        # While there is still something to delete, the reserve is what it is for.
        return free >= enough or (goes_on and not self._stopped and free >= self._reserve // 2)

    def _make_room(self, now: datetime, missing: int) -> bool:
        """Whether something was deleted, or may be as soon as others let it."""
        if self._nothing_since is not None and now - self._nothing_since < _LOOK_AGAIN:
            return False
        try:
            freed = retention.make_room(
                self._engine, self._folder, self._by(now), self._default_days, missing
            )
        except OperationalError as error:
            log.warning("room cannot be made at this moment: %s", error.orig)
            return True
        if freed:
            log.warning("the disk is full: %d bytes of footage beyond its days deleted", freed)
        self._nothing_since = None if freed else now
        return freed > 0
