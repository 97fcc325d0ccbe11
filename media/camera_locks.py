"""Who may record a camera: one recorder at a time, on however many machines."""

import contextlib
import logging

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger(__name__)

LIVE, DEMO = 0x6D6A_0002, 0x6D6A_0003  # a camera's live recording, and its demo footage of the past


class CameraLocks:
    """The cameras that this process has: advisory locks on one database connection of their own."""

    def __init__(self, engine: Engine, purpose: int) -> None:
        self._engine = engine
        self._purpose = purpose
        self._connection: Connection | None = None
        self._held: set[int] = set()

    def check(self) -> None:
        """Forgets all locks when their connection is lost: another recorder may have them by now."""
        try:
            if self._connection is not None:
                self._connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            log.warning("the connection with the camera locks is lost")
            self.close()

    def take(self, camera_id: int) -> bool:
        """Whether this process has the camera now."""
        if camera_id in self._held:
            return True
        if self._connection is None:
            self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        taken = bool(self._ask(self._connection, "pg_try_advisory_lock", camera_id))
        if taken:
            self._held.add(camera_id)
        return taken

    def release(self, camera_id: int) -> None:
        """Leaves the camera to others."""
        if camera_id in self._held and self._connection is not None:
            self._held.discard(camera_id)
            self._ask(self._connection, "pg_advisory_unlock", camera_id)

    def _ask(self, connection: Connection, function: str, camera_id: int) -> object:
        question = text(f"SELECT {function}(:purpose, :camera)")
        return connection.scalar(question, {"purpose": self._purpose, "camera": camera_id})

    def close(self) -> None:
        """Releases all."""
        connection, self._connection = self._connection, None
        self._held.clear()
        if connection is not None:
            with contextlib.suppress(SQLAlchemyError):
                # By word: the server notices a closed connection only a moment later.
                connection.execute(text("SELECT pg_advisory_unlock_all()"))
            connection.invalidate()  # the pool must not keep a connection that holds locks
            connection.close()
