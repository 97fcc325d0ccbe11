import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from data_access import audit


def write_three(engine: Engine) -> None:
    for number in range(3):
        with Session(engine) as session, session.begin():
            audit.record(
                session, actor="wang", action="view_live", subject=f"camera {number}", detail={"n": number}
            )


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET actor = 'li'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"]
)
def test_the_database_refuses_to_change_the_audit_log(engine: Engine, statement: str) -> None:
    write_three(engine)
    with engine.connect() as connection, pytest.raises(DatabaseError, match="append-only"):
        connection.execute(text(statement))


def test_a_changed_entry_is_found_even_when_the_trigger_was_switched_off(engine: Engine) -> None:
    write_three(engine)
    with Session(engine) as session:
        assert audit.first_broken(session) is None
        session.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))
        session.execute(text("UPDATE audit_entry SET actor = 'li' WHERE id = 2"))
        assert audit.first_broken(session) == 2
