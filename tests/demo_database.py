"""A database with the demo's history, for tests that read it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from uuid import uuid4

from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.orm import Session

from data_access.demo import history

TODAY = date(2026, 11, 23)


@contextmanager
def filled_database(server_url: str, *days: date) -> Iterator[Engine]:
    """An engine on a database of its own, filled as at starts on the given days (none: on `TODAY`)."""
    name = f"demo_{uuid4().hex}"
    server = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template"))
    engine = create_engine(
        make_url(server_url).set(database=name), connect_args={"options": "-c timezone=UTC"}
    )
    for day in days or (TODAY,):
        with Session(engine) as session, session.begin():
            history.fill(session, day)
    yield engine
    engine.dispose()
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()
