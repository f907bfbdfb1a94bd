"""The checklist before a ballot is frozen: how everything stands, in sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select

from .. import readiness
from ..access import Role
from ..assembly import rules as assemblies
from ..db import db, now
from ..editions.rules import why_not_now
from ..i18n import LANGUAGES, moment, names, number
from ..members.models import Grant, Member
from ..members.rules import members_today
from ..themes import rules as themes
from ..themes.models import Theme
from . import questions, scrutineers, seal
from .models import Custody, Election
from .tally import is_countable

MOST_THEMES = 50


def on_roll(election: Election, rows: Any) -> Any:
    """Only who would be on the roll of an election today, of a SELECT over members: in a rehearsal, who has a role."""
    return members_today(rows.where(Member.id.in_(select(Grant.member_id))) if election.is_rehearsal else rows)


@dataclass(frozen=True)
class Check:
    """One line of the checklist before freezing: a sentence, and whether all is well with it."""

    kind: Literal["ok", "warn", "bad"]
    text: str


def checklist(election: Election) -> list[Check]:
    """What must be right before the ballot is frozen, each as a sentence about how it stands."""
    edition, ballot = election.edition, themes.on_ballot(election.edition)
    return [
        _check_dates(election),
        _check_number(len(ballot), edition.seats),
        *_check_rule(election.rule, len(ballot), edition.seats),
        *_check_texts(ballot),
        *_check_questions(election),
        *_check_assembly(election),
        _check_roll(election),
        _check_organisers(election),
        *([_check_scrutineers(election)] if election.custody == Custody.SCRUTINEERS else []),
        *_check_installation(),
    ]


def _check_dates(election: Election) -> Check:
    edition = election.edition
    why = why_not_now(edition, "prepare_vote")
    if why is None and edition.count_at <= now():
        why = _("The moment of closing has passed. Change the dates of the edition.")
    if why:
        return Check("bad", why)
    if election.is_rehearsal:
        return Check("ok", _("The rehearsal can be opened as soon as it is frozen, and lasts a day at most."))
    span = {"start": moment(edition.vote_at), "end": moment(edition.count_at)}
    return Check("ok", _("Voting is announced from %(start)s until %(end)s.", **span))


def _check_number(count: int, seats: int) -> Check:
    stands = ngettext("There is %(num)d theme on the ballot", "There are %(num)d themes on the ballot", count)
    stands += " " + ngettext("for %(num)d place.", "for %(num)d places.", seats)
    if count < max(2, seats + 1):
        return Check("bad", stands + " " + _("There must be at least %(n)d to choose from.", n=max(2, seats + 1)))
    if count > MOST_THEMES:
        return Check("bad", stands + " " + _("A ballot holds at most %(n)d.", n=MOST_THEMES))
    return Check("ok", stands)


def _check_rule(rule: str, count: int, seats: int) -> list[Check]:
    """A rule that compares all ways to choose must be able to, however many places the prolonged themes leave."""
    if seats > count or all(is_countable(rule, count, places) for places in range(seats + 1)):
        return []
    too_many = _("There are too many ways to choose %(seats)d of %(n)d themes for PAV.", seats=seats, n=count)
    return [Check("bad", too_many + " " + _("Choose another rule, or fewer places."))]


def _check_assembly(election: Election) -> list[Check]:
    """What the assembly's settings ask of the vote: they are fixed with the ballot."""
    edition, assembly = election.edition, assemblies.of_edition(election.edition)
    if assembly is None:
        text = _("No assembly is planned. Members vote from wherever they are, without proxies.")
        return [Check("warn", text)]
    when = {"start": moment(assembly.starts_at), "place": assembly.place}
    checks = [Check("ok", _("The assembly meets on %(start)s: %(place)s.", **when))]
    if not assembly.prior_vote and edition.vote_at < assembly.starts_at:
        text = _("Nobody may vote before the assembly begins, on %(start)s, but voting is announced from %(vote)s.",
                 start=when["start"], vote=moment(edition.vote_at))  # fmt: skip
        checks.append(Check("bad", text))
    if edition.count_at <= assembly.starts_at:
        text = _("Voting ends on %(end)s, before the assembly begins.", end=moment(edition.count_at))
        checks.append(Check("warn", text))
    if not assembly.remote_vote:
        checks.append(Check("ok", _("One votes in the hall only: with a card, at a shared tablet or on paper.")))
    elif not assembly.follow_url:
        text = _("Members may vote from elsewhere, but there is no address where they can follow the assembly.")
        checks.append(Check("warn", text))
    return checks


def _check_texts(ballot: Sequence[Theme]) -> list[Check]:
    checks = []
    for theme in ballot:
        words = theme.text_in(theme.original)
        if words is None or not words.title.strip() or not words.question.strip():
            checks.append(Check("bad", _("The theme “%(title)s” lacks its title or its question.", title=theme)))
    untranslated = sum(bool(theme.missing_languages) for theme in ballot)
    if untranslated:
        text = ngettext(
            "%(num)d theme is not in all three languages; its original is shown instead.",
            "%(num)d themes are not in all three languages; their originals are shown instead.",
            untranslated,
        )
        checks.append(Check("warn", text))
    return checks or [Check("ok", _("Every theme has its texts in all three languages."))]


def _check_questions(election: Election) -> list[Check]:
    """The questions of yes or no, and whether the prolonged themes leave room for an elected one."""
    asked = questions.drafted(election)
    checks = []
    if asked:
        text = ngettext(
            "%(num)d more question is answered by yes or no.",
            "%(num)d more questions are answered by yes or no.",
            len(asked),
        )
        checks.append(Check("ok", text))
    untranslated = sum(set(question.texts or {}) != set(LANGUAGES) for question in asked)
    if untranslated:
        text = ngettext(
            "%(num)d question is not in all three languages; its original is shown instead.",
            "%(num)d questions are not in all three languages; their originals are shown instead.",
            untranslated,
        )
        checks.append(Check("warn", text))
    left = {theme.id for theme in questions.to_prolong(election)}
    if any(question.theme_id is not None and question.theme_id not in left for question in asked):
        checks.append(Check("bad", _("A question asks about a theme that goes on already, or cannot. Take it away.")))
    return checks + _check_room(election, sum(question.theme_id is not None for question in asked))


def _check_room(election: Election, may_go_on: int) -> list[Check]:
    """With a limit for all themes together, at least one is elected whatever is prolonged."""
    if election.most_themes is None:
        return []
    room = election.most_themes - themes.going_on(election.edition) - may_go_on
    text = _("Elected and prolonged together, there are %(n)d themes at most.", n=election.most_themes)
    if room < 1:
        return [Check("bad", text + " " + _("If all are prolonged that can be, none could be elected."))]
    return [Check("ok", text)]


def _check_roll(election: Election) -> Check:
    who = on_roll(election, select(func.count()).select_from(Member))
    count = db.session.scalar(who) or 0
    text = ngettext("%(n)s member may vote.", "%(n)s members may vote.", count, n=number(count))
    return Check("ok" if count else "bad", text)


def _holders(role: Role) -> int:
    """How many members hold a role today."""
    held = select(Grant.member_id).where(Grant.role == role)
    return db.session.scalar(members_today(select(func.count()).select_from(Member).where(Member.id.in_(held)))) or 0


def _check_organisers(election: Election) -> Check:
    count = _holders(Role.ORGANISER)
    text = ngettext("%(num)d member is an organiser.", "%(num)d members are organisers.", count)
    if count >= 2:
        return Check("ok", text)
    needed = _("Opening, closing early and extending by hand take two: name another organiser.")
    return Check("bad" if election.by_hand else "warn", text + " " + needed)


def _check_installation() -> list[Check]:
    """What would keep a real vote from opening here: to be mended before, whether this is a rehearsal or not."""
    why = readiness.why_not_open()
    return [Check("warn", why)] if why else []


def _check_scrutineers(election: Election) -> Check:
    """Each word list has a holder: three who were named for this vote and have accepted."""
    if scrutineers.are_missing(election):
        return Check("bad", missing_scrutineers(election))
    if people := scrutineers.ready(election):
        return Check("ok", _("Scrutineers: %(names)s", names=names(people)) + ".")
    count = _holders(Role.SCRUTINEER)
    text = ngettext("%(num)d member is a scrutineer", "%(num)d members are scrutineers", count)
    if count < seal.LISTS:
        return Check("warn", text + ". " + _("There are three word lists: name three people."))
    return Check("ok", text + ".")


def missing_scrutineers(election: Election) -> str:
    """How many scrutineers have accepted, and who has not answered yet."""
    count = len(scrutineers.ready(election))
    text = ngettext(
        "%(num)d scrutineer has accepted for this vote.", "%(num)d scrutineers have accepted for this vote.", count
    )
    text += " " + _("Three are needed, one for each word list.")
    if waiting := [row.member for row in scrutineers.of(election) if not row.accepted_at and not row.declined_at]:
        text += " " + _("No answer yet from %(names)s.", names=names(waiting))
    return text
