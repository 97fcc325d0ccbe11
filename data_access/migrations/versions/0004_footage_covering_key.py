"""footage: the key covers what is summed up over days"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KEY = "ALTER TABLE footage_segment ADD CONSTRAINT pk_footage_segment PRIMARY KEY (camera_id, started_at)"


def upgrade() -> None:
    op.drop_constraint("pk_footage_segment", "footage_segment", type_="primary")
    op.execute(f"{_KEY} INCLUDE (ended_at, run_id, size)")


def downgrade() -> None:
    op.drop_constraint("pk_footage_segment", "footage_segment", type_="primary")
    op.execute(_KEY)
