"""The one engine of a process, and the transaction around a piece of work."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from data_access.embedded_postgres import socket_url
from data_access.settings import settings


@lru_cache(maxsize=4)
def engine_for(url: str) -> Engine:
    """The engine of a database URL; one a process, so that its connections are shared."""
    return create_engine(
        url,
        pool_size=8,
        max_overflow=16,
        pool_pre_ping=True,
        # UTC on every connection: time is stored and compared in UTC, shown in Asia/Shanghai.
        connect_args={"options": "-c timezone=UTC", "application_name": "mingjing"},
    )


def engine() -> Engine:
    """The engine of the configured database."""
    return engine_for(database_url())


def database_url() -> str:
    """The configured database: `DATABASE_URL`, else the embedded server's socket."""
    chosen = settings()
    return chosen.database_url or socket_url(chosen.postgres_folder)


@contextmanager
def transaction(bind: Engine | None = None) -> Iterator[Session]:
    """A session that commits when the block ends well and rolls back when it raises."""
    with Session(bind or engine(), expire_on_commit=False) as session, session.begin():
        yield session
