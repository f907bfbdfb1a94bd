"""Acts that take two people: one asks, another one confirms, each signed in as themselves with their second step.

Rooms register their own acts; what an act is done with is kept as facts, and whatever it would refuse, it refuses
when it is confirmed. The database keeps an act on a subject asked for once, and never confirmed by who asked. Opening,
closing and extending a vote are older and have their own page (voting/second_word.py), with the same rule.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from sqlalchemy import Select, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from .. import audit, mail
from ..access import MAY, Role
from ..db import db, learn_sizes, now
from ..errors import Refused
from ..fields import plain_lines
from . import roll, rules
from .forms import ROLE_NAMES
from .models import City, Grant, Member, RollUpload
from .step_models import AskedAct

LIVES = timedelta(hours=24)
Do = Callable[[dict[str, Any], int], None]
About = Callable[[dict[str, Any]], str]
Place = tuple[str, dict[str, Any]]  # an endpoint and its values
Where = Callable[[dict[str, Any]], Place | None]


@dataclass(frozen=True)
class Act:
    """What takes two: its name, which key of MAY asks and confirms, how it is done (facts, by whom), and on what.

    Facts are numbers and keys, for they outlive the people; `about` makes words of them when they are read.
    `after` is called once what was done is committed. `where` gives the endpoint and the values of the page that shows
    what it is about, where words do not tell it all.
    """

    name: LazyString
    may: str
    do: Do
    about: About
    after: Callable[[], None]
    where: Where | None


ACTS: dict[str, Act] = {}


def register(
    word: str, name: LazyString, may: str, do: Do, about: About, after: Callable[[], None] = lambda: None,
    where: Where | None = None,
) -> None:  # fmt: skip
    """Make an act known that takes two. Rooms to the right register theirs when they are loaded."""
    ACTS[word] = Act(name, may, do, about, after, where)


def about(asked: AskedAct) -> str:
    """On what, for people, in the reader's language."""
    return ACTS[asked.act].about(asked.facts)


def place(asked: AskedAct) -> Place | None:
    """The page that shows what it is about; None where words tell it all, or where it is no more."""
    where = ACTS[asked.act].where
    return where(asked.facts) if where else None


# --- Finding ----------------------------------------------------------------------------------------


def _open() -> Select[AskedAct]:
    found: Select[AskedAct] = select(AskedAct).where(AskedAct.ended_at.is_(None), AskedAct.asked_at > now() - LIVES)
    return found.options(joinedload(AskedAct.asked_by))


def standing(roles: frozenset[Role]) -> Sequence[AskedAct]:
    """What is asked now and people with these roles may confirm, the oldest first."""
    mine = [word for word, act in ACTS.items() if roles & MAY[act.may]]
    return db.session.scalars(_open().where(AskedAct.act.in_(mine)).order_by(AskedAct.id)).all()


def lapses(asked: AskedAct) -> datetime:
    """Until when it can be confirmed."""
    return asked.asked_at + LIVES


# --- Asking -----------------------------------------------------------------------------------------


def ask(word: str, subject: str, by: int, **facts: Any) -> AskedAct:
    """Ask for an act; those who may confirm it hear of it by mail. Raises Refused."""
    act = ACTS[word]
    others = rules.others_with(MAY[act.may], by)
    if not others:
        raise Refused(_("This takes two people, and there is nobody else with your role. Give it to somebody first."))
    lapsed = update(AskedAct).where(
        AskedAct.act == word,
        AskedAct.subject == subject,
        AskedAct.ended_at.is_(None),
        AskedAct.asked_at <= now() - LIVES,
    )
    db.session.execute(lapsed.values(ended_at=now(), outcome="lapsed"))
    asked = AskedAct(act=word, subject=subject, facts=facts, asked_at=now(), asked_by_id=by)
    try:
        with db.session.begin_nested():
            db.session.add(asked)
    except IntegrityError:
        raise Refused(_("This is asked already. Somebody else confirms it, or you withdraw it first.")) from None
    audit.record("ask for act", subject, by, what=word, **facts)
    for member in others:
        said: dict[str, Any] = {"asked": asked, "act": act, "about": LazyString(about, asked), "until": lapses(asked)}
        mail.queue("asked_act", member, key=f"asked act {asked.id} {member.id}", **said)
    return asked


# --- Ending -----------------------------------------------------------------------------------------


def _end(asked_id: int, by: int, outcome: str, why: str = "") -> AskedAct:
    """End an asking; of any number who do so at once, one does. Raises Refused when it stands no more."""
    still = update(AskedAct).where(
        AskedAct.id == asked_id, AskedAct.ended_at.is_(None), AskedAct.asked_at > now() - LIVES
    )
    ended = still.values(ended_at=now(), ended_by_id=by, outcome=outcome, why=why)
    if db.session.execute(ended).rowcount != 1:  # type: ignore[attr-defined]
        raise Refused(_("This is no longer asked: it was done, refused, withdrawn, or asked too long ago."))
    asked = db.session.get_one(AskedAct, asked_id)
    db.session.refresh(asked)
    return asked


def why_not_confirm(asked: AskedAct, by: int, roles: frozenset[Role]) -> str | None:
    """Nobody confirms what they have asked for themselves, nor what their role does not allow; and both count as
    long as they have it."""
    may = MAY[ACTS[asked.act].may]
    if asked.asked_by_id == by:
        return _("You asked for this yourself. Somebody else confirms it.")
    if not roles & may:
        return _("Your role does not allow this.")
    if asked.asked_by_id not in {other.id for other in rules.others_with(may, by)}:
        return _("Who asked for this may no longer do it. Refuse it, then ask for it yourself.")
    return None


def confirm(asked: AskedAct, by: int, roles: frozenset[Role]) -> None:
    """Another person says yes: the act is done. Raises Refused, and then nothing has happened."""
    if why := why_not_confirm(asked, by, roles):
        raise Refused(why)
    asked = _end(asked.id, by, "done")
    audit.record("confirm act", asked.subject, by, what=asked.act, asked_by=audit.number_of(asked.asked_by_id))
    ACTS[asked.act].do(asked.facts, by)


def refuse(asked: AskedAct, by: int, roles: frozenset[Role], why: str) -> None:
    """Say no, with the reason for who asked; who asked withdraws it. Raises Refused."""
    if asked.asked_by_id == by:
        _end(asked.id, by, "withdrawn")
        audit.record("withdraw act", asked.subject, by, what=asked.act)
        return
    if not roles & MAY[ACTS[asked.act].may]:
        raise Refused(_("Your role does not allow this."))
    why = plain_lines(why)[:1000]
    if not why:
        raise Refused(_("Give a reason: who asked reads it."))
    ended = _end(asked.id, by, "refused", why)
    asked_by = audit.number_of(ended.asked_by_id)
    audit.record("refuse act", ended.subject, by, what=ended.act, asked_by=asked_by, reason=ended.why)
    said: dict[str, Any] = {"asked": ended, "act": ACTS[ended.act], "about": LazyString(about, ended)}
    mail.queue("refused_act", ended.asked_by, by=db.session.get_one(Member, by), **said)


# --- The acts of this room --------------------------------------------------------------------------


def _grant(facts: dict[str, Any], by: int) -> None:
    member, city_id = rules.member_numbered(facts["member"]), facts["city"]
    if member is None:
        raise Refused(_("This person is no longer a member."))
    rules.grant(member, Role(facts["role"]), db.session.get(City, city_id) if city_id else None, by)


def _revoke(facts: dict[str, Any], by: int) -> None:
    given = db.session.get(Grant, facts["grant"])
    # A number may be given again to another role of another person, where the database counts so.
    if given is None or (given.member.number, given.role) != (facts["member"], facts["role"]):
        raise Refused(_("This role was taken back already."))
    rules.revoke(given, by)


def _import(facts: dict[str, Any], by: int) -> None:
    kept = db.session.get(RollUpload, facts["upload"])
    if kept is None or kept.applied_at:
        raise Refused(_("This roll was imported already, or thrown away."))
    read = roll.read(kept.content)
    if roll.stamp(kept, roll.compare(read)) != facts.get("seen"):
        raise Refused(_("The members are no longer those of when this was asked. Look at the preview, and ask again."))
    roll.apply(read, by)
    kept.applied_at, kept.content = now(), b""


def _about_role(facts: dict[str, Any]) -> str:
    return f"{rules.name_of(facts['member'])}, {ROLE_NAMES[Role(facts['role'])]}"


def _about_roll(facts: dict[str, Any]) -> str:
    kept = db.session.get(RollUpload, facts["upload"])
    return kept.filename if kept else "–"


register("grant", _l("Give a role"), "members.grant", _grant, _about_role)
register("revoke", _l("Take a role back"), "members.grant", _revoke, _about_role)
register(
    "import roll", _l("Import the roll"), "members.import", _import, _about_roll, after=learn_sizes,
    where=lambda facts: ("members_desk.preview", {"upload_id": facts["upload"]}),
)  # fmt: skip
