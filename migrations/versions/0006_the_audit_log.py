"""The audit log: its lines hold numbers, not members, and are only ever added; its heads are published

Revision 0006, after 0005. Each line's hash is taken over its place in the chain, its moment, the member's
number, the act, the subject, the facts and the hash before: all lines there are get theirs anew.
"""

import hashlib
import json
from datetime import UTC

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

START = '0' * 64
KEPT = ('audit_entry', 'audit_head')  # rows are only ever added to these


def upgrade() -> None:
    old = op.get_bind().execute(sa.text(
        'SELECT e.id, e.at, m.number, e.act, e.subject, e.facts, e.hash'
        ' FROM audit_entry e LEFT JOIN member m ON m.id = e.member_id ORDER BY e.id'
    ).columns(at=sa.DateTime(timezone=True), facts=sa.JSON())).all()
    op.drop_table('audit_entry')
    op.create_table('audit_entry',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor', sa.String(length=20), nullable=True),
    sa.Column('act', sa.String(length=60), nullable=False),
    sa.Column('subject', sa.String(length=120), nullable=False),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.Column('previous', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entry')),
    sa.UniqueConstraint('hash', name=op.f('uq_audit_entry_hash')),
    sa.UniqueConstraint('previous', name=op.f('uq_audit_entry_previous'))
    )
    for name in ('at', 'actor', 'act', 'subject'):
        op.create_index(op.f(f'ix_audit_entry_{name}'), 'audit_entry', [name], unique=False)
    op.create_table('audit_head',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('line', sa.Integer(), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('previous', sa.String(length=64), nullable=False),
    sa.Column('head', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('day', name=op.f('pk_audit_head')),
    sa.UniqueConstraint('head', name=op.f('uq_audit_head_head')),
    sa.UniqueConstraint('previous', name=op.f('uq_audit_head_previous'))
    )
    chained, previous = [], START
    for place, row in enumerate(old, start=1):
        line = {
            'line': place, 'at': in_utc(row.at).isoformat(timespec='microseconds'), 'actor': row.number,
            'act': row.act, 'subject': row.subject, 'facts': row.facts, 'previous': previous,
        }
        text = json.dumps(line, sort_keys=True, ensure_ascii=False, separators=(',', ':'))
        line |= {'id': line.pop('line'), 'at': row.at, 'hash': hashlib.sha256(text.encode()).hexdigest()}
        chained.append(line)
        previous = line['hash']
    insert(chained, 'actor', sa.String())
    for statement in keeping():
        op.execute(statement)
    with op.batch_alter_table('incident', schema=None) as batch_op:
        batch_op.add_column(sa.Column('until_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('remedy', sa.Text(), server_default='', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('incident', schema=None) as batch_op:
        batch_op.drop_column('remedy')
        batch_op.drop_column('until_at')
    new = op.get_bind().execute(sa.text(
        'SELECT e.id, e.at, m.id AS member_id, e.act, e.subject, e.facts'
        ' FROM audit_entry e LEFT JOIN member m ON m.number = e.actor ORDER BY e.id'
    ).columns(at=sa.DateTime(timezone=True), facts=sa.JSON())).all()
    op.drop_table('audit_head')
    op.drop_table('audit_entry')
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP FUNCTION only_ever_added()')
    op.create_table('audit_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=True),
    sa.Column('act', sa.String(length=60), nullable=False),
    sa.Column('subject', sa.String(length=120), nullable=False),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.Column('previous', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_audit_entry_member_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entry')),
    sa.UniqueConstraint('hash', name=op.f('uq_audit_entry_hash')),
    sa.UniqueConstraint('previous', name=op.f('uq_audit_entry_previous'))
    )
    chained, previous = [], START
    for row in new:
        at = in_utc(row.at).replace(microsecond=0).isoformat()
        facts = [at, row.member_id, row.act, row.subject, row.facts, previous]
        found = hashlib.sha256(json.dumps(facts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
        chained.append({**row._mapping, 'previous': previous, 'hash': found})
        previous = found
    insert(chained, 'member_id', sa.Integer())
    if chained and op.get_bind().dialect.name == 'postgresql':
        op.execute("SELECT setval(pg_get_serial_sequence('audit_entry', 'id'), (SELECT max(id) FROM audit_entry))")


def in_utc(at):
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def insert(rows, who, kind) -> None:
    names = {'id': sa.Integer(), 'at': sa.DateTime(timezone=True), who: kind, 'facts': sa.JSON()}
    names |= dict.fromkeys(('act', 'subject', 'previous', 'hash'), sa.String())
    op.bulk_insert(sa.table('audit_entry', *(sa.column(name, kind) for name, kind in names.items())), rows)


def keeping():
    """Triggers that refuse to change or remove what was written."""
    if op.get_bind().dialect.name == 'sqlite':
        for table in KEPT:
            for act in ('UPDATE', 'DELETE'):
                yield (f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table}"
                       f" BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END")
        return
    yield ("CREATE FUNCTION only_ever_added() RETURNS trigger LANGUAGE plpgsql AS"
           " $$ BEGIN RAISE EXCEPTION 'the audit log is only ever added to'; END $$")
    for table in KEPT:
        yield (f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
               f" FOR EACH STATEMENT EXECUTE FUNCTION only_ever_added()")
