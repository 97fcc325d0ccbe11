"""footage kept: holds, evidence packages, archive, integrity, recording policy"""

from alembic import op
import sqlalchemy as sa

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('footage_check',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('full', sa.Boolean(), nullable=False, comment='every file was read; otherwise a sample'),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True, comment='empty: it runs, or it was broken off'),
    sa.Column('segments', sa.Integer(), server_default='0', nullable=False),
    sa.Column('size', sa.BigInteger(), server_default='0', nullable=False, comment='bytes that were read'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_footage_check'))
    )
    op.create_table('footage_doomed',
    sa.Column('path', sa.Text(), nullable=False, comment='relative to the footage folder'),
    sa.Column('doomed_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('path', name=op.f('pk_footage_doomed'))
    )
    # To drop a day would lock both tables against all readers, to delete a run would read every segment.
    op.drop_constraint(op.f('fk_footage_segment_camera_id'), 'footage_segment', type_='foreignkey')
    op.drop_constraint(op.f('fk_footage_segment_run_id'), 'footage_segment', type_='foreignkey')
    op.alter_column('footage_segment', 'camera_id', existing_type=sa.Integer(), existing_nullable=False, comment='camera.id')
    op.alter_column('footage_segment', 'run_id', existing_type=sa.Integer(), existing_nullable=False, comment='footage_run.id')
    op.create_table('installation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('identity', sa.Text(), nullable=False, comment="random; stands in the footage folder's marker file too"),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_installation_one_row')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_installation'))
    )
    op.create_table('footage_archive',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('session_id', sa.Integer(), nullable=False),
    sa.Column('camera_id', sa.Integer(), nullable=False),
    sa.Column('target', sa.Text(), nullable=False, comment="the storage's address without password"),
    sa.Column('folder', sa.Text(), nullable=False, comment='within the storage; segments and their manifest lie in it'),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False, comment='of the footage'),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=False, comment='half-open'),
    sa.Column('segments', sa.Integer(), server_default='0', nullable=False),
    sa.Column('size', sa.BigInteger(), server_default='0', nullable=False, comment='bytes'),
    sa.Column('manifest_sha256', sa.LargeBinary(), nullable=True),
    sa.Column('keep_until', sa.Date(), nullable=False),
    sa.Column('copied_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('verified_at', sa.DateTime(timezone=True), nullable=True, comment='when it was last read back whole'),
    sa.Column('error', sa.Text(), server_default='', nullable=False),
    sa.CheckConstraint("status IN ('copying', 'verified', 'failed')", name=op.f('ck_footage_archive_status')),
    sa.ForeignKeyConstraint(['camera_id'], ['camera.id'], name=op.f('fk_footage_archive_camera_id')),
    sa.ForeignKeyConstraint(['session_id'], ['trading_session.id'], name=op.f('fk_footage_archive_session_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_footage_archive'))
    )
    op.create_index(op.f('ix_footage_archive_camera_id'), 'footage_archive', ['camera_id'], unique=False)
    op.create_index('uq_footage_archive_session_camera', 'footage_archive', ['session_id', 'camera_id', 'target'], unique=True)
    op.create_table('footage_day',
    sa.Column('camera_id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False, comment="UTC, of the segments' start"),
    sa.Column('segments', sa.Integer(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False, comment='bytes'),
    sa.Column('chain_sha256', sa.LargeBinary(), nullable=False, comment="over the segments' facts in order and the seal of the day before"),
    sa.Column('signature', sa.LargeBinary(), nullable=False, comment="Ed25519, the installation's key"),
    sa.Column('leaves', sa.LargeBinary(), nullable=True, comment='domain.footage_chain.leaf of each segment; empty once all of them are deleted by rule'),
    sa.Column('sealed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expired_at', sa.DateTime(timezone=True), nullable=True, comment='since when a part or all of it is deleted by rule'),
    sa.ForeignKeyConstraint(['camera_id'], ['camera.id'], name=op.f('fk_footage_day_camera_id')),
    sa.PrimaryKeyConstraint('camera_id', 'day', name=op.f('pk_footage_day'))
    )
    op.create_table('footage_event',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('camera_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('seconds', sa.Double(), nullable=True, comment='by which a clock or timestamps moved, ahead is +'),
    sa.Column('detail', sa.Text(), server_default='', nullable=False),
    sa.CheckConstraint("kind IN ('clock_step', 'timestamps_jumped', 'format_changed')", name=op.f('ck_footage_event_kind')),
    sa.ForeignKeyConstraint(['camera_id'], ['camera.id'], name=op.f('fk_footage_event_camera_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_footage_event'))
    )
    op.create_index('ix_footage_event_camera_time', 'footage_event', ['camera_id', 'at'], unique=False)
    op.create_table('footage_export',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Text(), nullable=False, comment='ZJ-20261123-0007, on the package'),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('session_id', sa.Integer(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('case_no', sa.Text(), nullable=False),
    sa.Column('watermarked', sa.Boolean(), nullable=False, comment='a second file with a visible watermark was asked for'),
    sa.Column('restricted', sa.Boolean(), nullable=False, comment='of a restricted room: somebody else must approve'),
    sa.Column('requested_by', sa.Integer(), nullable=False),
    sa.Column('requested_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.Integer(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decision_note', sa.Text(), server_default='', nullable=False),
    sa.Column('built_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('path', sa.Text(), server_default='', nullable=False, comment='of the zip, relative to the exports folder'),
    sa.Column('size', sa.BigInteger(), nullable=True, comment='bytes'),
    sa.Column('sha256', sa.LargeBinary(), nullable=True, comment='of the zip'),
    sa.Column('progress', sa.Double(), server_default='0', nullable=False, comment='0 to 1 while it is built'),
    sa.Column('error', sa.Text(), server_default='', nullable=False, comment='why it could not be built'),
    sa.CheckConstraint("status IN ('requested', 'approved', 'rejected', 'ready', 'failed')", name=op.f('ck_footage_export_status')),
    sa.ForeignKeyConstraint(['decided_by'], ['account.id'], name=op.f('fk_footage_export_decided_by')),
    sa.ForeignKeyConstraint(['requested_by'], ['account.id'], name=op.f('fk_footage_export_requested_by')),
    sa.ForeignKeyConstraint(['session_id'], ['trading_session.id'], name=op.f('fk_footage_export_session_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_footage_export')),
    sa.UniqueConstraint('number', name=op.f('uq_footage_export_number'))
    )
    op.create_index('ix_footage_export_requested_at', 'footage_export', ['requested_at'], unique=False)
    op.create_index(op.f('ix_footage_export_requested_by'), 'footage_export', ['requested_by'], unique=False)
    op.create_index(op.f('ix_footage_export_session_id'), 'footage_export', ['session_id'], unique=False)
    op.create_table('footage_fault',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('check_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('camera_id', sa.Integer(), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True, comment='of the segment concerned'),
    sa.Column('path', sa.Text(), nullable=False, comment='relative to the footage folder'),
    sa.Column('detail', sa.Text(), server_default='', nullable=False),
    sa.Column('found_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('quarantined_to', sa.Text(), server_default='', nullable=False, comment='relative to the footage folder'),
    sa.Column('mended_at', sa.DateTime(timezone=True), nullable=True, comment='when a later check found it well'),
    sa.CheckConstraint("kind IN ('changed', 'missing', 'extra', 'swapped', 'row_changed', 'seal_changed')", name=op.f('ck_footage_fault_kind')),
    sa.ForeignKeyConstraint(['camera_id'], ['camera.id'], name=op.f('fk_footage_fault_camera_id')),
    sa.ForeignKeyConstraint(['check_id'], ['footage_check.id'], name=op.f('fk_footage_fault_check_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_footage_fault'))
    )
    op.create_index(op.f('ix_footage_fault_check_id'), 'footage_fault', ['check_id'], unique=False)
    op.create_index('ix_footage_fault_found_at', 'footage_fault', ['found_at'], unique=False)
    op.create_table('footage_hold',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('camera_id', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=False, comment='half-open'),
    sa.Column('session_id', sa.Integer(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('case_no', sa.Text(), server_default='', nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('released_by', sa.Integer(), nullable=True),
    sa.Column('released_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('release_reason', sa.Text(), server_default='', nullable=False),
    sa.CheckConstraint('ended_at > started_at', name=op.f('ck_footage_hold_order')),
    sa.ForeignKeyConstraint(['camera_id'], ['camera.id'], name=op.f('fk_footage_hold_camera_id')),
    sa.ForeignKeyConstraint(['made_by'], ['account.id'], name=op.f('fk_footage_hold_made_by')),
    sa.ForeignKeyConstraint(['released_by'], ['account.id'], name=op.f('fk_footage_hold_released_by')),
    sa.ForeignKeyConstraint(['session_id'], ['trading_session.id'], name=op.f('fk_footage_hold_session_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_footage_hold'))
    )
    op.create_index('ix_footage_hold_lasting', 'footage_hold', ['camera_id', 'started_at', 'ended_at'], unique=False, postgresql_where=sa.text('released_at IS NULL'))
    op.create_index(op.f('ix_footage_hold_session_id'), 'footage_hold', ['session_id'], unique=False)
    op.create_table('footage_export_part',
    sa.Column('export_id', sa.Integer(), nullable=False),
    sa.Column('camera_id', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=False, comment='half-open'),
    sa.CheckConstraint('ended_at > started_at', name=op.f('ck_footage_export_part_order')),
    sa.ForeignKeyConstraint(['camera_id'], ['camera.id'], name=op.f('fk_footage_export_part_camera_id')),
    sa.ForeignKeyConstraint(['export_id'], ['footage_export.id'], name=op.f('fk_footage_export_part_export_id')),
    sa.PrimaryKeyConstraint('export_id', 'camera_id', name=op.f('pk_footage_export_part'))
    )
    op.add_column('camera', sa.Column('recording_policy', sa.Text(), server_default='always', nullable=False))
    op.create_check_constraint(op.f('ck_camera_recording_policy'), 'camera', "recording_policy IN ('always', 'sessions')")
    op.drop_constraint(op.f('ck_alert_kind'), 'alert', type_='check')
    op.create_check_constraint(op.f('ck_alert_kind'), 'alert', "kind IN ('camera_lost', 'recording_behind', 'disk_low', 'session_without_camera', 'retention_at_risk', 'footage_fault')")


def downgrade() -> None:
    op.execute("DELETE FROM alert WHERE kind IN ('retention_at_risk', 'footage_fault')")
    op.drop_constraint(op.f('ck_alert_kind'), 'alert', type_='check')
    op.create_check_constraint(op.f('ck_alert_kind'), 'alert', "kind IN ('camera_lost', 'recording_behind', 'disk_low', 'session_without_camera')")
    op.drop_column('camera', 'recording_policy')
    op.drop_table('footage_export_part')
    op.drop_index(op.f('ix_footage_hold_session_id'), table_name='footage_hold')
    op.drop_index('ix_footage_hold_lasting', table_name='footage_hold', postgresql_where=sa.text('released_at IS NULL'))
    op.drop_table('footage_hold')
    op.drop_index('ix_footage_fault_found_at', table_name='footage_fault')
    op.drop_index(op.f('ix_footage_fault_check_id'), table_name='footage_fault')
    op.drop_table('footage_fault')
    op.drop_index(op.f('ix_footage_export_session_id'), table_name='footage_export')
    op.drop_index(op.f('ix_footage_export_requested_by'), table_name='footage_export')
    op.drop_index('ix_footage_export_requested_at', table_name='footage_export')
    op.drop_table('footage_export')
    op.drop_index('ix_footage_event_camera_time', table_name='footage_event')
    op.drop_table('footage_event')
    op.drop_table('footage_day')
    op.drop_index('uq_footage_archive_session_camera', table_name='footage_archive')
    op.drop_index(op.f('ix_footage_archive_camera_id'), table_name='footage_archive')
    op.drop_table('footage_archive')
    op.drop_table('installation')
    op.alter_column('footage_segment', 'run_id', existing_type=sa.Integer(), existing_nullable=False, comment=None)
    op.alter_column('footage_segment', 'camera_id', existing_type=sa.Integer(), existing_nullable=False, comment=None)
    op.create_foreign_key(op.f('fk_footage_segment_run_id'), 'footage_segment', 'footage_run', ['run_id'], ['id'])
    op.create_foreign_key(op.f('fk_footage_segment_camera_id'), 'footage_segment', 'camera', ['camera_id'], ['id'])
    op.drop_table('footage_doomed')
    op.drop_table('footage_check')
