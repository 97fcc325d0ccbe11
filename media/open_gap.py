"""A stretch without footage that lasts: its entry in the ledger grows until there is footage again."""

import logging
import threading
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from data_access import footage_gaps
from data_access.engine import transaction
from domain.vocabulary import GapCause

log = logging.getLogger(__name__)

Why = tuple[GapCause, str]  # the cause, and what to tell people

WAS_DOWN: Why = (GapCause.RECORDER, "录像服务未运行 / the recorder was not running")
WAS_DISABLED: Why = (GapCause.PLANNED, "摄像头已停用 / the camera was disabled")
WAS_STUCK: Why = (
    GapCause.CAMERA,
    "摄像头有应答但不发画面，已重新连接 / the camera answered but sent no pictures; connecting anew",
)
BETWEEN_SESSIONS: Why = (
    GapCause.PLANNED,
    "此摄像头仅在场次期间录像，当前无场次 / recorded for sessions only, and there is none now",
)


class OpenGap:
    """The gap of one camera.

    Args:
        since: up to when there is footage, or the ledger says why not.
        why: None: not known yet.
    """

    def __init__(self, engine: Engine, camera_id: int, since: datetime, why: Why | None = None) -> None:
        self._engine = engine
        self._camera_id = camera_id
        self._since = since
        self._why = why
        self._lock = threading.Lock()  # the camera's thread finds out why, the supervisor's sees it last

    @property
    def why(self) -> Why | None:
        """The cause as far as it is known."""
        return self._why

    def grow(self, until: datetime, why: Why) -> None:
        """The gap lasts until now; where its cause changes a new entry begins."""
        with self._lock:
            if self._why is not None and self._why[0] is not why[0]:
                self._write(until)
                self._since = max(until, self._since)
            self._why = why
            self._write(until)

    def write(self, until: datetime) -> None:
        """Brings the ledger up to date."""
        with self._lock:
            self._write(until)

    def clock_set(self, before: datetime, after: datetime, why: Why) -> None:
        """The clock went from `before` to `after` in no time; a stretch that was left out is no gap's own."""
        with self._lock:
            former = self._why
            if former is not None:
                self._write(before)
                self._since = max(self._since, before)
            self._why = why
            self._write(after)
            self._since, self._why = after, former

    def close(self, at: datetime) -> None:
        """Footage begins, at an instant that may lie a little back."""
        with self._lock:
            self._write(at)
            self._why = None  # it grows no more
            try:
                with transaction(self._engine) as session:
                    footage_gaps.end_gaps(session, self._camera_id, at)
            except SQLAlchemyError as error:
                log.debug("camera %d: gaps not ended: %s", self._camera_id, error)

    def _write(self, until: datetime) -> None:
        if self._why is None:
            return
        cause, detail = self._why
        try:
            with transaction(self._engine) as session:
                footage_gaps.record_gap(
                    session, self._camera_id, self._since, until, cause=cause, detail=detail
                )
        except SQLAlchemyError as error:
            log.debug("camera %d: gap not written yet: %s", self._camera_id, error)
