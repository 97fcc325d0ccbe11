"""Brings the database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from data_access.models import Base

_MIGRATION_LOCK = 0x6D6A_0001  # one migration at a time, whoever starts first


def not_a_partition(name: str | None, kind: str, _parents: object) -> bool:
    """Days of `footage_segment` come and go; they are no part of the schema."""
    return not (kind == "table" and name is not None and name.startswith("footage_segment_"))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine) -> bool:
    """Runs the missing migrations; True when there were any."""
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
        try:
            config = _config(connection)
            newest = ScriptDirectory.from_config(config).get_current_head()
            if MigrationContext.configure(connection).get_current_revision() == newest:
                return False
            connection.commit()
            command.upgrade(config, "head")
            connection.commit()
            return True
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _MIGRATION_LOCK})
            connection.commit()


def write_migration(engine: Engine, message: str) -> None:
    """Writes a new migration from the difference between the models and the database."""
    with engine.connect() as connection:
        command.revision(_config(connection), message=message, autogenerate=True)


def differences(engine: Engine) -> list[object]:
    """What autogenerate would still change: empty when models and database agree."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": not_a_partition})
        return list(compare_metadata(context, Base.metadata))
