"""What the tests of evidence packages share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from data_access.settings import settings
from tests.media.evidence.packages import Office, office, package_without_database


@pytest.fixture
def desk(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """An archive, the people who ask for packages of it, and a folder for them."""
    with office(engine, tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture(scope="module")
def whole_package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A package that was built as the keeper builds it; tests change copies of it only."""
    folder = tmp_path_factory.mktemp("package")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINGJING_HOME", str(folder))
        settings.cache_clear()
        yield package_without_database(folder)
    settings.cache_clear()
