"""The vote in the minutes: how it was held, who voted how many, and, once it is published, what came of it."""

from collections.abc import Iterable, Iterator, Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from ..documents import Block, Codes, Heading, Items, Quote, Table, Text, plain
from ..i18n import dated, names, number, percent, semicolon
from .day import Announcement
from .forms import CUSTODY_NAMES
from .minutes import Vote
from .papers import PaperOption, PaperQuestion
from .result import FEWEST_BALLOTS, Line, Outcome, Verdict, rule_name

# What a majority is called; the rule itself is told beside it.
MAJORITY_NAMES = {
    "simple": _l("simple majority"),
    "absolute": _l("absolute majority"),
    "two_thirds": _l("majority of two thirds"),
}
ANNOUNCED = {
    "paused": _l("The vote was paused"),
    "resumed": _l("The vote went on"),
    "extended": _l("The vote was extended"),
    "closed": _l("The vote was closed early"),
}


def vote_blocks(vote: Vote) -> Iterator[Block]:
    """Everything about the vote."""
    yield Heading(_("The vote"))
    yield from _hours(vote)
    yield from _channels(vote)
    if vote.paper.rule:
        yield Text(vote.paper.rule)
    for number_, question in enumerate(vote.paper.questions):
        yield from _question(vote, number_, question)
    yield from _spoilt(vote)
    yield from _proofs(vote)


def _hours(vote: Vote) -> Iterator[Block]:
    election = vote.election
    hours = {"start": dated(election.opens_at), "end": dated(election.closes_at)}
    told = [_("The vote was announced from %(start)s until %(end)s.", **hours)]
    if election.opened_at and election.closed_at:
        hours = {"start": dated(election.opened_at), "end": dated(election.closed_at)}
        told.append(_("It was opened on %(start)s and closed on %(end)s.", **hours))
    elif election.opened_at:
        told.append(_("It was opened on %(start)s, and is not closed.", start=dated(election.opened_at)))
    else:
        told.append(_("It has not been opened."))
    yield Text(" ".join(told))
    yield Text(_("Who could open the ballot box: %(who)s.", who=CUSTODY_NAMES[election.custody]))
    if vote.announcements:
        headings = (_("When"), _("What"), _("Until"), _("Reason"))
        rows = tuple(map(_announcement, vote.announcements))
        yield Table(_("Announcements while the vote ran"), headings, rows, wide=(0, 1, 2, 3))


def _announcement(told: Announcement) -> tuple[str, ...]:
    until = dated(told.until) if told.until else ""
    return dated(told.at), str(ANNOUNCED.get(told.kind, told.kind)), until, plain(told.reason)


def _channels(vote: Vote) -> Iterator[Block]:
    roll, turnout = vote.election.roll_size or 0, vote.turnout
    on_roll = ngettext(
        "%(n)s member stands on the electoral roll.", "%(n)s members stand on the electoral roll.", roll, n=number(roll)
    )
    share = percent(turnout.total / roll) if roll else percent(0)
    voted = ngettext(
        "%(n)s of them has voted (%(share)s).", "%(n)s of them have voted (%(share)s).",
        turnout.total, n=number(turnout.total), share=share,
    )  # fmt: skip
    yield Text(f"{on_roll} {voted}" if vote.election.opened_at else on_roll)
    if vote.election.closed_at is None or turnout.total < FEWEST_BALLOTS:
        return  # of so few, even the way in which they voted is theirs
    rows = (
        (_("From elsewhere"), turnout.remote),
        (_("In the hall, with a voting card"), turnout.hall),
        (_("Under a proxy"), turnout.proxy),
        (_("On paper"), turnout.paper),
        (_("Together"), turnout.total),
    )
    told = tuple((name, number(count)) for name, count in rows)
    yield Table(_("How members voted"), (_("Way"), _("Members")), told, numbers=(1,))


# --- Question by question ---------------------------------------------------------------------------


def _question(vote: Vote, position: int, question: PaperQuestion) -> Iterator[Block]:
    title = _("Question %(n)d: %(title)s", n=position + 1, title=plain(question.heading))
    yield Heading(title if len(vote.paper.questions) > 1 else plain(question.heading), level=2)
    said = (question.texts or {}).get(question.language, {}).get("text", "").strip()
    if said:
        yield Quote(plain(said))
    if question.majority:
        name = str(MAJORITY_NAMES.get(question.majority, question.majority))
    else:
        name = rule_name(question.counted_by, question.limit)
    yield Text(_("Rule announced beforehand: %(name)s.", name=name) + " " + question.rule)
    outcome = vote.outcomes[position] if vote.outcomes else None
    if isinstance(outcome, Verdict):
        yield from _verdict(outcome)
        return
    if question.is_themes:
        rows = tuple((number(o.number + 1), plain(o.title), plain(o.hint)) for o in question.options)
        headings = (_("No."), _("Theme"), _("Its question"))
        yield Table(_("On the ballot"), headings, rows, numbers=(0,), wide=(1, 2))
    if outcome is not None:
        yield from _outcome(outcome)


def _verdict(verdict: Verdict) -> Iterator[Block]:
    if verdict.has_numbers:
        rows = tuple((plain(answer), number(count)) for answer, count in verdict.answers)
        yield Table(_("Answers"), (_("Answer"), _("Votes")), rows, numbers=(1,))
    else:
        yield Text(_few())
    yield Text(_("The proposal is adopted.") if verdict.decision.is_adopted else _("The proposal is not adopted."))


def _few() -> str:
    return _("Fewer than %(n)d ballots were cast: numbers could show what single members chose.", n=FEWEST_BALLOTS)


def _outcome(outcome: Outcome) -> Iterator[Block]:
    report = outcome.report
    if report.seats != outcome.question.seats:
        left = ngettext(
            "The prolonged themes left %(num)d place.", "The prolonged themes left %(num)d places.", report.seats
        )
        yield Text(left)
    if outcome.has_numbers:
        rows = tuple(
            (plain(line.option.title), number(line.approvals or 0), _state(line, outcome)) for line in outcome.lines
        )
        yield Table(_("Votes for each theme"), (_("Theme"), _("Votes"), _("Outcome")), rows, numbers=(1,))
        counted = ngettext(
            "%(n)s ballot was counted.", "%(n)s ballots were counted.", report.ballots, n=number(report.ballots)
        )
        blank = ngettext("%(n)s of them was blank.", "%(n)s of them were blank.", report.blank, n=number(report.blank))
        yield Text(f"{counted} {blank}")
    else:
        yield Text(_few())
    if report.tied:
        yield from _tie(outcome)
    won = _titles(line.option for line in outcome.lines if line.is_elected)
    yield Text(_("Elected: %(titles)s.", titles=won) if won else _("No theme is elected for certain."))


def _state(line: Line, outcome: Outcome) -> str:
    if line.is_elected:
        return _("elected by lot") if line.is_tied else _("elected")
    return _("equal, a lot decides") if line.is_tied and outcome.is_open_tie else _("not elected")


def _tie(outcome: Outcome) -> Iterator[Block]:
    shared = ngettext(
        "These themes came out equal, and %(num)d place is left:",
        "These themes came out equal, and %(num)d places are left:",
        outcome.report.places_left,
    )
    yield Text(f"{shared} {_titles(outcome.tied)}.")
    yield from _ways_to_fall(outcome)
    if outcome.lot is None:
        yield Text(_("The lot has not been drawn yet."))
        return
    facts = {"draw": outcome.lot["draw"], "titles": _titles(outcome.drawn)}
    yield Text(_("A lot decided. Drawn: %(draw)s. It chose: %(titles)s.", **facts))
    yield Quote(plain(outcome.lot["how"]))
    yield Text(_("For each theme, the hash of the final checkpoint, what was drawn and its number were put together, "
                 "and the SHA-256 of that was taken. The smallest came first:"))  # fmt: skip
    for text, mark, option in outcome.marks:
        yield Codes(((plain(option.title), text), ("SHA-256", mark)))


def _ways_to_fall(outcome: Outcome) -> Iterator[Block]:
    """The outcomes that the lot decided between, as far as they can be listed (voting/_tie.html says the same)."""
    if outcome.report.in_turn:
        yield Text(_("So much is equal that the outcomes cannot be listed. The lot decides round by round: of equal "
                     "themes the one that comes first in the lot wins."))  # fmt: skip
    if outcome.patterns:
        yield Text(_("These outcomes are possible, whichever themes of a group it is:"))
        yield Items(tuple(map(_pattern, outcome.patterns)))
    if outcome.outcomes:
        yield Text(_("These outcomes were possible:"))
        ways = list(map(_titles, outcome.outcomes))
        more = (outcome.report.outcome_count or 0) - len(ways)
        yield Items((*ways, *([_("and %(n)s more", n=number(more))] if more > 0 else [])))


def _pattern(groups: Sequence[tuple[int, Sequence[PaperOption]]]) -> str:
    return f"{semicolon()} ".join(
        _("%(n)d of these: %(titles)s", n=n, titles=_titles(options)) for n, options in groups
    )


def _titles(options: Iterable[PaperOption]) -> str:
    return names(plain(option.title) for option in options)


# --- Proofs -----------------------------------------------------------------------------------------


def _spoilt(vote: Vote) -> Iterator[Block]:
    if not vote.is_published:
        return
    report = vote.election.report or {}
    spoilt = int(report["spoilt"]) + int(report.get("spoilt_papers", 0))
    yield Text(
        ngettext("%(n)s ballot was spoilt.", "%(n)s ballots were spoilt.", spoilt, n=number(spoilt))
        if spoilt
        else _("No ballot was spoilt.")
    )


def _proofs(vote: Vote) -> Iterator[Block]:
    """What the published files can be held to."""
    election = vote.election
    pairs = (
        (_("Hash of the ballot"), election.ballot_hash),
        (_("Hash of the electoral roll"), election.roll_hash),
        (_("Key that seals the votes"), election.public_key.hex() if election.public_key else None),
        (_("Hash of the final checkpoint of the board"), vote.checkpoint),
        (_("Key that signs the board"), vote.signing_key),
    )
    yield Heading(_("Proofs"), level=2)
    yield Codes(tuple((name, value) for name, value in pairs if value))
