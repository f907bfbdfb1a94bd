"""The minutes in words: from the facts to a document in the page's language. What somebody typed stays as it is."""

from collections.abc import Iterator

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from .. import __version__
from ..assembly.attendance import Attendee, Convocation
from ..assembly.models import Assembly, Incident, Quorum, Way
from ..assembly.quorum import Standing, basis
from ..assembly.rules import agenda_of, members_at
from ..documents import PAGE, PAGES, Block, Document, Heading, Items, Notice, Signatures, Table, Text, plain
from ..i18n import clock, dated, day, language, names, number
from .minutes import Facts, Proxies
from .minutes_vote import vote_blocks

COOPERATIVE = "Smart"
WAYS = {Way.HALL: _l("in the hall"), Way.REMOTE: _l("from elsewhere")}
ENDED = {
    "declined": _l("Declined by who should hold them"),
    "withdrawn": _l("Taken back"),
    "present": _l("Ended because the giver took part"),
    "voted": _l("Ended because the giver voted"),
}


def document(facts: Facts, with_annex: bool) -> Document:
    """The minutes, in the language of the page; with the attendance list, or without anybody's name in it."""
    title = _("Minutes of the general assembly, Smart in Progress %(label)s", label=facts.assembly.edition.label)
    blocks = [*_body(facts), *(_annex(facts) if with_annex else ())]
    note = _("Signs for which this file has no drawing stand as their number in Unicode, such as [U+1F389].")
    return Document(title, language(), blocks, COOPERATIVE, _("Page %(n)s of %(all)s", n=PAGE, all=PAGES), note)


def _body(facts: Facts) -> Iterator[Block]:
    if facts.is_draft:
        yield Notice(_draft(facts))
    yield from _held(facts.assembly)
    yield from _bureau(facts)
    yield from _convocation(facts.convocation)
    yield from _presence(facts)
    yield from _proxies(facts.assembly, facts.proxies)
    yield from _quorum(facts.assembly, facts.quorum)
    yield from _agenda(facts.assembly)
    if facts.vote:
        yield from vote_blocks(facts.vote)
    yield from _incidents(facts)
    yield from _closing(facts)


def _draft(facts: Facts) -> str:
    open_ones = []
    if facts.assembly.closed_at is None:
        open_ones.append(_("The assembly has not been closed."))
    if facts.vote and not facts.vote.is_published:
        open_ones.append(_("The result of the vote has not been published, and does not stand here."))
    return " ".join((_("Draft."), *open_ones))


# --- The assembly -----------------------------------------------------------------------------------


def _held(assembly: Assembly) -> Iterator[Block]:
    facts = {"name": COOPERATIVE, "day": day(assembly.starts_at, with_year=True), "place": plain(assembly.place)}
    if assembly.opened_at:
        yield Text(_("The general assembly of the cooperative %(name)s met on %(day)s. Place: %(place)s.", **facts))
    else:
        yield Text(
            _("The general assembly of the cooperative %(name)s is to meet on %(day)s. Place: %(place)s.", **facts)
        )
    announced = {"start": dated(assembly.starts_at), "end": dated(assembly.ends_at)}
    yield Text(_("It was announced from %(start)s until %(end)s.", **announced))
    yield Text(" ".join(_how(assembly)))


def _how(assembly: Assembly) -> Iterator[str]:
    if assembly.follow_url:
        yield _("Members took part in the hall, or followed the assembly from elsewhere at %(url)s.",
                url=plain(assembly.follow_url))  # fmt: skip
    else:
        yield _("Members took part in the hall.")
    if not assembly.remote_vote:
        yield _("Voting was possible in the hall only.")
    elif assembly.prior_vote:
        yield _("Voting was possible in the hall and from elsewhere, also before the assembly.")
    else:
        yield _("Voting was possible in the hall and from elsewhere, during the assembly.")


def _bureau(facts: Facts) -> Iterator[Block]:
    chair, secretary = _officers(facts.assembly)
    yield Heading(_("Bureau"))
    yield Items((
        _("Chair: %(name)s", name=chair),
        _("Secretary: %(name)s", name=secretary),
        _("Scrutineers: %(names)s", names=names(map(plain, facts.scrutineers)) or _("not named")),
    ))  # fmt: skip


def _officers(assembly: Assembly) -> tuple[str, str]:
    return plain(assembly.chair or _("not named")), plain(assembly.secretary or _("not named"))


def _convocation(sent: Convocation | None) -> Iterator[Block]:
    yield Heading(_("Convocation"))
    if sent is None:
        yield Text(_("No convocation was sent with this software."))
        return
    if sent.ended_at:
        hours = {"start": dated(sent.begun_at), "end": dated(sent.ended_at)}
        yield Text(_("The convocation was sent by e-mail from %(start)s until %(end)s.", **hours))
    else:
        yield Text(_("The convocation has been sent by e-mail since %(start)s.", start=dated(sent.begun_at)))
    told = [ngettext("%(n)s letter left.", "%(n)s letters left.", sent.sent, n=number(sent.sent))]
    if sent.failed:
        told.append(ngettext("%(n)s letter could not be delivered.", "%(n)s letters could not be delivered.",
                             sent.failed, n=number(sent.failed)))  # fmt: skip
    if sent.without_address:
        told.append(ngettext("%(n)s member has no e-mail address.", "%(n)s members have no e-mail address.",
                             sent.without_address, n=number(sent.without_address)))  # fmt: skip
    yield Text(" ".join(told))


def _presence(facts: Facts) -> Iterator[Block]:
    yield Heading(_("Presence"))
    if facts.headcounts is None:
        yield Text(_("The assembly has not been opened yet."))
        return
    opening, most, closing = facts.headcounts
    moments = [(_("At the opening"), opening), (_("At the highest"), most), (_("At the closing"), closing)]
    rows = [
        (f"{name}, {clock(at.at)}", number(at.hall), number(at.remote), number(at.together))
        for name, at in moments
        if at
    ]
    headings = (_("Moment"), _("In the hall"), _("From elsewhere"), _("Together"))
    yield Table(_("Members who took part"), headings, tuple(rows), numbers=(1, 2, 3))


# --- Proxies and quorum -----------------------------------------------------------------------------


def _proxies(assembly: Assembly, proxies: Proxies) -> Iterator[Block]:
    yield Heading(_("Proxies"))
    if not assembly.proxies_per_holder and not proxies.given:
        yield Text(_("There were no proxies at this assembly."))
        return
    most = assembly.proxies_per_holder
    yield Text(ngettext("A member may hold %(num)d proxy at most.", "A member may hold %(num)d proxies at most.", most))
    rows = [
        (_("Given"), proxies.given),
        (_("Accepted"), proxies.accepted),
        *((str(ENDED.get(why, why)), count) for why, count in proxies.ended),
        (_("Ballots cast under a proxy"), proxies.used),
    ]
    table = tuple((name, number(count)) for name, count in rows)
    yield Table(_("What became of the proxies"), (_("Proxies"), _("Count")), table, numbers=(1,))
    if proxies.holders:
        held = tuple((number(count), number(members)) for count, members in proxies.holders)
        headings = (_("Proxies held"), _("Members who hold so many"))
        yield Table(_("Proxies that stand, by holder"), headings, held, numbers=(1,))


def _quorum(assembly: Assembly, standing: Standing | None) -> Iterator[Block]:
    yield Heading(_("Quorum"))
    # Not the basis that the standing brings: it is in the language of the page, not of the minutes.
    yield Text(basis(assembly, standing.members if standing else members_at(assembly.starts_at)))
    if standing is None:
        if assembly.opened_at is None and assembly.quorum != Quorum.NONE:
            yield Text(_("Whether it is reached is established at the opening."))
        return
    parts = (
        (_("Members in the hall"), standing.hall, True),
        (_("Members who followed from elsewhere"), standing.remote, assembly.counts_remote),
        (_("Members represented by a proxy"), standing.proxies, assembly.counts_proxies),
        (_("Members who had voted without checking in"), standing.votes, assembly.counts_votes),
    )
    rows = [(name, number(count), _("yes") if counts else _("no")) for name, count, counts in parts]
    caption = _("At the opening, on %(moment)s", moment=dated(assembly.opened_at or assembly.starts_at))
    yield Table(caption, (_("Who"), _("Count"), _("Counts")), tuple(rows), numbers=(1,))
    yield Text(_established(assembly, standing))


def _established(assembly: Assembly, standing: Standing) -> str:
    together = ngettext("%(n)s member counted.", "%(n)s members counted.", standing.counted, n=number(standing.counted))
    if assembly.quorum == Quorum.NONE:
        return together
    reached = _("The quorum was reached.") if standing.reached else _("The quorum was not reached.")
    return f"{together} {reached}"


# --- Agenda, incidents, closing ---------------------------------------------------------------------


def _agenda(assembly: Assembly) -> Iterator[Block]:
    yield Heading(_("Agenda"))
    items, _written_in = agenda_of(assembly)
    yield Items(tuple(map(plain, items)), numbered=True) if items else Text(_("No agenda was entered."))


def _incidents(facts: Facts) -> Iterator[Block]:
    yield Heading(_("Technical incidents"))
    if not facts.incidents:
        yield Text(_("No incidents were noted."))
        return
    headings = (_("From"), _("Until"), _("What happened"), _("What was done"))
    yield Table(_("Incidents that were noted"), headings, tuple(map(_incident, facts.incidents)), wide=(2, 3))


def _incident(incident: Incident) -> tuple[str, ...]:
    until = dated(incident.until_at) if incident.until_at else ""
    return dated(incident.happened_at), until, plain(incident.text), plain(incident.remedy)


def _closing(facts: Facts) -> Iterator[Block]:
    assembly, made = facts.assembly, {"version": __version__, "moment": dated(facts.made_at)}
    yield Heading(_("Closing"))
    if assembly.opened_at and assembly.closed_at:
        hours = {"start": dated(assembly.opened_at), "end": dated(assembly.closed_at)}
        yield Text(_("The chair opened the assembly on %(start)s and closed it on %(end)s.", **hours))
    elif assembly.opened_at:
        yield Text(_("The chair opened the assembly on %(start)s.", start=dated(assembly.opened_at)))
    yield Text(_("These minutes were drawn up by sipvote %(version)s on %(moment)s.", **made))
    chair, secretary = _officers(assembly)
    scrutineers = [_("Scrutineer: %(name)s", name=plain(name)) for name in facts.scrutineers]
    yield Heading(_("Signatures"))
    yield Signatures((_("Chair: %(name)s", name=chair), _("Secretary: %(name)s", name=secretary), *scrutineers))


# --- The annex --------------------------------------------------------------------------------------


def _annex(facts: Facts) -> Iterator[Block]:
    yield Heading(_("Annex: attendance list"), new_page=True)
    if not facts.attendees:
        yield Text(_("Nobody has checked in."))
        return
    yield Text(_("This list holds personal data. Keep it with the signed minutes, and pass it on to nobody else."))
    headings = (_("Name"), _("Number"), _("How"), _("From"), _("Until"), _("Holds the proxy of"))
    rows = tuple(map(_attendee, facts.attendees))
    caption = ngettext("%(n)s member took part", "%(n)s members took part", len(rows), n=number(len(rows)))
    yield Table(caption, headings, rows, wide=(0, 5))


def _attendee(attendee: Attendee) -> tuple[str, ...]:
    held = ", ".join(f"{plain(giver.name)} ({giver.number})" for giver in attendee.holds)
    left = clock(attendee.left_at) if attendee.left_at else _("the end")
    person = attendee.person
    return plain(person.name), person.number, str(WAYS[attendee.way]), clock(attendee.arrived_at), left, held
