"""Officials: the second step, sessions that their owners see, acts that take two, scrutineers of an election

Revision 0008, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('asked_act',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('act', sa.String(length=40), nullable=False),
    sa.Column('subject', sa.String(length=120), nullable=False),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('asked_by_id', sa.Integer(), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by_id', sa.Integer(), nullable=True),
    sa.Column('outcome', sa.String(length=10), nullable=True),
    sa.Column('why', sa.Text(), nullable=False),
    sa.CheckConstraint("outcome <> 'done' OR ended_by_id <> asked_by_id", name=op.f('ck_asked_act_two')),
    sa.CheckConstraint("outcome in ('done', 'refused', 'withdrawn', 'lapsed')", name=op.f('ck_asked_act_outcome')),
    sa.CheckConstraint('(outcome is null) = (ended_at is null)', name=op.f('ck_asked_act_ended_somehow')),
    sa.ForeignKeyConstraint(['asked_by_id'], ['member.id'], name=op.f('fk_asked_act_asked_by_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['ended_by_id'], ['member.id'], name=op.f('fk_asked_act_ended_by_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_asked_act'))
    )
    op.create_index(op.f('ix_asked_act_asked_at'), 'asked_act', ['asked_at'], unique=False)
    op.create_index('uq_asked_act_open', 'asked_act', ['act', 'subject'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
    op.create_table('election_scrutineer',
    sa.Column('election_id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('named_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('named_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['election_id'], ['election.id'], name=op.f('fk_election_scrutineer_election_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_election_scrutineer_member_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['named_by_id'], ['member.id'], name=op.f('fk_election_scrutineer_named_by_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('election_id', 'member_id', name=op.f('pk_election_scrutineer'))
    )
    op.create_table('factor',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('secret', sa.LargeBinary(), nullable=True),
    sa.Column('last_step', sa.Integer(), nullable=False),
    sa.Column('credential', sa.LargeBinary(), nullable=True),
    sa.Column('public_key', sa.LargeBinary(), nullable=True),
    sa.Column('signed', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('proved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind in ('app', 'passkey')", name=op.f('ck_factor_kind')),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_factor_member_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_factor')),
    sa.UniqueConstraint('credential', name=op.f('uq_factor_credential'))
    )
    op.create_index(op.f('ix_factor_member_id'), 'factor', ['member_id'], unique=False)
    op.create_table('factor_tries',
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('tried_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_factor_tries_member_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('member_id', name=op.f('pk_factor_tries'))
    )
    op.create_table('recovery',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('first_by_id', sa.Integer(), nullable=True),
    sa.Column('second_by_id', sa.Integer(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('first_by_id <> member_id AND second_by_id <> member_id', name=op.f('ck_recovery_others')),
    sa.CheckConstraint('first_by_id <> second_by_id', name=op.f('ck_recovery_two')),
    sa.ForeignKeyConstraint(['first_by_id'], ['member.id'], name=op.f('fk_recovery_first_by_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_recovery_member_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['second_by_id'], ['member.id'], name=op.f('fk_recovery_second_by_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recovery'))
    )
    op.create_index('uq_recovery_open', 'recovery', ['member_id'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
    op.add_column('sign_in', sa.Column('awake_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('sign_in', sa.Column('proved_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('sign_in', sa.Column('device', sa.String(length=60), server_default='', nullable=False))


def downgrade() -> None:
    op.drop_column('sign_in', 'device')
    op.drop_column('sign_in', 'proved_at')
    op.drop_column('sign_in', 'awake_at')
    op.drop_index('uq_recovery_open', table_name='recovery', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
    op.drop_table('recovery')
    op.drop_table('factor_tries')
    op.drop_index(op.f('ix_factor_member_id'), table_name='factor')
    op.drop_table('factor')
    op.drop_table('election_scrutineer')
    op.drop_index('uq_asked_act_open', table_name='asked_act', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
    op.drop_index(op.f('ix_asked_act_asked_at'), table_name='asked_act')
    op.drop_table('asked_act')
