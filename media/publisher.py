"""From closed files to rows: the runs and the chained segments of one camera."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from data_access import footage, footage_open
from data_access.engine import transaction
from data_access.footage import Segment
from media.segment_file import ClosedFile, SegmentFile, left_behind

log = logging.getLogger(__name__)

_SHOWN_EVERY = timedelta(seconds=0.5)  # of an open segment, where groups of pictures are shorter


class Publisher:
    """Writes a camera's rows in order. While the database is away it keeps them and tries again.

    Args:
        live: the open segment is shown too; of the publishers of one camera only the recorder's may do that.
    """

    def __init__(self, engine: Engine, camera_id: int, *, live: bool = False) -> None:
        self._engine = engine
        self._at_once = engine.execution_options(isolation_level="AUTOCOMMIT")  # for a single statement
        self._camera_id = camera_id
        self._live = live
        self._shown_to: datetime | None = None  # of the open segment
        self._waiting: list[Segment] = []
        self._told_waiting = 0
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

    def show_open(self, run_id: int, file: SegmentFile, ended_at: datetime) -> None:
        """Makes the whole fragments of the open segment known; a database that is away is passed over."""
        shown_to = self._shown_to
        lately = shown_to is not None and timedelta(0) <= ended_at - shown_to < _SHOWN_EVERY
        if not self._live or lately:
            return
        self._shown_to = ended_at
        self.catch_up()
        if self._waiting:  # first what comes before it: a run has no holes
            return
        try:
            with transaction(self._at_once) as session:
                footage_open.grow(
                    session,
                    self._camera_id,
                    started_at=file.started_at,
                    ended_at=ended_at,
                    run_id=run_id,
                    path=file.part_path,
                    size=file.whole_bytes,
                    sample_index=file.index().pack(),
                )
        except SQLAlchemyError as error:
            log.debug("camera %d: the open segment is not shown: %s", self._camera_id, error)

    def forget_open(self) -> None:
        """Removes the row of an open segment that a recorder which ended hard has left."""
        with transaction(self._engine) as session:
            footage_open.forget(session, self._camera_id)

    def catch_up(self) -> None:
        """Writes what has waited for the database."""
        while self._waiting:
            try:
                self._write(self._waiting[0])
            except OperationalError as error:
                if len(self._waiting) != self._told_waiting:
                    self._told_waiting = len(self._waiting)
                    log.warning(
                        "camera %d: %d segments wait: %s", self._camera_id, self._told_waiting, error.orig
                    )
                return
            except IntegrityError as error:
                # Its file stays, and is looked at again at the next start; those behind it must not wait.
                log.error("camera %d: %s: %s", self._camera_id, self._waiting[0].path, error.orig)
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
