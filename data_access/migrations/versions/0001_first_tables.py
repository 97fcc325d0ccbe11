"""first tables"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('account',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False, comment='what the person signs in with'),
    sa.Column('display_name', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('password_hash', sa.Text(), nullable=False, comment='argon2id'),
    sa.Column('language', sa.Text(), server_default='zh', nullable=False),
    sa.Column('active', sa.Boolean(), server_default='true', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("role IN ('administrator', 'supervisor', 'inspector')", name=op.f('ck_account_role')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account')),
    sa.UniqueConstraint('name', name=op.f('uq_account_name'))
    )
    op.create_table('audit_entry',
    sa.Column('id', sa.Integer(), sa.Identity(always=False), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor', sa.Text(), nullable=False, comment="the account's name, or the process"),
    sa.Column('action', sa.Text(), nullable=False, comment='sign_in, view_live, play_footage, export_footage, import, ...'),
    sa.Column('subject', sa.Text(), nullable=False, comment='what it was done to'),
    sa.Column('detail', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('address', sa.Text(), server_default='', nullable=False),
    sa.Column('previous_hash', sa.LargeBinary(), nullable=False, comment='hash of the entry before; 32 zero bytes first'),
    sa.Column('hash', sa.LargeBinary(), nullable=False, comment='SHA-256 over this entry and previous_hash'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entry')),
    sa.UniqueConstraint('hash', name=op.f('uq_audit_entry_hash'))
    )
    op.create_index(op.f('ix_audit_entry_at'), 'audit_entry', ['at'], unique=False)
    op.create_table('import_batch',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('file_name', sa.Text(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('imported_by', sa.Text(), nullable=False),
    sa.Column('imported_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('rows_added', sa.Integer(), nullable=False),
    sa.Column('rows_changed', sa.Integer(), nullable=False),
    sa.Column('rows_unchanged', sa.Integer(), nullable=False),
    sa.Column('rows_rejected', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_batch'))
    )
    op.create_table('region',
    sa.Column('code', sa.String(length=6), nullable=False, comment='GB/T 2260'),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('parent_code', sa.String(length=6), nullable=True),
    sa.ForeignKeyConstraint(['parent_code'], ['region.code'], name=op.f('fk_region_parent_code')),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_region'))
    )
    op.create_table('sign_in_failure',
    sa.Column('id', sa.Integer(), sa.Identity(always=False), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in_failure'))
    )
    op.create_index(op.f('ix_sign_in_failure_name'), 'sign_in_failure', ['name'], unique=False)
    op.create_table('worker_heartbeat',
    sa.Column('worker', sa.Text(), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('worker', name=op.f('pk_worker_heartbeat'))
    )
    op.create_table('enterprise',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uscc', sa.Text(), nullable=False, comment='统一社会信用代码, GB 32100; old ones may not comply'),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('region_code', sa.String(length=6), nullable=True),
    sa.Column('local', sa.Boolean(), server_default='true', nullable=False, comment='本地企业'),
    sa.Column('source_system', sa.String(length=40), nullable=False, comment='the system or workbook kind the row came from'),
    sa.Column('source_key', sa.Text(), nullable=False, comment="the row's key there"),
    sa.Column('batch_id', sa.Integer(), nullable=True, comment='the import that wrote it last'),
    sa.ForeignKeyConstraint(['batch_id'], ['import_batch.id'], name=op.f('fk_enterprise_batch_id')),
    sa.ForeignKeyConstraint(['region_code'], ['region.code'], name=op.f('fk_enterprise_region_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_enterprise')),
    sa.UniqueConstraint('uscc', name=op.f('uq_enterprise_uscc'))
    )
    op.create_index('uq_enterprise_source', 'enterprise', ['source_system', 'source_key'], unique=True)
    op.create_table('expert',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False, comment='专家编号'),
    sa.Column('name', sa.Text(), nullable=False, comment='confidential until the award'),
    sa.Column('employer', sa.Text(), nullable=True, comment='confidential until the award'),
    sa.Column('speciality', sa.Text(), nullable=True),
    sa.Column('source_system', sa.String(length=40), nullable=False, comment='the system or workbook kind the row came from'),
    sa.Column('source_key', sa.Text(), nullable=False, comment="the row's key there"),
    sa.Column('batch_id', sa.Integer(), nullable=True, comment='the import that wrote it last'),
    sa.ForeignKeyConstraint(['batch_id'], ['import_batch.id'], name=op.f('fk_expert_batch_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_expert')),
    sa.UniqueConstraint('code', name=op.f('uq_expert_code'))
    )
    op.create_index('uq_expert_source', 'expert', ['source_system', 'source_key'], unique=True)
    op.create_table('mall_order',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('order_no', sa.Text(), nullable=False),
    sa.Column('buyer', sa.Text(), nullable=True),
    sa.Column('supplier', sa.Text(), nullable=True),
    sa.Column('category', sa.Text(), nullable=True),
    sa.Column('amount', sa.Numeric(precision=18, scale=2), nullable=False, comment='yuan'),
    sa.Column('ordered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('source_system', sa.String(length=40), nullable=False, comment='the system or workbook kind the row came from'),
    sa.Column('source_key', sa.Text(), nullable=False, comment="the row's key there"),
    sa.Column('batch_id', sa.Integer(), nullable=True, comment='the import that wrote it last'),
    sa.ForeignKeyConstraint(['batch_id'], ['import_batch.id'], name=op.f('fk_mall_order_batch_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mall_order')),
    sa.UniqueConstraint('order_no', name=op.f('uq_mall_order_order_no'))
    )
    op.create_index('ix_mall_order_ordered_at', 'mall_order', ['ordered_at'], unique=False)
    op.create_index('uq_mall_order_source', 'mall_order', ['source_system', 'source_key'], unique=True)
    op.create_table('project',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False, comment='招标项目编号 tender_project_code'),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('project_class', sa.Text(), nullable=False),
    sa.Column('region_code', sa.String(length=6), nullable=True),
    sa.Column('buyer', sa.Text(), nullable=True, comment='招标人 / 采购人'),
    sa.Column('agency', sa.Text(), nullable=True, comment='代理机构'),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('source_system', sa.String(length=40), nullable=False, comment='the system or workbook kind the row came from'),
    sa.Column('source_key', sa.Text(), nullable=False, comment="the row's key there"),
    sa.Column('batch_id', sa.Integer(), nullable=True, comment='the import that wrote it last'),
    sa.CheckConstraint("project_class IN ('works', 'procurement', 'land', 'mining', 'property', 'other')", name=op.f('ck_project_project_class')),
    sa.ForeignKeyConstraint(['batch_id'], ['import_batch.id'], name=op.f('fk_project_batch_id')),
    sa.ForeignKeyConstraint(['region_code'], ['region.code'], name=op.f('fk_project_region_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_project')),
    sa.UniqueConstraint('code', name=op.f('uq_project_code'))
    )
    op.create_index('uq_project_source', 'project', ['source_system', 'source_key'], unique=True)
    op.create_table('room',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('seats', sa.Integer(), nullable=True),
    sa.Column('region_code', sa.String(length=6), nullable=True),
    sa.CheckConstraint("type IN ('bid_opening', 'evaluation', 'negotiation', 'expert_draw', 'lottery', 'auction', 'supervision', 'off_site')", name=op.f('ck_room_type')),
    sa.ForeignKeyConstraint(['region_code'], ['region.code'], name=op.f('fk_room_region_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_room')),
    sa.UniqueConstraint('name', name=op.f('uq_room_name'))
    )
    op.create_table('web_session',
    sa.Column('token_hash', sa.LargeBinary(), nullable=False, comment="SHA-256 of the cookie's token"),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('address', sa.Text(), nullable=False, comment='where the sign-in came from'),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_web_session_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_web_session'))
    )
    op.create_index(op.f('ix_web_session_account_id'), 'web_session', ['account_id'], unique=False)
    op.create_index(op.f('ix_web_session_expires_at'), 'web_session', ['expires_at'], unique=False)
    op.create_table('camera',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('room_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('url', sa.Text(), nullable=False, comment='main stream; secret, may hold a password'),
    sa.Column('sub_url', sa.Text(), nullable=True, comment='smaller stream for live tiles; secret'),
    sa.Column('enabled', sa.Boolean(), server_default='true', nullable=False),
    sa.Column('online_days', sa.Integer(), nullable=True, comment="days footage is kept; empty: the installation's default"),
    sa.Column('codec', sa.Text(), nullable=True, comment='of the main stream when probed, for example h264'),
    sa.Column('width', sa.Integer(), nullable=True, comment='pixels'),
    sa.Column('height', sa.Integer(), nullable=True, comment='pixels'),
    sa.Column('frame_rate', sa.Double(), nullable=True, comment='frames a second'),
    sa.Column('gop_seconds', sa.Double(), nullable=True, comment='seconds between key frames'),
    sa.Column('has_b_frames', sa.Boolean(), nullable=True),
    sa.Column('audio_codec', sa.Text(), nullable=True, comment='empty: no audio'),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('removed_at', sa.DateTime(timezone=True), nullable=True, comment='set by removal; its footage stays until it expires'),
    sa.ForeignKeyConstraint(['room_id'], ['room.id'], name=op.f('fk_camera_room_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_camera')),
    sa.UniqueConstraint('name', name=op.f('uq_camera_name'))
    )
    op.create_index(op.f('ix_camera_room_id'), 'camera', ['room_id'], unique=False)
    op.create_table('library_membership',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('enterprise_id', sa.Integer(), nullable=False),
    sa.Column('library', sa.Text(), nullable=False),
    sa.Column('grade', sa.Text(), nullable=True, comment='A, B, C, D'),
    sa.Column('joined_on', sa.Date(), nullable=False),
    sa.Column('left_on', sa.Date(), nullable=True),
    sa.Column('leave_reason', sa.Text(), nullable=True),
    sa.Column('source_system', sa.String(length=40), nullable=False, comment='the system or workbook kind the row came from'),
    sa.Column('source_key', sa.Text(), nullable=False, comment="the row's key there"),
    sa.Column('batch_id', sa.Integer(), nullable=True, comment='the import that wrote it last'),
    sa.CheckConstraint("library IN ('contractor', 'agency', 'cost_consultant', 'supplier')", name=op.f('ck_library_membership_library')),
    sa.CheckConstraint('left_on >= joined_on', name=op.f('ck_library_membership_order')),
    sa.ForeignKeyConstraint(['batch_id'], ['import_batch.id'], name=op.f('fk_library_membership_batch_id')),
    sa.ForeignKeyConstraint(['enterprise_id'], ['enterprise.id'], name=op.f('fk_library_membership_enterprise_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_library_membership'))
    )
    op.create_index('ix_library_membership_days', 'library_membership', ['joined_on', 'left_on'], unique=False)
    op.create_index(op.f('ix_library_membership_enterprise_id'), 'library_membership', ['enterprise_id'], unique=False)
    op.create_index('uq_library_membership_source', 'library_membership', ['source_system', 'source_key'], unique=True)
    op.create_table('lot',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('section_code', sa.Text(), nullable=False, comment='标段(包)编号'),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('method', sa.Text(), nullable=True),
    sa.Column('simplified', sa.Boolean(), server_default='false', nullable=False, comment='简易程序发包'),
    sa.Column('budget', sa.Numeric(precision=18, scale=2), nullable=True, comment='预算价, yuan'),
    sa.Column('starting_price', sa.Numeric(precision=18, scale=2), nullable=True, comment='起始价 of land and property, yuan'),
    sa.Column('currency', sa.String(length=3), server_default='CNY', nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('bid_deadline', sa.DateTime(timezone=True), nullable=True),
    sa.Column('status', sa.Text(), server_default='active', nullable=False),
    sa.Column('source_system', sa.String(length=40), nullable=False, comment='the system or workbook kind the row came from'),
    sa.Column('source_key', sa.Text(), nullable=False, comment="the row's key there"),
    sa.Column('batch_id', sa.Integer(), nullable=True, comment='the import that wrote it last'),
    sa.CheckConstraint("method IN ('open', 'selective', 'limited', 'direct')", name=op.f('ck_lot_method')),
    sa.CheckConstraint("status IN ('planned', 'active', 'complete', 'unsuccessful', 'cancelled')", name=op.f('ck_lot_status')),
    sa.ForeignKeyConstraint(['batch_id'], ['import_batch.id'], name=op.f('fk_lot_batch_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_lot_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lot')),
    sa.UniqueConstraint('section_code', name=op.f('uq_lot_section_code'))
    )
    op.create_index(op.f('ix_lot_project_id'), 'lot', ['project_id'], unique=False)
    op.create_index('uq_lot_source', 'lot', ['source_system', 'source_key'], unique=True)
    op.create_table('trading_session',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False, comment='场次编号'),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('room_id', sa.Integer(), nullable=True, comment='empty: off-site or not known'),
    sa.Column('method', sa.Text(), nullable=True, comment='the method of its lots'),
    sa.Column('off_site', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('planned_start', sa.DateTime(timezone=True), nullable=False),
    sa.Column('planned_end', sa.DateTime(timezone=True), nullable=True),
    sa.Column('actual_start', sa.DateTime(timezone=True), nullable=True),
    sa.Column('actual_end', sa.DateTime(timezone=True), nullable=True),
    sa.Column('status', sa.Text(), server_default='scheduled', nullable=False),
    sa.Column('bidder_count', sa.Integer(), nullable=True, comment='confidential until the opening'),
    sa.Column('abnormal', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('source_system', sa.String(length=40), nullable=False, comment='the system or workbook kind the row came from'),
    sa.Column('source_key', sa.Text(), nullable=False, comment="the row's key there"),
    sa.Column('batch_id', sa.Integer(), nullable=True, comment='the import that wrote it last'),
    sa.CheckConstraint("method IN ('open', 'selective', 'limited', 'direct')", name=op.f('ck_trading_session_method')),
    sa.CheckConstraint("status IN ('scheduled', 'open', 'paused', 'done', 'cancelled')", name=op.f('ck_trading_session_status')),
    sa.CheckConstraint("type IN ('BO', 'EV', 'NG', 'LT', 'LA', 'ED')", name=op.f('ck_trading_session_type')),
    sa.ForeignKeyConstraint(['batch_id'], ['import_batch.id'], name=op.f('fk_trading_session_batch_id')),
    sa.ForeignKeyConstraint(['room_id'], ['room.id'], name=op.f('fk_trading_session_room_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_trading_session')),
    sa.UniqueConstraint('code', name=op.f('uq_trading_session_code'))
    )
    op.create_index('ix_trading_session_actual_start', 'trading_session', ['actual_start'], unique=False)
    op.create_index('ix_trading_session_planned_start', 'trading_session', ['planned_start'], unique=False)
    op.create_index('ix_trading_session_room_time', 'trading_session', ['room_id', 'planned_start'], unique=False)
    op.create_index('uq_trading_session_source', 'trading_session', ['source_system', 'source_key'], unique=True)
    op.create_table('award',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('lot_id', sa.Integer(), nullable=False),
    sa.Column('supplier_name', sa.Text(), nullable=True, comment='中标人'),
    sa.Column('supplier_uscc', sa.Text(), nullable=True, comment='统一社会信用代码'),
    sa.Column('amount', sa.Numeric(precision=18, scale=2), nullable=False, comment='成交额, yuan'),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Text(), server_default='active', nullable=False),
    sa.Column('source_system', sa.String(length=40), nullable=False, comment='the system or workbook kind the row came from'),
    sa.Column('source_key', sa.Text(), nullable=False, comment="the row's key there"),
    sa.Column('batch_id', sa.Integer(), nullable=True, comment='the import that wrote it last'),
    sa.CheckConstraint("status IN ('active', 'cancelled')", name=op.f('ck_award_status')),
    sa.ForeignKeyConstraint(['batch_id'], ['import_batch.id'], name=op.f('fk_award_batch_id')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_award_lot_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_award'))
    )
    op.create_index('ix_award_decided_at', 'award', ['decided_at'], unique=False)
    op.create_index(op.f('ix_award_lot_id'), 'award', ['lot_id'], unique=False)
    op.create_index('uq_award_source', 'award', ['source_system', 'source_key'], unique=True)
    op.create_table('camera_status',
    sa.Column('camera_id', sa.Integer(), nullable=False),
    sa.Column('recording', sa.Boolean(), nullable=False, comment='frames are being written'),
    sa.Column('last_frame_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('message', sa.Text(), server_default='', nullable=False, comment='why it is not recording'),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['camera_id'], ['camera.id'], name=op.f('fk_camera_status_camera_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('camera_id', name=op.f('pk_camera_status'))
    )
    op.create_table('complaint',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False, comment='受理编号'),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('track', sa.Text(), nullable=True),
    sa.Column('lot_id', sa.Integer(), nullable=True),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('result', sa.Text(), nullable=True),
    sa.Column('source_system', sa.String(length=40), nullable=False, comment='the system or workbook kind the row came from'),
    sa.Column('source_key', sa.Text(), nullable=False, comment="the row's key there"),
    sa.Column('batch_id', sa.Integer(), nullable=True, comment='the import that wrote it last'),
    sa.CheckConstraint("track IN ('works', 'procurement')", name=op.f('ck_complaint_track')),
    sa.CheckConstraint("type IN ('objection', 'query', 'complaint', 'petition', 'letter', 'transferred')", name=op.f('ck_complaint_type')),
    sa.ForeignKeyConstraint(['batch_id'], ['import_batch.id'], name=op.f('fk_complaint_batch_id')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_complaint_lot_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_complaint')),
    sa.UniqueConstraint('code', name=op.f('uq_complaint_code'))
    )
    op.create_index('ix_complaint_received_at', 'complaint', ['received_at'], unique=False)
    op.create_index('uq_complaint_source', 'complaint', ['source_system', 'source_key'], unique=True)
    op.create_table('expert_draw_member',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('lot_id', sa.Integer(), nullable=True),
    sa.Column('expert_id', sa.Integer(), nullable=False),
    sa.Column('drawn_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('response', sa.Text(), nullable=False),
    sa.Column('replacement', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('source_system', sa.String(length=40), nullable=False, comment='the system or workbook kind the row came from'),
    sa.Column('source_key', sa.Text(), nullable=False, comment="the row's key there"),
    sa.Column('batch_id', sa.Integer(), nullable=True, comment='the import that wrote it last'),
    sa.CheckConstraint("response IN ('accepted', 'declined', 'no_answer')", name=op.f('ck_expert_draw_member_response')),
    sa.ForeignKeyConstraint(['batch_id'], ['import_batch.id'], name=op.f('fk_expert_draw_member_batch_id')),
    sa.ForeignKeyConstraint(['expert_id'], ['expert.id'], name=op.f('fk_expert_draw_member_expert_id')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_expert_draw_member_lot_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_expert_draw_member'))
    )
    op.create_index('ix_expert_draw_member_drawn_at', 'expert_draw_member', ['drawn_at'], unique=False)
    op.create_index(op.f('ix_expert_draw_member_expert_id'), 'expert_draw_member', ['expert_id'], unique=False)
    op.create_index(op.f('ix_expert_draw_member_lot_id'), 'expert_draw_member', ['lot_id'], unique=False)
    op.create_index('uq_expert_draw_member_source', 'expert_draw_member', ['source_system', 'source_key'], unique=True)
    op.create_table('expert_penalty',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('expert_id', sa.Integer(), nullable=False),
    sa.Column('session_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('behaviour', sa.Text(), nullable=False),
    sa.Column('points', sa.Numeric(precision=18, scale=2), nullable=True, comment='points deducted'),
    sa.Column('suspended_from', sa.Date(), nullable=True),
    sa.Column('suspended_to', sa.Date(), nullable=True, comment='half-open: the first day without suspension'),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.Text(), nullable=True),
    sa.Column('document_no', sa.Text(), nullable=True, comment='文号'),
    sa.Column('legal_basis', sa.Text(), nullable=True),
    sa.Column('facts', sa.Text(), nullable=True, comment='what happened'),
    sa.Column('source_system', sa.String(length=40), nullable=False, comment='the system or workbook kind the row came from'),
    sa.Column('source_key', sa.Text(), nullable=False, comment="the row's key there"),
    sa.Column('batch_id', sa.Integer(), nullable=True, comment='the import that wrote it last'),
    sa.CheckConstraint("behaviour IN ('not_recusing', 'leaving_post', 'not_following_criteria', 'private_contact', 'soliciting_buyer', 'not_rejecting', 'inducing_clarification', 'other')", name=op.f('ck_expert_penalty_behaviour')),
    sa.CheckConstraint("kind IN ('reminder', 'warning', 'point_deduction', 'suspension', 'removal', 'disqualification', 'fine', 'referral')", name=op.f('ck_expert_penalty_kind')),
    sa.ForeignKeyConstraint(['batch_id'], ['import_batch.id'], name=op.f('fk_expert_penalty_batch_id')),
    sa.ForeignKeyConstraint(['expert_id'], ['expert.id'], name=op.f('fk_expert_penalty_expert_id')),
    sa.ForeignKeyConstraint(['session_id'], ['trading_session.id'], name=op.f('fk_expert_penalty_session_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_expert_penalty'))
    )
    op.create_index('ix_expert_penalty_decided_at', 'expert_penalty', ['decided_at'], unique=False)
    op.create_index(op.f('ix_expert_penalty_expert_id'), 'expert_penalty', ['expert_id'], unique=False)
    op.create_index('uq_expert_penalty_source', 'expert_penalty', ['source_system', 'source_key'], unique=True)
    op.create_table('footage_gap',
    sa.Column('id', sa.Integer(), sa.Identity(always=False), nullable=False),
    sa.Column('camera_id', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=False, comment='grows while the gap lasts'),
    sa.Column('cause', sa.Text(), nullable=False),
    sa.Column('detail', sa.Text(), server_default='', nullable=False),
    sa.CheckConstraint("cause IN ('camera', 'network', 'recorder', 'disk', 'planned', 'unknown')", name=op.f('ck_footage_gap_cause')),
    sa.CheckConstraint('ended_at > started_at', name=op.f('ck_footage_gap_order')),
    sa.ForeignKeyConstraint(['camera_id'], ['camera.id'], name=op.f('fk_footage_gap_camera_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_footage_gap'))
    )
    op.create_index('ix_footage_gap_camera_time', 'footage_gap', ['camera_id', 'started_at'], unique=False)
    op.create_table('footage_run',
    sa.Column('id', sa.Integer(), sa.Identity(always=False), nullable=False),
    sa.Column('camera_id', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=False, comment='end of its last published segment; half-open'),
    sa.CheckConstraint('ended_at >= started_at', name=op.f('ck_footage_run_order')),
    sa.ForeignKeyConstraint(['camera_id'], ['camera.id'], name=op.f('fk_footage_run_camera_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_footage_run'))
    )
    op.create_index('ix_footage_run_camera_time', 'footage_run', ['camera_id', 'started_at', 'ended_at'], unique=False)
    op.create_table('inspection',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False, comment='检查编号'),
    sa.Column('lot_id', sa.Integer(), nullable=True),
    sa.Column('enterprise_name', sa.Text(), nullable=True),
    sa.Column('inspected_on', sa.Date(), nullable=False),
    sa.Column('result', sa.Text(), nullable=True),
    sa.Column('closed_on', sa.Date(), nullable=True),
    sa.Column('source_system', sa.String(length=40), nullable=False, comment='the system or workbook kind the row came from'),
    sa.Column('source_key', sa.Text(), nullable=False, comment="the row's key there"),
    sa.Column('batch_id', sa.Integer(), nullable=True, comment='the import that wrote it last'),
    sa.ForeignKeyConstraint(['batch_id'], ['import_batch.id'], name=op.f('fk_inspection_batch_id')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_inspection_lot_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inspection')),
    sa.UniqueConstraint('code', name=op.f('uq_inspection_code'))
    )
    op.create_index('ix_inspection_inspected_on', 'inspection', ['inspected_on'], unique=False)
    op.create_index('uq_inspection_source', 'inspection', ['source_system', 'source_key'], unique=True)
    op.create_table('session_event',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('session_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False, comment='check_in, decryption, price_read, objection, pause, expert_left, device_lost, finding'),
    sa.Column('actor', sa.Text(), server_default='', nullable=False),
    sa.Column('note', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['session_id'], ['trading_session.id'], name=op.f('fk_session_event_session_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_session_event'))
    )
    op.create_index(op.f('ix_session_event_session_id'), 'session_event', ['session_id'], unique=False)
    op.create_table('session_lot',
    sa.Column('session_id', sa.Integer(), nullable=False),
    sa.Column('lot_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_session_lot_lot_id')),
    sa.ForeignKeyConstraint(['session_id'], ['trading_session.id'], name=op.f('fk_session_lot_session_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('session_id', 'lot_id', name=op.f('pk_session_lot'))
    )
    op.create_index(op.f('ix_session_lot_lot_id'), 'session_lot', ['lot_id'], unique=False)
    op.create_table('session_participant',
    sa.Column('session_id', sa.Integer(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('remote', sa.Boolean(), server_default='false', nullable=False, comment='supervised through the monitoring window'),
    sa.CheckConstraint("role IN ('monitor', 'supervisor')", name=op.f('ck_session_participant_role')),
    sa.ForeignKeyConstraint(['session_id'], ['trading_session.id'], name=op.f('fk_session_participant_session_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('session_id', 'role', 'name', name=op.f('pk_session_participant'))
    )
    op.create_table('footage_segment',
    sa.Column('camera_id', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False, comment='wall clock of the first picture'),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=False, comment='half-open: end of the last picture'),
    sa.Column('run_id', sa.Integer(), nullable=False),
    sa.Column('path', sa.Text(), nullable=False, comment='relative to the footage folder'),
    sa.Column('size', sa.Integer(), nullable=False, comment='bytes'),
    sa.Column('sha256', sa.LargeBinary(), nullable=False, comment='of the file'),
    sa.Column('previous_sha256', sa.LargeBinary(), nullable=False, comment="of the camera's segment before; 32 zero bytes first"),
    sa.Column('sample_index', sa.LargeBinary(), nullable=False, comment='media.fragmented_mp4.SampleIndex, packed'),
    sa.CheckConstraint('ended_at > started_at', name=op.f('ck_footage_segment_order')),
    sa.ForeignKeyConstraint(['camera_id'], ['camera.id'], name=op.f('fk_footage_segment_camera_id')),
    sa.ForeignKeyConstraint(['run_id'], ['footage_run.id'], name=op.f('fk_footage_segment_run_id')),
    sa.PrimaryKeyConstraint('camera_id', 'started_at', name=op.f('pk_footage_segment')),
    postgresql_partition_by='RANGE (started_at)'
    )
    op.create_index('ix_footage_segment_path', 'footage_segment', ['path'], unique=False)
    # The audit log is append-only, for every role and every program.
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'audit_entry is append-only: % refused', TG_OP;
        END $$;
        CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
        """
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER audit_entry_append_only ON audit_entry; DROP FUNCTION refuse_change()")
    op.drop_index('ix_footage_segment_path', table_name='footage_segment')
    op.drop_table('footage_segment')
    op.drop_table('session_participant')
    op.drop_index(op.f('ix_session_lot_lot_id'), table_name='session_lot')
    op.drop_table('session_lot')
    op.drop_index(op.f('ix_session_event_session_id'), table_name='session_event')
    op.drop_table('session_event')
    op.drop_index('uq_inspection_source', table_name='inspection')
    op.drop_index('ix_inspection_inspected_on', table_name='inspection')
    op.drop_table('inspection')
    op.drop_index('ix_footage_run_camera_time', table_name='footage_run')
    op.drop_table('footage_run')
    op.drop_index('ix_footage_gap_camera_time', table_name='footage_gap')
    op.drop_table('footage_gap')
    op.drop_index('uq_expert_penalty_source', table_name='expert_penalty')
    op.drop_index(op.f('ix_expert_penalty_expert_id'), table_name='expert_penalty')
    op.drop_index('ix_expert_penalty_decided_at', table_name='expert_penalty')
    op.drop_table('expert_penalty')
    op.drop_index('uq_expert_draw_member_source', table_name='expert_draw_member')
    op.drop_index(op.f('ix_expert_draw_member_lot_id'), table_name='expert_draw_member')
    op.drop_index(op.f('ix_expert_draw_member_expert_id'), table_name='expert_draw_member')
    op.drop_index('ix_expert_draw_member_drawn_at', table_name='expert_draw_member')
    op.drop_table('expert_draw_member')
    op.drop_index('uq_complaint_source', table_name='complaint')
    op.drop_index('ix_complaint_received_at', table_name='complaint')
    op.drop_table('complaint')
    op.drop_table('camera_status')
    op.drop_index('uq_award_source', table_name='award')
    op.drop_index(op.f('ix_award_lot_id'), table_name='award')
    op.drop_index('ix_award_decided_at', table_name='award')
    op.drop_table('award')
    op.drop_index('uq_trading_session_source', table_name='trading_session')
    op.drop_index('ix_trading_session_room_time', table_name='trading_session')
    op.drop_index('ix_trading_session_planned_start', table_name='trading_session')
    op.drop_index('ix_trading_session_actual_start', table_name='trading_session')
    op.drop_table('trading_session')
    op.drop_index('uq_lot_source', table_name='lot')
    op.drop_index(op.f('ix_lot_project_id'), table_name='lot')
    op.drop_table('lot')
    op.drop_index('uq_library_membership_source', table_name='library_membership')
    op.drop_index(op.f('ix_library_membership_enterprise_id'), table_name='library_membership')
    op.drop_index('ix_library_membership_days', table_name='library_membership')
    op.drop_table('library_membership')
    op.drop_index(op.f('ix_camera_room_id'), table_name='camera')
    op.drop_table('camera')
    op.drop_index(op.f('ix_web_session_expires_at'), table_name='web_session')
    op.drop_index(op.f('ix_web_session_account_id'), table_name='web_session')
    op.drop_table('web_session')
    op.drop_table('room')
    op.drop_index('uq_project_source', table_name='project')
    op.drop_table('project')
    op.drop_index('uq_mall_order_source', table_name='mall_order')
    op.drop_index('ix_mall_order_ordered_at', table_name='mall_order')
    op.drop_table('mall_order')
    op.drop_index('uq_expert_source', table_name='expert')
    op.drop_table('expert')
    op.drop_index('uq_enterprise_source', table_name='enterprise')
    op.drop_table('enterprise')
    op.drop_table('worker_heartbeat')
    op.drop_index(op.f('ix_sign_in_failure_name'), table_name='sign_in_failure')
    op.drop_table('sign_in_failure')
    op.drop_table('region')
    op.drop_table('import_batch')
    op.drop_index(op.f('ix_audit_entry_at'), table_name='audit_entry')
    op.drop_table('audit_entry')
    op.drop_table('account')
