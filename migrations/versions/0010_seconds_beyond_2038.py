"""The second of a passkey's last challenge may be after 2038

Revision 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('factor') as table:
        table.alter_column('last_step', existing_type=sa.Integer(), type_=sa.BigInteger(), existing_nullable=False)


def downgrade() -> None:
    with op.batch_alter_table('factor') as table:
        table.alter_column('last_step', existing_type=sa.BigInteger(), type_=sa.Integer(), existing_nullable=False)
