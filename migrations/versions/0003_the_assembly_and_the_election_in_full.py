"""The assembly, and the election in full

Revision 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('assembly',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('place', sa.String(length=300), nullable=False),
    sa.Column('follow_url', sa.String(length=500), nullable=True),
    sa.Column('agenda', sa.JSON(), nullable=False),
    sa.Column('quorum', sa.Enum("none", "share", "number", name="quorum", native_enum=False, length=20, create_constraint=True), nullable=False),
    sa.Column('quorum_value', sa.Integer(), nullable=False),
    sa.Column('counts_proxies', sa.Boolean(), nullable=False),
    sa.Column('counts_remote', sa.Boolean(), nullable=False),
    sa.Column('counts_votes', sa.Boolean(), nullable=False),
    sa.Column('proxies_per_holder', sa.Integer(), nullable=False),
    sa.Column('remote_vote', sa.Boolean(), nullable=False),
    sa.Column('prior_vote', sa.Boolean(), nullable=False),
    sa.Column('hall_secret', sa.LargeBinary(length=32), nullable=False),
    sa.Column('chair', sa.String(length=120), nullable=True),
    sa.Column('secretary', sa.String(length=120), nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("quorum != 'share' or quorum_value <= 100", name=op.f('ck_assembly_quorum_share')),
    sa.CheckConstraint('closed_at is null or opened_at is not null', name=op.f('ck_assembly_opened_before_closed')),
    sa.CheckConstraint('proxies_per_holder between 0 and 50', name=op.f('ck_assembly_proxies_per_holder')),
    sa.CheckConstraint('quorum_value >= 0', name=op.f('ck_assembly_quorum_value')),
    sa.CheckConstraint('starts_at < ends_at', name=op.f('ck_assembly_starts_before_it_ends')),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_assembly_edition_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_assembly')),
    sa.UniqueConstraint('edition_id', name=op.f('uq_assembly_edition_id'))
    )
    op.create_table('announcement',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('election_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['election_id'], ['election.id'], name=op.f('fk_announcement_election_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_announcement'))
    )
    op.create_index(op.f('ix_announcement_election_id'), 'announcement', ['election_id'], unique=False)

    op.create_table('begun_ballot',
    sa.Column('election_id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['election_id'], ['election.id'], name=op.f('fk_begun_ballot_election_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_begun_ballot_member_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('election_id', 'member_id', name=op.f('pk_begun_ballot'))
    )
    op.create_table('count_progress',
    sa.Column('election_id', sa.Integer(), nullable=False),
    sa.Column('opened', sa.Integer(), nullable=False),
    sa.Column('envelopes', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['election_id'], ['election.id'], name=op.f('fk_count_progress_election_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('election_id', name=op.f('pk_count_progress'))
    )
    op.create_table('hall_try',
    sa.Column('assembly_id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['assembly_id'], ['assembly.id'], name=op.f('fk_hall_try_assembly_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_hall_try_member_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('assembly_id', 'member_id', name=op.f('pk_hall_try'))
    )
    op.create_table('incident',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('assembly_id', sa.Integer(), nullable=False),
    sa.Column('happened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('noted_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['assembly_id'], ['assembly.id'], name=op.f('fk_incident_assembly_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['noted_by_id'], ['member.id'], name=op.f('fk_incident_noted_by_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incident'))
    )
    op.create_index(op.f('ix_incident_assembly_id'), 'incident', ['assembly_id'], unique=False)

    op.create_table('key_list',
    sa.Column('election_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('mark', sa.String(length=64), nullable=False),
    sa.Column('proved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('proved_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['election_id'], ['election.id'], name=op.f('fk_key_list_election_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['proved_by_id'], ['member.id'], name=op.f('fk_key_list_proved_by_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('election_id', 'number', name=op.f('pk_key_list'))
    )
    op.create_table('mailing',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('texts', sa.JSON(), nullable=False),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.Column('per_minute', sa.Integer(), nullable=False),
    sa.Column('tried_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('begun_by_id', sa.Integer(), nullable=True),
    sa.Column('stopped_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('after_member_id', sa.Integer(), nullable=False),
    sa.CheckConstraint('per_minute between 1 and 10000', name=op.f('ck_mailing_per_minute')),
    sa.ForeignKeyConstraint(['begun_by_id'], ['member.id'], name=op.f('fk_mailing_begun_by_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_mailing_edition_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mailing')),
    sa.UniqueConstraint('edition_id', 'kind', name=op.f('uq_mailing_edition_id_kind'))
    )
    op.create_table('paper_batch',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('election_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('papers', sa.Integer(), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('agreed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('differ', sa.JSON(), nullable=True),
    sa.CheckConstraint('papers >= 1', name=op.f('ck_paper_batch_papers')),
    sa.ForeignKeyConstraint(['election_id'], ['election.id'], name=op.f('fk_paper_batch_election_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_paper_batch')),
    sa.UniqueConstraint('election_id', 'name', name=op.f('uq_paper_batch_election_id_name'))
    )
    op.create_table('personal_link',
    sa.Column('assembly_id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('serial', sa.Integer(), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['assembly_id'], ['assembly.id'], name=op.f('fk_personal_link_assembly_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_personal_link_member_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('assembly_id', 'member_id', name=op.f('pk_personal_link'))
    )
    op.create_table('presence',
    sa.Column('assembly_id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('way', sa.Enum("hall", "remote", name="way", native_enum=False, length=20, create_constraint=True), nullable=False),
    sa.Column('arrived_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('left_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('checked_in_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['assembly_id'], ['assembly.id'], name=op.f('fk_presence_assembly_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['checked_in_by_id'], ['member.id'], name=op.f('fk_presence_checked_in_by_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_presence_member_id')),
    sa.PrimaryKeyConstraint('assembly_id', 'member_id', name=op.f('pk_presence'))
    )
    op.create_index(op.f('ix_presence_member_id'), 'presence', ['member_id'], unique=False)

    op.create_table('proxy',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('assembly_id', sa.Integer(), nullable=False),
    sa.Column('giver_id', sa.Integer(), nullable=False),
    sa.Column('holder_id', sa.Integer(), nullable=False),
    sa.Column('given_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('place', sa.Integer(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_why', sa.String(length=20), nullable=True),
    sa.Column('entered_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('(accepted_at is null) = (place is null)', name=op.f('ck_proxy_accepted_with_a_place')),
    sa.CheckConstraint('(ended_at is null) = (ended_why is null)', name=op.f('ck_proxy_ended_with_a_reason')),
    sa.CheckConstraint('giver_id != holder_id', name=op.f('ck_proxy_somebody_else')),
    sa.ForeignKeyConstraint(['assembly_id'], ['assembly.id'], name=op.f('fk_proxy_assembly_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['entered_by_id'], ['member.id'], name=op.f('fk_proxy_entered_by_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['giver_id'], ['member.id'], name=op.f('fk_proxy_giver_id')),
    sa.ForeignKeyConstraint(['holder_id'], ['member.id'], name=op.f('fk_proxy_holder_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_proxy'))
    )
    op.create_index(op.f('ix_proxy_giver_id'), 'proxy', ['giver_id'], unique=False)
    op.create_index(op.f('ix_proxy_holder_id'), 'proxy', ['holder_id'], unique=False)
    op.create_index('uq_proxy_one_of_each_giver', 'proxy', ['assembly_id', 'giver_id'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
    op.create_index('uq_proxy_place', 'proxy', ['assembly_id', 'holder_id', 'place'], unique=True, sqlite_where=sa.text('ended_at IS NULL AND place IS NOT NULL'), postgresql_where=sa.text('ended_at IS NULL AND place IS NOT NULL'))

    op.create_table('second_word',
    sa.Column('election_id', sa.Integer(), nullable=False),
    sa.Column('act', sa.String(length=20), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('asked_by_id', sa.Integer(), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['asked_by_id'], ['member.id'], name=op.f('fk_second_word_asked_by_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['election_id'], ['election.id'], name=op.f('fk_second_word_election_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('election_id', 'act', name=op.f('pk_second_word'))
    )
    op.create_table('paper_entry',
    sa.Column('batch_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('entered_by_id', sa.Integer(), nullable=False),
    sa.Column('entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ballots', sa.JSON(), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['batch_id'], ['paper_batch.id'], name=op.f('fk_paper_entry_batch_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['entered_by_id'], ['member.id'], name=op.f('fk_paper_entry_entered_by_id')),
    sa.PrimaryKeyConstraint('batch_id', 'number', name=op.f('pk_paper_entry')),
    sa.UniqueConstraint('batch_id', 'entered_by_id', name=op.f('uq_paper_entry_batch_id_entered_by_id'))
    )
    op.create_table('voting_card',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('election_id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('code_hash', sa.String(length=64), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('issued_by_id', sa.Integer(), nullable=True),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['election_id', 'member_id'], ['elector.election_id', 'elector.member_id'], name=op.f('fk_voting_card_election_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['issued_by_id'], ['member.id'], name=op.f('fk_voting_card_issued_by_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_voting_card')),
    sa.UniqueConstraint('code_hash', name=op.f('uq_voting_card_code_hash'))
    )
    op.create_index('ix_voting_card_elector', 'voting_card', ['election_id', 'member_id'], unique=False)
    op.add_column('election', sa.Column('rule', sa.String(length=20), server_default='approval', nullable=False))
    op.add_column('election', sa.Column('is_rehearsal', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('election', sa.Column('by_hand', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('election', sa.Column('hall_only', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('election', sa.Column('most_themes', sa.Integer(), nullable=True))
    op.add_column('election', sa.Column('paused_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('elector', sa.Column('paper_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('elector', sa.Column('withdrawn', sa.Text(), server_default='', nullable=False))
    op.add_column('envelope', sa.Column('in_hall', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('envelope', sa.Column('by_proxy', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('question', sa.Column('majority', sa.String(length=20), nullable=True))
    op.add_column('question', sa.Column('country', sa.String(length=2), nullable=True))
    op.add_column(
        'question',
        sa.Column('theme_id', sa.Integer(), sa.ForeignKey('theme.id', name='fk_question_theme_id'), nullable=True),
        inline_references=True,
    )
    op.add_column('question', sa.Column('original', sa.String(length=2), nullable=True))
    op.add_column('question', sa.Column('texts', sa.JSON(), nullable=True))
    op.add_column('letter', sa.Column('batch', sa.String(length=40), nullable=True))
    due = sa.text('sent_at IS NULL AND claimed_at IS NULL AND failed_at IS NULL')
    op.drop_index('ix_letter_send_at', table_name='letter')
    op.create_index('ix_letter_due', 'letter', ['send_at'], unique=False, sqlite_where=due, postgresql_where=due)
    op.create_index('ix_letter_batch', 'letter', ['batch', 'queued_at'], unique=False)
    op.add_column('sign_in', sa.Column('via', sa.String(length=10), server_default='mail', nullable=False))



def downgrade() -> None:
    op.drop_column('sign_in', 'via')
    op.drop_index('ix_letter_batch', table_name='letter')
    op.drop_index('ix_letter_due', table_name='letter')
    op.create_index('ix_letter_send_at', 'letter', ['send_at'], unique=False)
    op.drop_column('letter', 'batch')
    op.drop_column('question', 'texts')
    op.drop_column('question', 'original')
    op.drop_column('question', 'theme_id')
    op.drop_column('question', 'country')
    op.drop_column('question', 'majority')
    op.drop_column('envelope', 'by_proxy')
    op.drop_column('envelope', 'in_hall')
    op.drop_column('elector', 'withdrawn')
    op.drop_column('elector', 'paper_at')
    op.drop_column('election', 'paused_at')
    op.drop_column('election', 'most_themes')
    op.drop_column('election', 'hall_only')
    op.drop_column('election', 'by_hand')
    op.drop_column('election', 'is_rehearsal')
    op.drop_column('election', 'rule')
    op.drop_table('voting_card')
    op.drop_table('paper_entry')
    op.drop_table('second_word')
    op.drop_table('proxy')
    op.drop_table('presence')
    op.drop_table('personal_link')
    op.drop_table('paper_batch')
    op.drop_table('mailing')
    op.drop_table('key_list')
    op.drop_table('incident')
    op.drop_table('hall_try')
    op.drop_table('count_progress')
    op.drop_table('begun_ballot')
    op.drop_table('announcement')
    op.drop_table('assembly')
