"""What can I do today? The cards of the first page, from the phase, the rooms, and who is asking."""

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy import func, select

from . import today_decisions, today_drafts, today_groups
from .access import WEIGHTY, may
from .assembly import mailings, presence
from .assembly import rules as assemblies
from .assembly.models import Assembly
from .db import db, now
from .editions.models import Edition, Phase
from .editions.rules import allows
from .i18n import moment, names, span
from .members import four_eyes, recovery
from .themes.models import Theme
from .today_card import Card
from .voting import announcements, box, counting, naming, paper_ballots, papers, proxy_votes, scrutineers, second_word
from .voting import rules as voting
from .voting.checklist import missing_scrutineers
from .voting.models import Custody, Election
from .voting.voters import own
from .workgroups import ways

AFTER_VOTE = tuple(Phase)[list(Phase).index(Phase.COUNT) :]


def cards(edition: Edition | None) -> list[Card]:
    """What the visitor can do in this phase of the edition, then what officials have to do."""
    if edition is None:
        return list(_about_me_as_official())
    assembly = assemblies.of_edition(edition)
    about = list(_assembly(assembly)) if assembly else []
    # Checking in is for today, so it comes first; before that and afterwards the phase does.
    first = [card for card in about if card.is_main]
    later = [card for card in about if not card.is_main]
    desk = _at_the_assembly(assembly) if assembly else ()
    officials = [
        *_about_me_as_official(),
        *_for_officials(edition),
        *_about_scrutineers(edition),
        *_about_papers(edition),
        *desk,
        *today_drafts.to_look_at(edition),
        *today_decisions.to_submit(edition),
        *today_decisions.for_the_board(),
    ]
    # What the board decided comes before what the groups did, once it is time for it.
    told = [list(_for_members(edition)), list(today_decisions.cards(edition))]
    if edition.phase in (Phase.DECISIONS, Phase.STOCKTAKE):
        told.reverse()
    return [
        *first,
        *today_drafts.cards(edition),
        *(card for part in told for card in part),
        *later,
        *_proxies(edition),
        *officials,
    ]


# --- The assembly -----------------------------------------------------------------------------------


def _assembly(assembly: Assembly) -> Iterator[Card]:
    """When and where it meets; while it lasts, checking in comes first. Afterwards there is nothing to do."""
    if assembly.closed_at or now() > assembly.ends_at:
        return
    page = url_for("assembly.index", year=assembly.edition.year)
    title, where = _("The general assembly"), assembly.place
    if presence.why_not_now(assembly):
        text = _("It meets on %(when)s: %(place)s.", when=moment(assembly.starts_at), place=where)
        yield Card(title, text, page, _("Agenda and how to take part"))
        return
    mine = presence.of_member(assembly, current_user.member_id) if current_user.is_authenticated else None
    if mine and mine.left_at is None:
        yield Card(title, _("You are checked in."), page, _("To the assembly"))
    else:
        text = _("It is today: %(when)s, %(place)s. Check in when you take part.",
                 when=span(assembly.starts_at, assembly.ends_at), place=where)  # fmt: skip
        yield Card(title, text, page, _("Check myself in"), True)


def _at_the_assembly(assembly: Assembly) -> Iterator[Card]:
    """For the desks: convene it, open it, check members in, and sign its minutes."""
    year, is_over = assembly.edition.year, assembly.closed_at is not None
    if may("assembly.mail") and _is_to_convene(assembly):
        text = _("The convocation has not been sent yet.")
        url = url_for("mailings.show", year=year, kind="convocation")
        yield Card(_("Convene the members"), text, url, _("To the convocation"))
    if may("assembly.plan") and assemblies.why_not_open(assembly) is None and now() < assembly.ends_at:
        text = _("The chair can open it now.")
        yield Card(_("Open the assembly"), text, url_for("assembly_desk.index", year=year), _("To the assembly desk"))
    if may("assembly.check_in") and presence.why_not_now(assembly) is None:
        text = _("Find a member, one tap, next.")
        yield Card(_("The check-in desk"), text, url_for("checkin.index", year=year), _("Check members in"))
    if may("assembly.minutes") and is_over and assembly.edition.phase in (Phase.VOTE, Phase.COUNT):
        text = _("The assembly is over. Its minutes can be read, and signed once the result is known.")
        yield Card(_("The minutes"), text, url_for("minutes.index", year=year), _("Read the minutes"))


def _is_to_convene(assembly: Assembly) -> bool:
    """Whether members still have to be invited: neither sent nor planned, and the assembly is to come."""
    if assembly.opened_at or now() >= assembly.starts_at or assembly.edition.phase not in (Phase.REVIEW, Phase.VOTE):
        return False
    mailing = mailings.of_kind(assembly.edition, "convocation")
    return mailing is None or mailing.state == "draft"


def _for_members(edition: Edition) -> Iterator[Card]:
    year, phase = edition.year, edition.phase
    themes = url_for("themes.index", year=year)
    if phase == Phase.AHEAD:
        text = _("You can propose themes from %(moment)s.", moment=moment(edition.themes_at))
        yield Card(_("The next year begins soon"), text, themes, _("Look at the themes"))
    elif phase == Phase.THEMES:
        until = moment(edition.review_at)
        text = _("What should we work on this year? You can propose until %(moment)s.", moment=until)
        yield Card(_("Propose a theme"), text, url_for("themes.new", year=year), _("Write a proposal"), True)
        yield Card(_("Support themes of others"), _proposals(edition), themes, _("Read the proposals"))
    elif phase == Phase.REVIEW:
        text = _("The organisers choose the ballot. You can vote from %(moment)s.", moment=moment(edition.vote_at))
        yield Card(_("The ballot is being made"), text, themes, _("Read the proposals"))
    elif phase in (Phase.VOTE, Phase.COUNT):
        yield _vote(edition)
        text = _("What each theme asks, why it matters and what would change.")
        yield Card(_("Read the themes"), text, themes, _("To the themes"))
    else:
        yield from today_groups.cards(edition)


def _proposals(edition: Edition) -> str:
    present = select(func.count()).where(Theme.edition_id == edition.id, Theme.withdrawn_at.is_(None))
    count = db.session.scalar(present) or 0
    return ngettext("There is %(num)d proposal so far.", "There are %(num)d proposals so far.", count)


def _vote(edition: Edition) -> Card:
    """The vote as it stands for this visitor: to come, to cast, cast, being counted, or published."""
    election = voting.of_edition(edition)
    page = url_for("voting.index", year=edition.year)
    if election and election.is_rehearsal:
        return Card(_("The vote is rehearsed"), _("Rehearsal: this vote does not count."), page, _("To the rehearsal"))
    if election and election.published_at:
        return Card(
            _("The result is known"), _("See which themes were chosen, and how to check the count."),
            url_for("voting.results", year=edition.year), _("See the result"), True,
        )  # fmt: skip
    if election and election.is_paused:
        return Card(_("Voting is paused"), voting.why_paused(election), page, _("About the vote"), True)
    if election is None or not election.is_open:
        is_over = edition.phase == Phase.COUNT or (election is not None and election.closed_at is not None)
        text = _("The vote is closed and will be counted.") if is_over else _("The vote opens soon.")
        return Card(_("The vote"), text, page, _("About the vote"), True)
    until = moment(election.closes_at)
    standing = _standing(election)
    if standing.by_proxy:
        text = _("Your own vote replaces it, until %(moment)s.", moment=until) + _longer(election)
        return Card(_("Somebody voted for you, by proxy"), text, page, _("Look at it, or vote myself"), True)
    if standing.cast_at:
        text = _("You can change your vote until %(moment)s.", moment=until) + _longer(election)
        return Card(_("You have voted"), text, page, _("Look at my vote or change it"), True)
    text = _("It takes three minutes. You can vote until %(moment)s.", moment=until) + _longer(election)
    paper = papers.of(election)
    asked = paper.count_in(standing.country) if paper else 1
    title = _("Vote on %(num)d questions", num=asked) if asked > 1 else _("Vote for the themes of the year")
    return Card(title, text, page, _("Vote now"), True)


def _longer(election: Election) -> str:
    """Why it lasts longer than was announced, if it does."""
    said = announcements.last(election, "extended")
    return " " + _("The vote was extended: %(reason)s", reason=said.reason) if said else ""


def _standing(election: Election | None) -> box.Standing:
    return own().standing(election) if current_user.is_authenticated else box.Standing()


def _proxies(edition: Edition) -> Iterator[Card]:
    """Who asks the visitor to vote for them, and for whom the visitor still has a ballot."""
    election = voting.of_edition(edition)
    if not current_user.is_authenticated or proxy_votes.closed_at(edition, election):
        return
    mine = proxy_votes.mine(edition, election, current_user.member_id, _standing(election), own().how)
    if mine.offered:
        asked = names(proxy.giver.name for proxy in mine.offered)
        title = _("You are asked to vote for %(names)s", names=asked)
        url = url_for("proxies.index", year=edition.year)
        yield Card(title, _("By proxy: accept or decline."), url, _("Give my answer"), True)
    if waiting := [ballot.proxy.giver for ballot in mine.waiting]:
        text = _("You hold their proxy, and have not voted for them yet.")
        url = url_for("voting.index", year=edition.year)
        yield Card(_("Vote for %(name)s", name=names(waiting)), text, url, _("To the ballots"), True)


# --- Officials ------------------------------------------------------------------------------------


def _plan_groups(edition: Edition) -> Card:
    """Groups to make; once members have wished, their dates to choose."""
    if edition.wishes_until and edition.wishes_until <= now() and ways.takes_wishes(edition):
        text = _("The deadline of wishes is over. Choose dates for each group, then give everybody a group.")
        return Card(
            _("From wishes to groups"), text, url_for("planning_desk.index", year=edition.year), _("Choose dates")
        )
    text = _("Make groups per theme and city, with their meetings and facilitators.")
    return Card(_("Plan the workgroups"), text, url_for("workgroups_desk.index", year=edition.year), _("Plan groups"))


def _for_officials(edition: Edition) -> Iterator[Card]:
    """What waits for those who organise, each for their role."""
    year = edition.year
    if may("themes.review") and allows(edition, "review"):
        text = ngettext("%(num)d proposal waits for you.", "%(num)d proposals wait for you.", _undecided(edition))
        yield Card(_("Review the themes"), text, url_for("themes_desk.index", year=year), _("Review"))
    if may("voting.open_box") and (allows(edition, "prepare_vote") or allows(edition, "count")):
        text = _election_stands(edition)
        yield Card(_("The election"), text, url_for("voting_desk.index", year=year), _("To the election"))
    if may("workgroups.plan") and allows(edition, "form_groups"):
        yield _plan_groups(edition)
    if may("workgroups.facilitate") and edition.phase in AFTER_VOTE:
        text = _("Who signed up in your groups and cities.")
        url = url_for("facilitate.index", year=year)
        yield Card(_("Your groups as a facilitator"), text, url, _("Look at the sign-ups"))
    if may("figures.see") and edition.phase in AFTER_VOTE:
        text = _("Sign-ups per theme, city, language and country.")
        yield Card(_("Where are we short?"), text, url_for("figures.index", year=year), _("See the figures"))


def _about_me_as_official() -> Iterator[Card]:
    """The second step that is still to do, and what waits for a second person."""
    if not current_user.is_authenticated or not (current_user.roles | current_user.asleep) & WEIGHTY:
        return
    if current_user.asleep:
        text = _("Then you can do what your role allows.")
        yield Card(_("Do your second step"), text, url_for("members.second_step"), _("To the second step"), True)
    if recovery.of_member(current_user.member_id):
        text = _("Two others confirm that it was you. If it was not, withdraw it now, and tell another organiser.")
        yield Card(_("You lost your second step"), text, url_for("members.lost_step"), _("See how far it is"), True)
    if may("acts.confirm"):
        if lost := recovery.standing(current_user.member_id):
            people = names(each.member.name for each in lost)
            text = _("%(names)s: speak with them, then confirm that it is them.", names=people)
            url = url_for("members.asked_acts")
            yield Card(_("Somebody lost their second step"), text, url, _("Confirm or refuse"), True)
        asked = [each for each in four_eyes.standing(current_user.roles) if each.asked_by_id != current_user.member_id]
        if asked:
            text = names(f"{four_eyes.ACTS[each.act].name} ({four_eyes.about(each)})" for each in asked)
            yield Card(
                _("Somebody asks for your word"), text, url_for("members.asked_acts"), _("Confirm or refuse"), True
            )


def _undecided(edition: Edition) -> int:
    waiting = select(func.count()).where(
        Theme.edition_id == edition.id, Theme.withdrawn_at.is_(None), Theme.admitted_at.is_(None),
        Theme.declined_at.is_(None), Theme.prolonged_from_id.is_(None),
    )  # fmt: skip
    return db.session.scalar(waiting) or 0


def _about_papers(edition: Edition) -> Iterator[Card]:
    """For scrutineers, between the closing and the count: papers that are not in a pile yet, or piles to enter."""
    election = voting.of_edition(edition)
    if not may("voting.papers") or election is None or paper_ballots.why_not_piles(election):
        return
    if paper_ballots.unpiled(election) or paper_ballots.why_not_count(election):
        text = _("Two scrutineers enter each pile before the ballot box is opened.")
        url = url_for("paper_desk.index", year=edition.year)
        yield Card(_("Ballots on paper"), text, url, _("To the ballots on paper"))


def _about_scrutineers(edition: Edition) -> Iterator[Card]:
    """For who is asked to be a scrutineer of the vote, and has not answered."""
    election = voting.of_edition(edition) if may("voting.scrutinise") else None
    row = naming.asked(election, current_user.member_id) if election else None
    if election and row and not row.accepted_at and not row.declined_at and not naming.why_not_answer(election, row):
        text = _("The organisers ask you to watch over the ballot box of this vote.")
        url = url_for("voting_desk.scrutineer", year=edition.year)
        yield Card(_("Will you be a scrutineer?"), text, url, _("Accept or decline"), True)


def _election_stands(edition: Edition) -> str:
    election = voting.of_edition(edition)
    if election is None:
        return _("The election is not prepared yet.")
    if election.state == "draft" and scrutineers.are_missing(election):
        return missing_scrutineers(election)
    if asked := second_word.standing(election):
        word = asked[0]
        return _("%(name)s asked: “%(act)s”. Another organiser confirms it.",
                 name=word.asked_by.name, act=second_word.ACTS[word.act])  # fmt: skip
    if election.state == "frozen" and election.custody == Custody.SCRUTINEERS and not election.proved_at:
        return _("The ballot is frozen. Now each holder of a word list tries theirs.")
    if election.is_paused:
        return _("Voting is paused.")
    if election.state == "closed" and (why := counting.why_not_count(election)):
        return why
    states = {
        "draft": _("The ballot is not frozen yet."),
        "frozen": _("The ballot is frozen; the vote is not open yet."),
        "open": _("The vote is open."),
        "closed": _("The vote is closed; the ballot box can be opened."),
        "counted": _("The ballots are counted; the result is not published yet."),
        "published": _("The result is published."),
    }
    return states[election.state]
