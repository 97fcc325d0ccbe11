"""The one engine of a process, and the transaction around a piece of work."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from sqlalchemy import Engine, ExceptionContext, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from data_access.embedded_postgres import socket_url
from data_access.settings import settings


@event.listens_for(Engine, "handle_error")
def _gone_is_operational(context: ExceptionContext) -> None:
    """A server that goes away in the middle of a query is an OperationalError, whichever way it is noticed.

    psycopg2 raises a bare DatabaseError when libpq does not know yet that the connection is lost.
    """
    if context.is_disconnect and not isinstance(context.sqlalchemy_exception, OperationalError):
        raise OperationalError(
            context.statement, context.parameters, context.original_exception, connection_invalidated=True
        ) from context.original_exception


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
