"""Who is asked to be a scrutineer of an election accepts or declines

Revision 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of elections from before nobody was asked: who had been named counts as having accepted.
    op.add_column('election_scrutineer', sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('election_scrutineer', sa.Column('declined_at', sa.DateTime(timezone=True), nullable=True))
    op.execute('update election_scrutineer set accepted_at = named_at')
    with op.batch_alter_table('election_scrutineer') as table:
        table.create_check_constraint(op.f('ck_election_scrutineer_one_answer'), 'accepted_at is null or declined_at is null')


def downgrade() -> None:
    with op.batch_alter_table('election_scrutineer') as table:
        table.drop_constraint(op.f('ck_election_scrutineer_one_answer'), type_='check')
        table.drop_column('declined_at')
        table.drop_column('accepted_at')
