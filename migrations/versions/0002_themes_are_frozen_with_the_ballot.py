"""Themes are frozen with the ballot

Revision 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('edition', sa.Column('themes_frozen_at', sa.DateTime(timezone=True), nullable=True))
    op.execute(
        'UPDATE edition SET themes_frozen_at ='
        ' (SELECT election.frozen_at FROM election WHERE election.edition_id = edition.id)'
    )


def downgrade() -> None:
    op.drop_column('edition', 'themes_frozen_at')
