"""What is erased: certificates, and when a member or the papers of a vote were

Revision 0007, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('certificate',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('subject', sa.String(length=40), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('lines', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['member.id'], name=op.f('fk_certificate_by_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_certificate'))
    )
    op.add_column('member', sa.Column('erased_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('election', sa.Column('destroyed_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('election', 'destroyed_at')
    op.drop_column('member', 'erased_at')
    op.drop_table('certificate')
