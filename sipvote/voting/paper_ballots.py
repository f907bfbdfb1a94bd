"""Ballots on paper: the desk hands them out; after closing two scrutineers enter each pile, and must agree.

Who takes one votes in no other way. What stood in the box is taken out, so that nobody votes twice.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from .. import audit
from ..assembly import proxies
from ..assembly import rules as assemblies
from ..db import db, now
from ..errors import Refused
from ..i18n import country_name
from ..members.models import Member
from . import box, papers
from .cards import hold_elector
from .checkpoints import name_of
from .day import PaperBatch, PaperEntry
from .models import Election, Elector, Envelope
from .papers import Paper
from .rules import hold
from .seal import Choices

Read = tuple[int, Choices | None]  # how many papers, with these choices; None: spoilt

# --- The desk hands one out -------------------------------------------------------------------------


def why_not_hand(election: Election | None, member: Member, standing: box.Standing) -> str | None:
    """Papers are handed out from the freezing to the closing, one to each member on the roll."""
    if election is None or election.frozen_at is None:
        return _("The ballot is not frozen yet, so there is no electoral roll.")
    if election.closed_at is not None or now() >= election.closes_at:
        return _("The vote is closed.")
    if not standing.on_roll:
        return _("%(name)s is not on the electoral roll.", name=member.name)
    if standing.on_paper:
        return _("%(name)s has a ballot on paper already.", name=member.name)
    return None


def hand(election: Election, member: Member, by: int | None) -> None:
    """Give a ballot on paper: from now on it is the member's only one. Raises Refused.

    Every vote on its way is waited for, and then taken out of the box; those that come later are refused by it.
    """
    _hold(election, member.id)
    if why := why_not_hand(election, member, box.standing(election.id, member.id)):
        raise Refused(why)
    gone = _take_out(election.id, member.id)
    elector = db.session.get_one(Elector, (election.id, member.id), populate_existing=True)
    elector.paper_at, elector.withdrawn = now(), elector.withdrawn + gone
    _end_proxy(election, member.id)
    db.session.flush()
    audit.record("hand out paper", f"member {member.number}", by, vote=election.edition.year, had_voted=bool(gone))


def _hold(election: Election, member_id: int) -> None:
    # In the same order as closing does it: first whoever casts, then the rows.
    box.end_casts(election.id)
    hold(election)
    hold_elector(election, member_id)


def _take_out(election_id: int, member_id: int) -> str:
    """Take a member's envelope out of the box; give its tracker and those before it, one after the other."""
    theirs = (Envelope.election_id == election_id) & (Envelope.member_id == member_id)
    found = db.session.execute(select(Envelope.former, Envelope.tracker).where(theirs)).first()
    if found is None:
        return ""
    db.session.execute(delete(Envelope).where(theirs))
    return "".join(found)


def _end_proxy(election: Election, giver_id: int) -> None:
    """Who votes on paper votes for themselves: the proxy that they gave is over."""
    if assembly := assemblies.of_edition(election.edition):
        proxies.end_for(assembly, giver_id, "voted")


def why_not_take_back(election: Election, member: Member, standing: box.Standing) -> str | None:
    """A paper that was not used may come back until the closing."""
    if not standing.on_paper:
        return _("%(name)s has no ballot on paper.", name=member.name)
    if election.closed_at is not None or now() >= election.closes_at:
        return _("The vote is closed.")
    return None


def take_back(election: Election, member: Member, by: int | None) -> None:
    """A paper was handed back unused: its member may vote in every way again. Raises Refused."""
    _hold(election, member.id)
    if why := why_not_take_back(election, member, box.standing(election.id, member.id)):
        raise Refused(why)
    db.session.get_one(Elector, (election.id, member.id), populate_existing=True).paper_at = None
    db.session.flush()
    audit.record("take back paper", f"member {member.number}", by, vote=election.edition.year)


def handed_out(election: Election, country: str | None = None) -> int:
    """How many ballots on paper are out, or how many with members of one country."""
    out = select(func.count()).where(Elector.election_id == election.id, Elector.paper_at.is_not(None))
    return db.session.scalar(out.where(Elector.country == country) if country else out) or 0


# --- Piles ------------------------------------------------------------------------------------------


def piles(election: Election) -> Sequence[PaperBatch]:
    """The piles of papers, in the order in which they were made."""
    return db.session.scalars(
        select(PaperBatch).where(PaperBatch.election_id == election.id).order_by(PaperBatch.id)
    ).all()


def unpiled(election: Election) -> int:
    """How many papers that were handed out lie in no pile: at the count they would count for nobody."""
    return handed_out(election) - sum(pile.papers for pile in piles(election))


def countries_of(paper: Paper) -> list[str]:
    """The countries whose papers must lie apart, because a question is for one of them only; else none."""
    return ["BE", "FR"] if any(question.country for question in paper.questions) else []


def country_of(election: Election, member: Member) -> str | None:
    """Whose paper a member gets, where those of each country ask other questions; else none."""
    paper, elector = papers.of(election), db.session.get(Elector, (election.id, member.id))
    return elector.country if paper and elector and countries_of(paper) else None


def why_not_piles(election: Election) -> str | None:
    """Piles are made and entered between the closing and the count."""
    if election.closed_at is None:
        return _("The vote must be closed first.")
    return _("The ballots have been counted already.") if election.counted_at else None


def make_pile(election: Election, name: str, papers: int, country: str | None, by: int | None) -> PaperBatch:
    """Say that there is a pile of so many papers. Raises Refused: there are never more than were handed out."""
    hold(election)
    if why := why_not_piles(election):
        raise Refused(why)
    in_piles = select(func.coalesce(func.sum(PaperBatch.papers), 0)).where(PaperBatch.election_id == election.id)
    if country:
        in_piles = in_piles.where(PaperBatch.country == country)
    out, piled = handed_out(election, country), int(db.session.scalar(in_piles) or 0)
    if piled + papers > out:
        raise Refused(_too_many(out, piled, country))
    pile = PaperBatch(election_id=election.id, name=name, papers=papers, country=country, made_at=now())
    try:
        with db.session.begin_nested():
            db.session.add(pile)
    except IntegrityError:
        raise Refused(_("There is a pile with this name already. Give it another one.")) from None
    audit.record("make pile", name_of(election), by, pile=name, papers=papers, country=country)
    return pile


def _too_many(out: int, piled: int, country: str | None) -> str:
    if country is None:
        return _(
            "%(out)d papers were handed out, and %(piled)d lie in piles already. Count again.", out=out, piled=piled
        )
    return _(
        "To members in %(country)s %(out)d papers were handed out, and %(piled)d lie in piles already. Count again.",
        country=country_name(country), out=out, piled=piled,
    )  # fmt: skip


def why_not_remove(election: Election, pile: PaperBatch) -> str | None:
    """A pile that two agreed on stays."""
    if pile.agreed_at:
        return _("Two scrutineers agree on this pile. It stays.")
    return why_not_piles(election)


def remove_pile(election: Election, pile: PaperBatch, by: int | None) -> None:
    """Take a pile away, with what was entered of it: it was counted wrongly, or somebody cannot finish."""
    hold(election)
    db.session.refresh(pile, with_for_update=True)
    if why := why_not_remove(election, pile):
        raise Refused(why)
    audit.record("remove pile", name_of(election), by, pile=pile.name, papers=pile.papers)
    db.session.delete(pile)


# --- What a scrutineer reads ------------------------------------------------------------------------


def entry_of(pile: PaperBatch, member_id: int) -> PaperEntry | None:
    """What a scrutineer has entered of a pile so far."""
    return next((entry for entry in pile.entries if entry.entered_by_id == member_id), None)


def why_not_enter(election: Election, pile: PaperBatch, member_id: int) -> str | None:
    """Two scrutineers enter a pile, each by themselves, until they agree."""
    if why := why_not_piles(election):
        return why
    if pile.agreed_at:
        return _("Two scrutineers agree on this pile. It stays.")
    mine = entry_of(pile, member_id)
    if mine is None and len(pile.entries) > 1:
        return _("Two other scrutineers enter this pile.")
    if mine is not None and mine.finished_at:
        return _("You have finished this pile. Now the other scrutineer enters it.")
    return None


def read_of(entry: PaperEntry | None) -> list[Read]:
    """What was entered: how many papers with which choices, spoilt ones last."""
    return [(times, _tuple(choices)) for times, choices in (entry.ballots if entry else [])]


def entered(entry: PaperEntry | None) -> int:
    """How many papers were entered."""
    return sum(times for times, _choices in read_of(entry))


def _tuple(choices: Any) -> Choices | None:
    return None if choices is None else tuple(tuple(chosen) for chosen in choices)


def _sorted(papers: Counter[Choices | None]) -> list[Any]:
    """As they are kept: one line for each choice, in the order of the choices and of nothing else."""
    lines = sorted(
        ((times, c) for c, times in papers.items() if times), key=lambda line: (line[1] is None, line[1] or ())
    )
    return [[times, choices] for times, choices in lines]


def _hold_entry(election: Election, pile: PaperBatch, member_id: int) -> PaperEntry | None:
    db.session.refresh(pile, with_for_update=True)
    if why := why_not_enter(election, pile, member_id):
        raise Refused(why)
    return entry_of(pile, member_id)


def _left(papers: int) -> str:
    return ngettext("%(num)d paper is left to enter.", "%(num)d papers are left to enter.", papers)


def add(election: Election, pile: PaperBatch, times: int, choices: Choices | None, by: int) -> None:
    """Enter some papers with the same choices; None: spoilt ones. Raises Refused beyond the size of the pile."""
    entry = _hold_entry(election, pile, by)
    left = pile.papers - entered(entry)
    if times > left:
        raise Refused(_("That is more than the pile holds.") + " " + _left(left))
    if entry is None:
        free = min({1, 2} - {other.number for other in pile.entries})
        entry = PaperEntry(number=free, entered_by_id=by, entered_at=now(), ballots=[])
        pile.entries.append(entry)
    papers = Counter({c: n for n, c in read_of(entry)})
    papers[choices] += times
    entry.ballots = _sorted(papers)
    db.session.flush()


def remove(election: Election, pile: PaperBatch, line: int, by: int) -> None:
    """Take a line out of what one entered; `line` counts from 0. One that is gone already is no fault."""
    entry = _hold_entry(election, pile, by)
    if entry is not None and 0 <= line < len(entry.ballots):
        entry.ballots = entry.ballots[:line] + entry.ballots[line + 1 :]
        db.session.flush()


def finish(election: Election, pile: PaperBatch, by: int) -> bool:
    """One has entered every paper. When the other has too, compare; gives whether they agree. Raises Refused."""
    entry = _hold_entry(election, pile, by)
    if entry is None or entered(entry) != pile.papers:
        raise Refused(_left(pile.papers - entered(entry)))
    entry.finished_at = now()
    audit.record("finish pile", name_of(election), by, pile=pile.name, papers=pile.papers)
    if len(pile.entries) == 2 and all(each.finished_at for each in pile.entries):
        _compare(election, pile, by)
    db.session.flush()
    return pile.agreed_at is not None


def _compare(election: Election, pile: PaperBatch, by: int) -> None:
    first, second = (Counter({c: n for n, c in read_of(entry)}) for entry in pile.entries)
    if first == second:
        pile.agreed_at, pile.differ = now(), None
        audit.record("agree on pile", name_of(election), by, pile=pile.name, papers=pile.papers)
        return
    differ = [choices for choices in {*first, *second} if first[choices] != second[choices]]
    pile.differ = sorted(differ, key=lambda choices: (choices is None, choices or ()))
    for entry in pile.entries:  # both enter again
        entry.finished_at = None


def differences(pile: PaperBatch, member_id: int) -> list[Read]:
    """The choices that the two read a different number of times, with the number that this one has read.

    What the other read is not shown: so that each looks at the papers again, and not at the other's number.
    """
    mine = {c: n for n, c in read_of(entry_of(pile, member_id))}
    return [(mine.get(choices, 0), choices) for choices in map(_tuple, pile.differ or [])]


# --- For the count ----------------------------------------------------------------------------------


def why_not_count(election: Election) -> str | None:
    """Every pile must be agreed on before the box is opened."""
    open_piles = [pile.name for pile in piles(election) if not pile.agreed_at]
    if not open_piles:
        return None
    return _("Two scrutineers do not agree yet on a pile of paper ballots: %(names)s.", names=", ".join(open_piles))


def counted(election: Election) -> tuple[list[tuple[int, Choices]], int]:
    """What stands on the papers of all agreed piles: how many times which choices, and how many are spoilt."""
    found: Counter[Choices | None] = Counter()
    for pile in piles(election):
        if pile.agreed_at:
            for times, choices in read_of(pile.entries[0]):
                found[choices] += times
    spoilt = found.pop(None, 0)
    ballots = ((times, choices) for choices, times in found.items() if choices is not None)
    return sorted(ballots, key=lambda ballot: ballot[1]), spoilt


def papers_by_country(election: Election) -> dict[str | None, int]:
    """How many valid papers lie in the agreed piles, by their country; None where countries lie together."""
    found: Counter[str | None] = Counter()
    for pile in piles(election):
        if pile.agreed_at:
            found[pile.country] += sum(times for times, choices in read_of(pile.entries[0]) if choices is not None)
    return dict(found)
