"""Watches every act of the tests: what is done to a vote, an assembly or a mailing is done to it as it is now.

So whoever writes such a line of the audit log has read the thing again in the same transaction, and keeps others from
changing it until the commit: two officials who act at once act one after the other.
"""

from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction

from sipvote.audit import Entry

# The first word of what the log says was acted on → the table whose row is held.
HELD = {"vote": "election", "rehearsal": "election", "assembly": "assembly", "mailing": "mailing"}
# Acts that hold something else, or change nothing of it.
WITHOUT = {
    **dict.fromkeys(
        ("ask for act", "confirm act", "refuse act", "withdraw act"), "what it is about is held when it is done"
    ),
    "agree on pile": "the pile is held",
    "begin kiosk": "only a session becomes another one",
    "download package": "it only reads what stands for good",
    "finish pile": "the pile is held",
    "issue cards": "each line of the roll is held",
    "note incident": "a line is added, and changes no other",
}


@event.listens_for(Session, "do_orm_execute")
def _on_read(state: ORMExecuteState) -> None:
    if getattr(state.statement, "_for_update_arg", None) is not None and state.bind_mapper is not None:
        state.session.info.setdefault("held", set()).add(state.bind_mapper.local_table.name)  # type: ignore[attr-defined]


@event.listens_for(Session, "before_flush")
def _on_write(session: Session, _context: Any, _only: Any) -> None:
    held = session.info.setdefault("held", set())
    held.update(each.__tablename__ for each in session.new if not isinstance(each, Entry))
    known = {each.__tablename__ for each in session.identity_map.values()}  # a test may write a line about nothing
    for line in session.new:
        if isinstance(line, Entry) and (table := HELD.get(line.subject.split()[0])) in known:
            assert table in held or line.act in WITHOUT, f"“{line.act}” did not hold the {table} that it is about"


@event.listens_for(Session, "after_transaction_end")
def _on_end(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop("held", None)
