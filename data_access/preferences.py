"""What the interface remembers for a person, by name: small JSON objects, nothing that decides on rights."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from data_access.models import AccountPreference


def preference(session: Session, account_id: int, name: str) -> dict[str, object]:
    """What was last remembered under that name for the account; empty when nothing was."""
    found = session.scalar(
        select(AccountPreference.value).where(
            AccountPreference.account_id == account_id, AccountPreference.name == name
        )
    )
    return dict(found or {})


def remember(session: Session, account_id: int, name: str, value: Mapping[str, object]) -> None:
    """Keeps the value in place of what was remembered under that name."""
    new = insert(AccountPreference).values(account_id=account_id, name=name, value=dict(value))
    session.execute(
        new.on_conflict_do_update(index_elements=["account_id", "name"], set_={"value": dict(value)})
    )
