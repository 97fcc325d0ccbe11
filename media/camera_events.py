"""What befell one camera's footage, written down as soon as the database takes it."""

import logging
from collections import deque
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from data_access import footage_events
from data_access.engine import transaction
from domain.vocabulary import FootageEventKind

log = logging.getLogger(__name__)

_MOST_WAITING = 100  # a camera whose clock jumps all the time must not fill the memory


class CameraEvents:
    """Takes events, and keeps them while the database is away."""

    def __init__(self, engine: Engine, camera_id: int) -> None:
        self._engine = engine
        self._camera_id = camera_id
        self._waiting: deque[tuple[FootageEventKind, datetime, float | None, str]] = deque(
            maxlen=_MOST_WAITING
        )

    def note(
        self, kind: FootageEventKind, at: datetime, *, seconds: float | None = None, detail: str = ""
    ) -> None:
        """Writes an event down, now or later."""
        self._waiting.append((kind, at, seconds, detail))
        self.catch_up()

    def catch_up(self) -> None:
        """Writes down what has waited."""
        while self._waiting:
            kind, at, seconds, detail = self._waiting[0]
            try:
                with transaction(self._engine) as session:
                    footage_events.record(session, self._camera_id, kind, at, seconds=seconds, detail=detail)
            except SQLAlchemyError as error:
                log.debug("camera %d: an event waits: %s", self._camera_id, error)
                return
            self._waiting.popleft()
