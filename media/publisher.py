"""From closed files to rows: the runs and the chained segments of one camera."""

import logging
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from data_access import footage
from data_access.engine import transaction
from data_access.footage import Segment
from media.segment_file import ClosedFile, left_behind

log = logging.getLogger(__name__)


class Publisher:
    """Writes a camera's rows in order. While the database is away it keeps them and tries again."""

    def __init__(self, engine: Engine, camera_id: int) -> None:
        self._engine = engine
        self._camera_id = camera_id
        self._waiting: list[Segment] = []
        self._previous: bytes | None = None  # hash of the segment published last

    def begin_run(self, started_at: datetime) -> int:
        """The id of a new run."""
        with transaction(self._engine) as session:
            return footage.begin_run(session, self._camera_id, started_at)

    def publish(self, run_id: int, closed: ClosedFile, ended_at: datetime) -> None:
        """Writes the row of a closed file, now or as soon as the database is back."""
        self._waiting.append(
            Segment(
                camera_id=self._camera_id,
                started_at=closed.started_at,
                ended_at=ended_at,
                run_id=run_id,
                path=closed.path,
                size=closed.size,
                sha256=closed.sha256,
                previous_sha256=footage.NO_SEGMENT_BEFORE,
                index=closed.index.pack(),
            )
        )
        self.catch_up()

    def catch_up(self) -> None:
        """Writes what has waited for the database."""
        while self._waiting:
            try:
                self._write(self._waiting[0])
            except OperationalError as error:
                log.warning(
                    "camera %d: %d segments wait: %s", self._camera_id, len(self._waiting), error.orig
                )
                return
            self._waiting.pop(0)

    def _write(self, segment: Segment) -> None:
        with transaction(self._engine) as session:
            footage.make_days(session, segment.started_at)
        with transaction(self._engine) as session:
            previous = self._previous
            if previous is None:
                previous = footage.newest_sha256(session, self._camera_id, segment.started_at)
            footage.publish(session, replace(segment, previous_sha256=previous))
        self._previous = segment.sha256

    def publish_left_behind(self, folder: Path, shelf: str) -> int:
        """Publishes what a recorder that ended hard has left on the shelf; returns how many segments."""
        count = 0
        for closed in left_behind(folder, shelf, self._paths_since):
            with transaction(self._engine) as session:
                run_id = footage.run_that_ends_at(session, self._camera_id, closed.started_at)
            if run_id is None:
                run_id = self.begin_run(closed.started_at)
            self.publish(run_id, closed, closed.ends_at)
            count += 1
        return count

    def _paths_since(self, start: datetime) -> set[str]:
        with transaction(self._engine) as session:
            return footage.paths_since(session, self._camera_id, start)
