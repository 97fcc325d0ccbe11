"""What the tests of the web app share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from data_access.engine import engine
from data_access.settings import settings


@pytest.fixture
def configured(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Makes the test's own database and folder the configured ones."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("MINGJING_HOME", str(tmp_path))
    settings.cache_clear()
    yield
    engine().dispose()
    settings.cache_clear()
