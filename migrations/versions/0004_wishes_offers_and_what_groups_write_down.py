"""Wishes, offers, and what groups write down

Revision 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

# What is added to tables that others point at: SQLite would have to make those anew, so each rule stands with
# its column. {moment} is the type of a moment. A rule may name only columns that come before it.
ADDED = (
    ('edition', 'wishes_until', '{moment} CONSTRAINT ck_edition_wishes_until'
     ' CHECK (wishes_until is null or (wishes_until > signup_at and wishes_until < groups_at))'),
    ('edition', 'sign_up_way', "VARCHAR(20) DEFAULT 'direct' NOT NULL"
     " CONSTRAINT ck_edition_sign_up_way CHECK (sign_up_way IN ('direct', 'wishes'))"
     " CONSTRAINT ck_edition_wishes_have_an_end CHECK (sign_up_way = 'direct' or wishes_until is not null)"),
    ('edition', 'waiting_order', "VARCHAR(20) DEFAULT 'time' NOT NULL"
     " CONSTRAINT ck_edition_waiting_order CHECK (waiting_order IN ('time', 'without_group', 'lot'))"),
    ('edition', 'confirm_days', 'INTEGER DEFAULT 7 NOT NULL'
     ' CONSTRAINT ck_edition_confirm_days CHECK (confirm_days between 1 and 60)'),
    ('edition', 'accept_days', 'INTEGER DEFAULT 3 NOT NULL'
     ' CONSTRAINT ck_edition_accept_days CHECK (accept_days between 1 and 30)'),
    ('edition', 'days_apart', 'INTEGER DEFAULT 14 NOT NULL'
     ' CONSTRAINT ck_edition_days_apart CHECK (days_apart between 0 and 60)'),
    ('workgroup', 'minimum', 'INTEGER DEFAULT 6 NOT NULL CONSTRAINT ck_workgroup_minimum CHECK (minimum >= 0)'),
    ('workgroup', 'merged_into_id', 'INTEGER'
     ' CONSTRAINT fk_workgroup_merged_into_id REFERENCES workgroup (id)'
     ' CONSTRAINT ck_workgroup_merged_is_cancelled CHECK (merged_into_id is null or cancelled_at is not null)'),
    ('workgroup', 'late_opened_at', '{moment}'),
    ('meeting', 'agenda', "TEXT DEFAULT '' NOT NULL"),
    ('signup', 'confirm_by', '{moment}'
     ' CONSTRAINT ck_signup_only_a_seat_is_confirmed CHECK (confirm_by is null or seat is not null)'),
    ('signup', 'access_needs', "VARCHAR(300) DEFAULT '' NOT NULL"),
)
INDEXED = (('workgroup', 'merged_into_id'), ('signup', 'confirm_by'))


def upgrade() -> None:
    op.create_table('assignment',
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('frozen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('wishes_hash', sa.String(length=64), nullable=False),
    sa.Column('draw', sa.String(length=40), nullable=True),
    sa.Column('drawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('mixes', sa.Boolean(), nullable=False),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('told_at is null or draw is not null', name=op.f('ck_assignment_drawn_before_told')),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_assignment_edition_id')),
    sa.PrimaryKeyConstraint('edition_id', name=op.f('pk_assignment'))
    )
    op.create_table('slot',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('starts_at < ends_at', name=op.f('ck_slot_starts_before_it_ends')),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_slot_edition_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_slot')),
    sa.UniqueConstraint('edition_id', 'starts_at', 'ends_at', name=op.f('uq_slot_edition_id_starts_at_ends_at'))
    )
    op.create_table('calendar_feed',
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_calendar_feed_member_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('member_id', name=op.f('pk_calendar_feed')),
    sa.UniqueConstraint('key', name=op.f('uq_calendar_feed_key'))
    )
    op.create_table('facilitator_profile',
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('languages', sa.String(length=20), nullable=False),
    sa.Column('trained_on', sa.Date(), nullable=True),
    sa.Column('training', sa.String(length=300), nullable=False),
    sa.Column('most_groups', sa.Integer(), nullable=False),
    sa.CheckConstraint('most_groups between 0 and 20', name=op.f('ck_facilitator_profile_most_groups')),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_facilitator_profile_member_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('member_id', name=op.f('pk_facilitator_profile'))
    )
    op.create_table('candidate',
    sa.Column('workgroup_id', sa.Integer(), nullable=False),
    sa.Column('slot_id', sa.Integer(), nullable=False),
    sa.Column('modes', sa.String(length=30), nullable=False),
    sa.Column('proposed_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['proposed_by_id'], ['member.id'], name=op.f('fk_candidate_proposed_by_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['slot_id'], ['slot.id'], name=op.f('fk_candidate_slot_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workgroup_id'], ['workgroup.id'], name=op.f('fk_candidate_workgroup_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('workgroup_id', 'slot_id', name=op.f('pk_candidate'))
    )
    op.create_index(op.f('ix_candidate_slot_id'), 'candidate', ['slot_id'], unique=False)
    op.create_table('group_file',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('workgroup_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('uploaded_by_id', sa.Integer(), nullable=True),
    sa.Column('uploaded_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('size >= 0', name=op.f('ck_group_file_size')),
    sa.ForeignKeyConstraint(['uploaded_by_id'], ['member.id'], name=op.f('fk_group_file_uploaded_by_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['workgroup_id'], ['workgroup.id'], name=op.f('fk_group_file_workgroup_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_group_file'))
    )
    op.create_index(op.f('ix_group_file_workgroup_id'), 'group_file', ['workgroup_id'], unique=False)
    op.create_table('next_step',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('workgroup_id', sa.Integer(), nullable=False),
    sa.Column('what', sa.String(length=300), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=True),
    sa.Column('due', sa.Date(), nullable=True),
    sa.Column('agreed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_next_step_member_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['workgroup_id'], ['workgroup.id'], name=op.f('fk_next_step_workgroup_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_next_step'))
    )
    op.create_index(op.f('ix_next_step_workgroup_id'), 'next_step', ['workgroup_id'], unique=False)
    op.create_table('workgroup_secretary',
    sa.Column('workgroup_id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_workgroup_secretary_member_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workgroup_id'], ['workgroup.id'], name=op.f('fk_workgroup_secretary_workgroup_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('workgroup_id', name=op.f('pk_workgroup_secretary'))
    )
    op.create_index(op.f('ix_workgroup_secretary_member_id'), 'workgroup_secretary', ['member_id'], unique=False)
    op.create_table('wish_list',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('pledged_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('access_needs', sa.String(length=300), nullable=False),
    sa.Column('given_id', sa.Integer(), nullable=True),
    sa.Column('why', sa.String(length=20), nullable=True),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_wish_list_edition_id')),
    sa.ForeignKeyConstraint(['given_id'], ['workgroup.id'], name=op.f('fk_wish_list_given_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_wish_list_member_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_wish_list')),
    sa.UniqueConstraint('edition_id', 'member_id', name=op.f('uq_wish_list_edition_id_member_id'))
    )
    op.create_index(op.f('ix_wish_list_given_id'), 'wish_list', ['given_id'], unique=False)
    op.create_index(op.f('ix_wish_list_member_id'), 'wish_list', ['member_id'], unique=False)
    op.create_table('availability',
    sa.Column('wish_list_id', sa.Integer(), nullable=False),
    sa.Column('slot_id', sa.Integer(), nullable=False),
    sa.Column('way', sa.Enum("on_site", "online", "either", name="way", native_enum=False, length=20, create_constraint=True), nullable=False),
    sa.ForeignKeyConstraint(['slot_id'], ['slot.id'], name=op.f('fk_availability_slot_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['wish_list_id'], ['wish_list.id'], name=op.f('fk_availability_wish_list_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('wish_list_id', 'slot_id', name=op.f('pk_availability'))
    )
    op.create_index(op.f('ix_availability_slot_id'), 'availability', ['slot_id'], unique=False)
    op.create_table('minutes',
    sa.Column('meeting_id', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=True),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['author_id'], ['member.id'], name=op.f('fk_minutes_author_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['meeting_id'], ['meeting.id'], name=op.f('fk_minutes_meeting_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('meeting_id', name=op.f('pk_minutes'))
    )
    op.create_table('wish',
    sa.Column('wish_list_id', sa.Integer(), nullable=False),
    sa.Column('rank', sa.Integer(), nullable=False),
    sa.Column('workgroup_id', sa.Integer(), nullable=False),
    sa.CheckConstraint('rank between 1 and 3', name=op.f('ck_wish_rank')),
    sa.ForeignKeyConstraint(['wish_list_id'], ['wish_list.id'], name=op.f('fk_wish_wish_list_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workgroup_id'], ['workgroup.id'], name=op.f('fk_wish_workgroup_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('wish_list_id', 'rank', name=op.f('pk_wish')),
    sa.UniqueConstraint('wish_list_id', 'workgroup_id', name=op.f('uq_wish_wish_list_id_workgroup_id'))
    )
    op.create_index(op.f('ix_wish_workgroup_id'), 'wish', ['workgroup_id'], unique=False)
    op.create_table('minutes_answer',
    sa.Column('meeting_id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('remark', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['meeting_id'], ['minutes.meeting_id'], name=op.f('fk_minutes_answer_meeting_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_minutes_answer_member_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('meeting_id', 'member_id', name=op.f('pk_minutes_answer'))
    )
    op.create_index(op.f('ix_minutes_answer_member_id'), 'minutes_answer', ['member_id'], unique=False)
    moment = {'sqlite': 'DATETIME'}.get(op.get_bind().dialect.name, 'TIMESTAMP WITH TIME ZONE')
    for table, column, rest in ADDED:
        op.execute(f'ALTER TABLE {table} ADD COLUMN {column} {rest.format(moment=moment)}')
    for table, column in INDEXED:
        op.create_index(op.f(f'ix_{table}_{column}'), table, [column], unique=False)
    # Nothing points at an attendance, so on SQLite its table may be made anew.
    with op.batch_alter_table('attendance') as batch_op:
        batch_op.add_column(sa.Column('excused_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('came', sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column('marked_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('marked_by_id', sa.Integer(), nullable=True))
        batch_op.alter_column('confirmed_at', existing_type=sa.DateTime(timezone=True), nullable=True)
        batch_op.create_foreign_key(op.f('fk_attendance_marked_by_id'), 'member', ['marked_by_id'], ['id'], ondelete='SET NULL')


def downgrade() -> None:
    # What was asked again and not answered did not exist before: not confirmed is no attendance.
    op.execute('DELETE FROM attendance WHERE confirmed_at IS NULL')
    with op.batch_alter_table('attendance') as batch_op:
        batch_op.drop_constraint(op.f('fk_attendance_marked_by_id'), type_='foreignkey')
        batch_op.alter_column('confirmed_at', existing_type=sa.DateTime(timezone=True), nullable=False)
        batch_op.drop_column('marked_by_id')
        batch_op.drop_column('marked_at')
        batch_op.drop_column('came')
        batch_op.drop_column('excused_at')
    # A place that was only offered was not known before either; whoever had not confirmed it waits again.
    op.execute('UPDATE signup SET seat = NULL, seated_at = NULL WHERE confirm_by IS NOT NULL')
    for table, column in INDEXED:
        op.drop_index(op.f(f'ix_{table}_{column}'), table_name=table)
    for table, column, _rest in reversed(ADDED):
        op.drop_column(table, column)
    op.drop_table('minutes_answer')
    op.drop_table('minutes')
    op.drop_table('availability')
    op.drop_table('wish')
    op.drop_table('wish_list')
    op.drop_table('workgroup_secretary')
    op.drop_table('next_step')
    op.drop_table('group_file')
    op.drop_table('candidate')
    op.drop_table('facilitator_profile')
    op.drop_table('calendar_feed')
    op.drop_table('slot')
    op.drop_table('assignment')
