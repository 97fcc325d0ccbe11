"""live monitoring: findings, marks, views, alerts, the open segment, camera measurements, the staff role"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('account_preference',
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False, comment='for example wall'),
    sa.Column('value', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_account_preference_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('account_id', 'name', name=op.f('pk_account_preference'))
    )
    op.create_table('alert',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False, comment='camera:7, session:12 or disk: what it is about'),
    sa.Column('camera_id', sa.Integer(), nullable=True),
    sa.Column('session_id', sa.Integer(), nullable=True),
    sa.Column('message_zh', sa.Text(), nullable=False),
    sa.Column('message_en', sa.Text(), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('cleared_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('began_told_at', sa.DateTime(timezone=True), nullable=True, comment='when its beginning went out by webhook'),
    sa.Column('cleared_told_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('told', postgresql.ARRAY(sa.Text()), server_default='{}', nullable=False, comment='<hash of an address>:began or :cleared, one for each sent'),
    sa.CheckConstraint("kind IN ('camera_lost', 'recording_behind', 'disk_low', 'session_without_camera')", name=op.f('ck_alert_kind')),
    sa.ForeignKeyConstraint(['camera_id'], ['camera.id'], name=op.f('fk_alert_camera_id')),
    sa.ForeignKeyConstraint(['session_id'], ['trading_session.id'], name=op.f('fk_alert_session_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alert'))
    )
    op.create_index('ix_alert_began_at', 'alert', ['began_at'], unique=False)
    op.create_index('uq_alert_open', 'alert', ['kind', 'subject'], unique=True, postgresql_where=sa.text('cleared_at IS NULL'))
    op.create_table('finding',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), server_default='draft', nullable=False),
    sa.Column('session_id', sa.Integer(), nullable=True),
    sa.Column('subject', sa.Text(), nullable=False, comment='what it is about, in a line'),
    sa.Column('note', sa.Text(), server_default='', nullable=False),
    sa.Column('raised_by', sa.Integer(), nullable=False),
    sa.Column('raised_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("source IN ('live', 'footage', 'rule', 'complaint', 'inspection')", name=op.f('ck_finding_source')),
    sa.CheckConstraint("status IN ('draft', 'new', 'triaged', 'verifying', 'substantiated', 'unsubstantiated', 'rectifying', 'transferred', 'closed')", name=op.f('ck_finding_status')),
    sa.ForeignKeyConstraint(['raised_by'], ['account.id'], name=op.f('fk_finding_raised_by')),
    sa.ForeignKeyConstraint(['session_id'], ['trading_session.id'], name=op.f('fk_finding_session_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_finding'))
    )
    op.create_index(op.f('ix_finding_raised_by'), 'finding', ['raised_by'], unique=False)
    op.create_index(op.f('ix_finding_session_id'), 'finding', ['session_id'], unique=False)
    op.create_index('ix_finding_status_raised_at', 'finding', ['status', 'raised_at'], unique=False)
    op.create_table('live_view',
    sa.Column('token', sa.Text(), nullable=False, comment='names the connection in its address'),
    sa.Column('web_session', sa.LargeBinary(), nullable=False, comment='web_session.token_hash; that row goes with the sign-out, this one stays'),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False, comment='of the viewer at that time'),
    sa.Column('camera_id', sa.Integer(), nullable=False),
    sa.Column('upstream', sa.Text(), nullable=False, comment='where the WHEP server keeps the connection'),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False, comment='when the browser last said that it watches'),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("role IN ('administrator', 'supervisor', 'inspector', 'staff')", name=op.f('ck_live_view_role')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_live_view_account_id')),
    sa.ForeignKeyConstraint(['camera_id'], ['camera.id'], name=op.f('fk_live_view_camera_id')),
    sa.PrimaryKeyConstraint('token', name=op.f('pk_live_view'))
    )
    op.create_index('ix_live_view_began_at', 'live_view', ['began_at'], unique=False)
    op.create_index('ix_live_view_lasting', 'live_view', ['seen_at'], unique=False, postgresql_where=sa.text('ended_at IS NULL'))
    op.create_table('footage_mark',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('camera_id', sa.Integer(), nullable=False),
    sa.Column('session_id', sa.Integer(), nullable=True),
    sa.Column('finding_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False, comment='wall clock of the picture that was marked'),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), server_default='', nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('irregularity', 'left_post', 'stranger', 'dispute', 'device', 'other')", name=op.f('ck_footage_mark_kind')),
    sa.ForeignKeyConstraint(['camera_id'], ['camera.id'], name=op.f('fk_footage_mark_camera_id')),
    sa.ForeignKeyConstraint(['finding_id'], ['finding.id'], name=op.f('fk_footage_mark_finding_id')),
    sa.ForeignKeyConstraint(['made_by'], ['account.id'], name=op.f('fk_footage_mark_made_by')),
    sa.ForeignKeyConstraint(['session_id'], ['trading_session.id'], name=op.f('fk_footage_mark_session_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_footage_mark'))
    )
    op.create_index('ix_footage_mark_camera_time', 'footage_mark', ['camera_id', 'at'], unique=False)
    op.create_index(op.f('ix_footage_mark_finding_id'), 'footage_mark', ['finding_id'], unique=False)
    op.create_index(op.f('ix_footage_mark_session_id'), 'footage_mark', ['session_id'], unique=False)
    op.create_table('footage_open_segment',
    sa.Column('camera_id', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=False, comment='half-open: end of its last whole fragment'),
    sa.Column('run_id', sa.Integer(), nullable=False),
    sa.Column('path', sa.Text(), nullable=False, comment='the .part file, relative to the footage folder'),
    sa.Column('size', sa.Integer(), nullable=False, comment='bytes of its whole fragments'),
    sa.Column('sample_index', sa.LargeBinary(), nullable=False, comment='of those, packed as in footage_segment'),
    sa.CheckConstraint('ended_at > started_at', name=op.f('ck_footage_open_segment_order')),
    sa.ForeignKeyConstraint(['camera_id'], ['camera.id'], name=op.f('fk_footage_open_segment_camera_id')),
    sa.ForeignKeyConstraint(['run_id'], ['footage_run.id'], name=op.f('fk_footage_open_segment_run_id')),
    sa.PrimaryKeyConstraint('camera_id', name=op.f('pk_footage_open_segment'))
    )
    op.add_column('camera', sa.Column('source', sa.Text(), server_default='network', nullable=False))
    op.create_check_constraint(op.f('ck_camera_source'), 'camera', "source IN ('network', 'browser')")
    op.drop_constraint(op.f('ck_account_role'), 'account')
    op.create_check_constraint(op.f('ck_account_role'), 'account', "role IN ('administrator', 'supervisor', 'inspector', 'staff')")
    op.add_column('camera_status', sa.Column('connected_since', sa.DateTime(timezone=True), nullable=True, comment='empty: not connected now'))
    op.add_column('camera_status', sa.Column('codec', sa.Text(), nullable=True, comment='of the main stream now, for example h264'))
    op.add_column('camera_status', sa.Column('width', sa.Integer(), nullable=True, comment='pixels'))
    op.add_column('camera_status', sa.Column('height', sa.Integer(), nullable=True, comment='pixels'))
    op.add_column('camera_status', sa.Column('frame_rate', sa.Double(), nullable=True, comment='frames a second, over the last seconds'))
    op.add_column('camera_status', sa.Column('bits_per_second', sa.Double(), nullable=True, comment='of pictures and sound, over the last seconds'))
    op.add_column('camera_status', sa.Column('audio_codec', sa.Text(), nullable=True, comment='empty: no sound'))
    op.add_column('camera_status', sa.Column('clock_offset', sa.Double(), nullable=True, comment="seconds by which the camera's own clock is ahead of ours; empty: it does not tell"))


def downgrade() -> None:
    op.drop_constraint(op.f('ck_account_role'), 'account')
    op.create_check_constraint(op.f('ck_account_role'), 'account', "role IN ('administrator', 'supervisor', 'inspector')")
    op.drop_column('camera_status', 'clock_offset')
    op.drop_column('camera_status', 'audio_codec')
    op.drop_column('camera_status', 'bits_per_second')
    op.drop_column('camera_status', 'frame_rate')
    op.drop_column('camera_status', 'height')
    op.drop_column('camera_status', 'width')
    op.drop_column('camera_status', 'codec')
    op.drop_column('camera_status', 'connected_since')
    op.drop_column('camera', 'source')
    op.drop_table('footage_open_segment')
    op.drop_index(op.f('ix_footage_mark_session_id'), table_name='footage_mark')
    op.drop_index(op.f('ix_footage_mark_finding_id'), table_name='footage_mark')
    op.drop_index('ix_footage_mark_camera_time', table_name='footage_mark')
    op.drop_table('footage_mark')
    op.drop_index('ix_live_view_lasting', table_name='live_view', postgresql_where=sa.text('ended_at IS NULL'))
    op.drop_index('ix_live_view_began_at', table_name='live_view')
    op.drop_table('live_view')
    op.drop_index('ix_finding_status_raised_at', table_name='finding')
    op.drop_index(op.f('ix_finding_session_id'), table_name='finding')
    op.drop_index(op.f('ix_finding_raised_by'), table_name='finding')
    op.drop_table('finding')
    op.drop_index('uq_alert_open', table_name='alert', postgresql_where=sa.text('cleared_at IS NULL'))
    op.drop_index('ix_alert_began_at', table_name='alert')
    op.drop_table('alert')
    op.drop_table('account_preference')
