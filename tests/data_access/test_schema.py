from sqlalchemy import Engine

from data_access import schema


def test_models_and_migrations_describe_the_same_tables(engine: Engine) -> None:
    assert schema.differences(engine) == []


def test_migrating_a_migrated_database_changes_nothing(engine: Engine) -> None:
    assert schema.migrate(engine) is False
