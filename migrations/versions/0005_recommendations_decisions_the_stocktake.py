"""Recommendations, decisions, the stocktake

Revision 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

# The index for searching. SQLite keeps it in a table of its own that follows `search_text` by triggers.
SQLITE_INDEX = (
    "CREATE VIRTUAL TABLE search_index USING fts5(words, content='search_text', content_rowid='id',"
    " tokenize='unicode61', prefix='2 3')",
    "CREATE TRIGGER search_text_added AFTER INSERT ON search_text BEGIN"
    " INSERT INTO search_index(rowid, words) VALUES (new.id, new.words); END",
    "CREATE TRIGGER search_text_removed AFTER DELETE ON search_text BEGIN"
    " INSERT INTO search_index(search_index, rowid, words) VALUES ('delete', old.id, old.words); END",
    "CREATE TRIGGER search_text_changed AFTER UPDATE ON search_text BEGIN"
    " INSERT INTO search_index(search_index, rowid, words) VALUES ('delete', old.id, old.words);"
    " INSERT INTO search_index(rowid, words) VALUES (new.id, new.words); END",
)
POSTGRESQL_INDEX = "CREATE INDEX ix_search_text_words ON search_text USING gin (to_tsvector('simple', words))"

# SQLite compares texts by their bytes; with this PostgreSQL does, and a beginning is a piece of the index.
LETTER_KEY = 'ALTER TABLE letter ALTER COLUMN key TYPE VARCHAR(120) COLLATE "{}"'


def upgrade() -> None:
    op.add_column('theme_text', sa.Column('changes', sa.Integer(), server_default='1', nullable=False))
    op.create_table('large_theme',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name_en', sa.String(length=120), nullable=False),
    sa.Column('name_nl', sa.String(length=120), nullable=False),
    sa.Column('name_fr', sa.String(length=120), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_large_theme')),
    sa.UniqueConstraint('name_en', name=op.f('uq_large_theme_name_en'))
    )
    op.create_table('search_text',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('thing_id', sa.Integer(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('title', sa.String(length=300), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_search_text')),
    sa.UniqueConstraint('kind', 'thing_id', 'language', name=op.f('uq_search_text_kind_thing_id_language'))
    )
    op.create_index(op.f('ix_search_text_language'), 'search_text', ['language'], unique=False)
    op.create_table('stocktake_settings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('remind_after_days', sa.Integer(), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_stocktake_settings_one_row')),
    sa.CheckConstraint('remind_after_days between 7 and 730', name=op.f('ck_stocktake_settings_remind_after_days')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stocktake_settings'))
    )
    op.create_table('bundle',
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('foreword_en', sa.Text(), nullable=False),
    sa.Column('foreword_nl', sa.Text(), nullable=False),
    sa.Column('foreword_fr', sa.Text(), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('submitted_by_id', sa.Integer(), nullable=True),
    sa.Column('digest', sa.String(length=64), nullable=True),
    sa.Column('content', sa.Text(), nullable=True),
    sa.CheckConstraint('(submitted_at is null) = (content is null)', name=op.f('ck_bundle_submitted_with_content')),
    sa.CheckConstraint('(submitted_at is null) = (digest is null)', name=op.f('ck_bundle_submitted_with_hash')),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_bundle_edition_id')),
    sa.ForeignKeyConstraint(['submitted_by_id'], ['member.id'], name=op.f('fk_bundle_submitted_by_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('edition_id', name=op.f('pk_bundle'))
    )
    op.create_table('published_stocktake',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('published_by_id', sa.Integer(), nullable=True),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['published_by_id'], ['member.id'], name=op.f('fk_published_stocktake_published_by_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_published_stocktake')),
    sa.UniqueConstraint('day', name=op.f('uq_published_stocktake_day'))
    )
    op.create_table('list_upload',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uploaded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('uploaded_by_id', sa.Integer(), nullable=False),
    sa.Column('filename', sa.String(length=200), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('applied_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['uploaded_by_id'], ['member.id'], name=op.f('fk_list_upload_uploaded_by_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_list_upload'))
    )
    op.create_table('draft',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('theme_id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('remarks_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('adopted_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('(published_at is null) = (remarks_until is null)', name=op.f('ck_draft_remarks_have_an_end')),
    sa.CheckConstraint('remarks_until is null or remarks_until > published_at', name=op.f('ck_draft_remarks_until')),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_draft_edition_id')),
    sa.ForeignKeyConstraint(['theme_id'], ['theme.id'], name=op.f('fk_draft_theme_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draft'))
    )
    op.create_index(op.f('ix_draft_edition_id'), 'draft', ['edition_id'], unique=False)
    op.create_index(op.f('ix_draft_theme_id'), 'draft', ['theme_id'], unique=False)
    op.create_table('draft_workgroup',
    sa.Column('workgroup_id', sa.Integer(), nullable=False),
    sa.Column('draft_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['draft_id'], ['draft.id'], name=op.f('fk_draft_workgroup_draft_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workgroup_id'], ['workgroup.id'], name=op.f('fk_draft_workgroup_workgroup_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('workgroup_id', name=op.f('pk_draft_workgroup'))
    )
    op.create_index(op.f('ix_draft_workgroup_draft_id'), 'draft_workgroup', ['draft_id'], unique=False)
    op.create_table('recommendation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=True),
    sa.Column('draft_id', sa.Integer(), nullable=True),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('theme_id', sa.Integer(), nullable=True),
    sa.Column('theme_name', sa.String(length=120), nullable=False),
    sa.Column('group_name', sa.String(length=200), nullable=False),
    sa.Column('large_theme_id', sa.Integer(), nullable=True),
    sa.Column('country', sa.String(length=2), nullable=True),
    sa.Column('original', sa.String(length=2), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changes', sa.Integer(), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('repeats_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('draft_id is not null or number is not null', name=op.f('ck_recommendation_draft_or_number')),
    sa.CheckConstraint('number is null or number >= 1', name=op.f('ck_recommendation_number')),
    sa.CheckConstraint('repeats_id is null or repeats_id <> id', name=op.f('ck_recommendation_repeats_another')),
    sa.ForeignKeyConstraint(['draft_id'], ['draft.id'], name=op.f('fk_recommendation_draft_id')),
    sa.ForeignKeyConstraint(['large_theme_id'], ['large_theme.id'], name=op.f('fk_recommendation_large_theme_id')),
    sa.ForeignKeyConstraint(['repeats_id'], ['recommendation.id'], name=op.f('fk_recommendation_repeats_id')),
    sa.ForeignKeyConstraint(['theme_id'], ['theme.id'], name=op.f('fk_recommendation_theme_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recommendation')),
    sa.UniqueConstraint('year', 'number', name=op.f('uq_recommendation_year_number'))
    )
    op.create_index(op.f('ix_recommendation_draft_id'), 'recommendation', ['draft_id'], unique=False)
    op.create_index(op.f('ix_recommendation_changes'), 'recommendation', ['changes'], unique=False)
    op.create_index(op.f('ix_recommendation_large_theme_id'), 'recommendation', ['large_theme_id'], unique=False)
    op.create_index(op.f('ix_recommendation_repeats_id'), 'recommendation', ['repeats_id'], unique=False)
    op.create_index(op.f('ix_recommendation_theme_id'), 'recommendation', ['theme_id'], unique=False)
    op.create_index(op.f('ix_recommendation_year'), 'recommendation', ['year'], unique=False)
    op.create_table('adoption',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('draft_id', sa.Integer(), nullable=False),
    sa.Column('workgroup_id', sa.Integer(), nullable=False),
    sa.Column('meeting_id', sa.Integer(), nullable=True),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('opened_by_id', sa.Integer(), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('is_adopted', sa.Boolean(), nullable=True),
    sa.Column('reopened_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('reopened_at is null or closed_at is not null', name=op.f('ck_adoption_closed_before_reopened')),
    sa.CheckConstraint('is_adopted is null or closed_at is not null', name=op.f('ck_adoption_closed_before_adopted')),
    sa.ForeignKeyConstraint(['draft_id'], ['draft.id'], name=op.f('fk_adoption_draft_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['meeting_id'], ['meeting.id'], name=op.f('fk_adoption_meeting_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['opened_by_id'], ['member.id'], name=op.f('fk_adoption_opened_by_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['workgroup_id'], ['workgroup.id'], name=op.f('fk_adoption_workgroup_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_adoption'))
    )
    op.create_index(op.f('ix_adoption_draft_id'), 'adoption', ['draft_id'], unique=False)
    op.create_index('ix_adoption_goes_on', 'adoption', ['workgroup_id'], unique=True, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
    op.create_table('decision',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('recommendation_id', sa.Integer(), nullable=False),
    sa.Column('outcome', sa.Enum("accepted", "amended", "rejected", "postponed", name="outcome", native_enum=False, length=20, create_constraint=True), nullable=False),
    sa.Column('original', sa.String(length=2), nullable=False),
    sa.Column('decided_on', sa.Date(), nullable=True),
    sa.Column('postponed_until', sa.Date(), nullable=True),
    sa.Column('due', sa.Date(), nullable=True),
    sa.Column('owner_id', sa.Integer(), nullable=True),
    sa.Column('owner_name', sa.String(length=120), nullable=False),
    sa.Column('drafted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('drafted_by_id', sa.Integer(), nullable=True),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("postponed_until is null or outcome = 'postponed'", name=op.f('ck_decision_postponed_until')),
    sa.CheckConstraint('published_at is null or decided_on is not null', name=op.f('ck_decision_published_with_a_date')),
    sa.ForeignKeyConstraint(['drafted_by_id'], ['member.id'], name=op.f('fk_decision_drafted_by_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['owner_id'], ['member.id'], name=op.f('fk_decision_owner_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['recommendation_id'], ['recommendation.id'], name=op.f('fk_decision_recommendation_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_decision'))
    )
    op.create_index(op.f('ix_decision_decided_on'), 'decision', ['decided_on'], unique=False)
    op.create_index('ix_decision_draft', 'decision', ['recommendation_id'], unique=True, sqlite_where=sa.text('published_at IS NULL'), postgresql_where=sa.text('published_at IS NULL'))
    op.create_index(op.f('ix_decision_due'), 'decision', ['due'], unique=False)
    op.create_index(op.f('ix_decision_owner_id'), 'decision', ['owner_id'], unique=False)
    op.create_index(op.f('ix_decision_postponed_until'), 'decision', ['postponed_until'], unique=False)
    op.create_index(op.f('ix_decision_recommendation_id'), 'decision', ['recommendation_id'], unique=False)
    op.create_table('minority_note',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('draft_id', sa.Integer(), nullable=False),
    sa.Column('recommendation_id', sa.Integer(), nullable=True),
    sa.Column('member_id', sa.Integer(), nullable=True),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['draft_id'], ['draft.id'], name=op.f('fk_minority_note_draft_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_minority_note_member_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['recommendation_id'], ['recommendation.id'], name=op.f('fk_minority_note_recommendation_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_minority_note')),
    sa.UniqueConstraint('draft_id', 'recommendation_id', 'member_id', name=op.f('uq_minority_note_draft_id_recommendation_id_member_id'))
    )
    op.create_index(op.f('ix_minority_note_draft_id'), 'minority_note', ['draft_id'], unique=False)
    op.create_index(op.f('ix_minority_note_member_id'), 'minority_note', ['member_id'], unique=False)
    op.create_index('ix_minority_note_on_the_whole', 'minority_note', ['draft_id', 'member_id'], unique=True, sqlite_where=sa.text('recommendation_id IS NULL'), postgresql_where=sa.text('recommendation_id IS NULL'))
    op.create_table('recommendation_text',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('recommendation_id', sa.Integer(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=160), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('why', sa.Text(), nullable=False),
    sa.Column('for_whom', sa.String(length=300), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=True),
    sa.Column('workgroup_id', sa.Integer(), nullable=True),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('replaced_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['author_id'], ['member.id'], name=op.f('fk_recommendation_text_author_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['recommendation_id'], ['recommendation.id'], name=op.f('fk_recommendation_text_recommendation_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workgroup_id'], ['workgroup.id'], name=op.f('fk_recommendation_text_workgroup_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recommendation_text')),
    sa.UniqueConstraint('recommendation_id', 'language', 'version', name=op.f('uq_recommendation_text_recommendation_id_language_version'))
    )
    op.create_index(op.f('ix_recommendation_text_author_id'), 'recommendation_text', ['author_id'], unique=False)
    op.create_index('ix_recommendation_text_stands', 'recommendation_text', ['recommendation_id', 'language'], unique=True, sqlite_where=sa.text('replaced_at IS NULL'), postgresql_where=sa.text('replaced_at IS NULL'))
    op.create_table('recommendation_workgroup',
    sa.Column('recommendation_id', sa.Integer(), nullable=False),
    sa.Column('workgroup_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['recommendation_id'], ['recommendation.id'], name=op.f('fk_recommendation_workgroup_recommendation_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workgroup_id'], ['workgroup.id'], name=op.f('fk_recommendation_workgroup_workgroup_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('recommendation_id', 'workgroup_id', name=op.f('pk_recommendation_workgroup'))
    )
    op.create_index(op.f('ix_recommendation_workgroup_workgroup_id'), 'recommendation_workgroup', ['workgroup_id'], unique=False)
    op.create_table('remark',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('draft_id', sa.Integer(), nullable=False),
    sa.Column('recommendation_id', sa.Integer(), nullable=True),
    sa.Column('parent_id', sa.Integer(), nullable=True),
    sa.Column('member_id', sa.Integer(), nullable=True),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('hidden_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('hidden_reason', sa.String(length=300), nullable=True),
    sa.Column('hidden_by_id', sa.Integer(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_by_id', sa.Integer(), nullable=True),
    sa.Column('taken_up', sa.Boolean(), nullable=True),
    sa.Column('answer', sa.Text(), nullable=True),
    sa.Column('answer_language', sa.String(length=2), nullable=True),
    sa.CheckConstraint('(answered_at is null) = (answer_language is null)', name=op.f('ck_remark_answered_in_a_language')),
    sa.CheckConstraint('(answered_at is null) = (answer is null)', name=op.f('ck_remark_answered_in_words')),
    sa.CheckConstraint('(answered_at is null) = (taken_up is null)', name=op.f('ck_remark_answered_yes_or_no')),
    sa.CheckConstraint('(hidden_at is null) = (hidden_reason is null)', name=op.f('ck_remark_hidden_with_reason')),
    sa.CheckConstraint('parent_id is null or answered_at is null', name=op.f('ck_remark_the_first_is_answered')),
    sa.ForeignKeyConstraint(['answered_by_id'], ['member.id'], name=op.f('fk_remark_answered_by_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['draft_id'], ['draft.id'], name=op.f('fk_remark_draft_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['hidden_by_id'], ['member.id'], name=op.f('fk_remark_hidden_by_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_remark_member_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['parent_id'], ['remark.id'], name=op.f('fk_remark_parent_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['recommendation_id'], ['recommendation.id'], name=op.f('fk_remark_recommendation_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_remark'))
    )
    op.create_index(op.f('ix_remark_draft_id'), 'remark', ['draft_id'], unique=False)
    op.create_index(op.f('ix_remark_member_id'), 'remark', ['member_id'], unique=False)
    op.create_index(op.f('ix_remark_parent_id'), 'remark', ['parent_id'], unique=False)
    op.create_index(op.f('ix_remark_recommendation_id'), 'remark', ['recommendation_id'], unique=False)
    op.create_table('remark_report',
    sa.Column('remark_id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('reported_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_remark_report_member_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['remark_id'], ['remark.id'], name=op.f('fk_remark_report_remark_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['settled_by_id'], ['member.id'], name=op.f('fk_remark_report_settled_by_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('remark_id', 'member_id', name=op.f('pk_remark_report'))
    )
    op.create_index(op.f('ix_remark_report_member_id'), 'remark_report', ['member_id'], unique=False)
    op.create_table('status_change',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('recommendation_id', sa.Integer(), nullable=False),
    sa.Column('status', sa.Enum("not_started", "ongoing", "done", "not_done", "rejected", "postponed", name="status", native_enum=False, length=20, create_constraint=True), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('postponed_until', sa.Date(), nullable=True),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('noted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("postponed_until is null or status = 'postponed'", name=op.f('ck_status_change_postponed_until')),
    sa.ForeignKeyConstraint(['author_id'], ['member.id'], name=op.f('fk_status_change_author_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['recommendation_id'], ['recommendation.id'], name=op.f('fk_status_change_recommendation_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_status_change'))
    )
    op.create_index('ix_status_change_since', 'status_change', ['recommendation_id', 'since', 'id'], unique=False)
    op.create_table('adoption_answer',
    sa.Column('adoption_id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('agrees', sa.Boolean(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('entered_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['adoption_id'], ['adoption.id'], name=op.f('fk_adoption_answer_adoption_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['entered_by_id'], ['member.id'], name=op.f('fk_adoption_answer_entered_by_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_adoption_answer_member_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('adoption_id', 'member_id', name=op.f('pk_adoption_answer'))
    )
    op.create_index(op.f('ix_adoption_answer_member_id'), 'adoption_answer', ['member_id'], unique=False)
    op.create_table('decision_text',
    sa.Column('decision_id', sa.Integer(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('reasons', sa.Text(), nullable=False),
    sa.Column('amended', sa.Text(), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['decision_id'], ['decision.id'], name=op.f('fk_decision_text_decision_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('decision_id', 'language', name=op.f('pk_decision_text'))
    )
    op.create_table('follow_up',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('decision_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum("project", "test_project", "question", name="kind", native_enum=False, length=20, create_constraint=True), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('title', sa.String(length=160), nullable=False),
    sa.Column('about', sa.Text(), nullable=False),
    sa.Column('lead', sa.String(length=120), nullable=False),
    sa.Column('begins_on', sa.Date(), nullable=True),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('question_id', sa.Integer(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("question_id is null or kind = 'question'", name=op.f('ck_follow_up_question')),
    sa.ForeignKeyConstraint(['decision_id'], ['decision.id'], name=op.f('fk_follow_up_decision_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['made_by_id'], ['member.id'], name=op.f('fk_follow_up_made_by_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['question_id'], ['question.id'], name=op.f('fk_follow_up_question_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_follow_up'))
    )
    op.create_index(op.f('ix_follow_up_decision_id'), 'follow_up', ['decision_id'], unique=False)
    op.create_index(op.f('ix_follow_up_question_id'), 'follow_up', ['question_id'], unique=False)
    op.create_table('joining_request',
    sa.Column('workgroup_id', sa.Integer(), nullable=False),
    sa.Column('draft_id', sa.Integer(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('asked_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['asked_by_id'], ['member.id'], name=op.f('fk_joining_request_asked_by_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['draft_id'], ['draft.id'], name=op.f('fk_joining_request_draft_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workgroup_id'], ['workgroup.id'], name=op.f('fk_joining_request_workgroup_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('workgroup_id', name=op.f('pk_joining_request'))
    )
    op.create_index(op.f('ix_joining_request_draft_id'), 'joining_request', ['draft_id'], unique=False)
    op.create_table('unsaved_text',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('draft_id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('recommendation_id', sa.Integer(), nullable=True),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('why', sa.Text(), nullable=False),
    sa.Column('for_whom', sa.Text(), nullable=False),
    sa.Column('seen', sa.String(length=10), nullable=False),
    sa.Column('kept_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['draft_id'], ['draft.id'], name=op.f('fk_unsaved_text_draft_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_unsaved_text_member_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['recommendation_id'], ['recommendation.id'], name=op.f('fk_unsaved_text_recommendation_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unsaved_text')),
    sa.UniqueConstraint('draft_id', 'member_id', 'recommendation_id', name=op.f('uq_unsaved_text_draft_id_member_id_recommendation_id'))
    )
    op.create_index(op.f('ix_unsaved_text_member_id'), 'unsaved_text', ['member_id'], unique=False)
    op.create_index('ix_unsaved_text_new', 'unsaved_text', ['draft_id', 'member_id'], unique=True, sqlite_where=sa.text('recommendation_id IS NULL'), postgresql_where=sa.text('recommendation_id IS NULL'))
    op.create_index(op.f('ix_unsaved_text_recommendation_id'), 'unsaved_text', ['recommendation_id'], unique=False)
    if op.get_bind().dialect.name == 'sqlite':
        for statement in SQLITE_INDEX:
            op.execute(statement)
    else:
        op.execute(POSTGRESQL_INDEX)
        op.execute(LETTER_KEY.format('C'))


def downgrade() -> None:
    if op.get_bind().dialect.name == 'sqlite':
        op.execute('DROP TABLE search_index')  # its triggers go with search_text
    else:
        op.execute(LETTER_KEY.format('default'))
    op.drop_table('unsaved_text')
    op.drop_table('joining_request')
    op.drop_table('follow_up')
    op.drop_table('decision_text')
    op.drop_table('adoption_answer')
    op.drop_table('status_change')
    op.drop_table('remark_report')
    op.drop_table('remark')
    op.drop_table('recommendation_workgroup')
    op.drop_table('recommendation_text')
    op.drop_table('minority_note')
    op.drop_table('decision')
    op.drop_table('adoption')
    op.drop_table('recommendation')
    op.drop_table('draft_workgroup')
    op.drop_table('draft')
    op.drop_table('list_upload')
    op.drop_table('published_stocktake')
    op.drop_table('bundle')
    op.drop_table('stocktake_settings')
    op.drop_table('search_text')
    op.drop_table('large_theme')
    op.drop_column('theme_text', 'changes')
