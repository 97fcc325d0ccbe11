"""Alembic's environment: migrates the connection it is given."""

from alembic import context

from data_access.models import Base
from data_access.schema import not_a_partition

connection = context.config.attributes["connection"]


context.configure(connection=connection, target_metadata=Base.metadata, include_name=not_a_partition)
with context.begin_transaction():
    context.run_migrations()
