"""What callers are told when the database goes away."""

import psycopg2
import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from data_access.engine import transaction


def test_a_server_that_goes_away_in_a_query_is_an_operational_error_also_where_the_driver_is_unsure(
    engine: Engine,
) -> None:
    told = "server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally"

    def goes_away(*_: object) -> None:
        raise psycopg2.DatabaseError(told)

    with transaction(engine) as session:
        assert session.scalar(text("SELECT 1")) == 1
    event.listen(engine, "do_execute", goes_away)
    with pytest.raises(OperationalError, match="server closed") as found, transaction(engine) as session:
        session.execute(text("SELECT 1"))
    assert found.value.connection_invalidated
    event.remove(engine, "do_execute", goes_away)
    with transaction(engine) as session:
        assert session.scalar(text("SELECT 2")) == 2


def test_a_wrong_query_stays_what_it_is(engine: Engine) -> None:
    with pytest.raises(ProgrammingError), transaction(engine) as session:
        session.execute(text("SELECT * FROM nothing_such"))
