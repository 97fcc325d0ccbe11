"""What is remembered belongs to one person and one name, and the last value stands."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from data_access import accounts
from data_access.preferences import preference, remember
from domain.vocabulary import Role

NOW = datetime(2025, 3, 5, 2, tzinfo=UTC)


@pytest.fixture
def wang(session: Session) -> int:
    return accounts.add(session, "wang", "long-enough-1", Role.INSPECTOR, now=NOW).id


@pytest.fixture
def li(session: Session) -> int:
    return accounts.add(session, "li", "long-enough-2", Role.SUPERVISOR, now=NOW).id


def test_nothing_is_remembered_at_first(session: Session, wang: int) -> None:
    assert preference(session, wang, "wall") == {}


def test_the_last_value_stands(session: Session, wang: int) -> None:
    remember(session, wang, "wall", {"layout": "4", "filter": "on"})
    remember(session, wang, "wall", {"layout": "9"})
    assert preference(session, wang, "wall") == {"layout": "9"}


def test_it_is_this_persons_and_this_names_only(session: Session, wang: int, li: int) -> None:
    remember(session, wang, "wall", {"layout": "9"})
    assert preference(session, li, "wall") == {}
    assert preference(session, wang, "overview") == {}
