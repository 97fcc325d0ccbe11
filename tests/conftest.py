"""A real PostgreSQL per test worker; every test that writes gets a database or a savepoint of its own."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.orm import Session

from data_access import embedded_postgres, schema
from tests.installation import wait_for_no_disk

NEEDED = {
    "browser": ("usr/bin/chromium", "Debian's chromium is not installed"),
    "rtsp": (
        "usr/lib/*/girepository-1.0/GstRtspServer-1.0.typelib",
        "GStreamer is not installed",
    ),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves out, with the reason, what this machine has no program for."""
    for item in items:
        for marker, (file, reason) in NEEDED.items():
            if item.get_closest_marker(marker) and not any(Path("/").glob(file)):
                item.add_marker(pytest.mark.skip(reason=f"{reason}: run make test as root"))


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The URL of a PostgreSQL server of this worker, with the migrated database `template`."""
    folder = Path(tempfile.mkdtemp(prefix="mingjing-test-"))
    server = embedded_postgres.start(folder / "postgres")
    url = embedded_postgres.socket_url(folder / "postgres")
    wait_for_no_disk(url)
    _run(url, "CREATE DATABASE template")
    migrated = create_engine(make_url(url).set(database="template"))
    schema.migrate(migrated)
    migrated.dispose()
    yield url
    embedded_postgres.stop(server)
    shutil.rmtree(folder, ignore_errors=True)


def _run(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@contextmanager
def own_database(server_url: str) -> Iterator[str]:
    """A migrated database on the server."""
    name = f"test_{uuid4().hex}"
    _run(server_url, f"CREATE DATABASE {name} TEMPLATE template")
    yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    _run(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(server_url: str) -> Iterator[str]:
    """A migrated database of the test's own, for code that opens its own connections or processes."""
    with own_database(server_url) as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on the test's own database."""
    made = create_engine(database_url, connect_args={"options": "-c timezone=UTC"})
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def shared_engine(server_url: str) -> Iterator[Engine]:
    """An engine on a migrated, empty database for tests that roll back."""
    _run(server_url, "CREATE DATABASE shared TEMPLATE template")
    made = create_engine(
        make_url(server_url).set(database="shared"), connect_args={"options": "-c timezone=UTC"}
    )
    yield made
    made.dispose()


@pytest.fixture
def session(shared_engine: Engine) -> Iterator[Session]:
    """A session whose work is rolled back at the end, commits included (they release a savepoint)."""
    with shared_engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as made:
            yield made
        outer.rollback()
