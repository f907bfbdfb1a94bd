"""Erasing a former member: what goes, what stays without a name, what stays for a time, and why."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from sqlalchemy import Table, delete, func, select, update

from ..db import Base, db, now
from ..errors import Refused
from ..i18n import day
from ..members.models import Member, Profile
from . import rules
from .models import Certificate

NAMELESS = "–"


class Fate(StrEnum):
    """What becomes of a row that points at somebody who is erased."""

    GONE = "gone"
    NAMELESS = "nameless"  # the row stays and points at nobody
    STAYS = "stays"  # the row stays and points at a member without name, number and address


@dataclass(frozen=True)
class Part:
    """Rows that share a fate: how they are called, why, and the columns that point at the member.

    `blank` are columns of the same rows whose words go.
    """

    name: str
    what: LazyString
    fate: Fate
    why: LazyString
    columns: tuple[str, ...]
    blank: tuple[str, ...] = ()


_OFFICIAL = (
    "attendance.marked_by_id", "bundle.submitted_by_id", "certificate.by_id", "decision.drafted_by_id",
    "follow_up.made_by_id", "incident.noted_by_id", "joining_request.asked_by_id", "key_list.proved_by_id",
    "mailing.begun_by_id", "presence.checked_in_by_id", "proxy.entered_by_id", "published_stocktake.published_by_id",
    "remark.hidden_by_id", "remark.answered_by_id", "remark_report.settled_by_id", "role_grant.granted_by_id",
    "asked_act.ended_by_id", "election_scrutineer.named_by_id", "recovery.first_by_id", "recovery.second_by_id",
    "voting_card.issued_by_id", "adoption.opened_by_id", "adoption_answer.entered_by_id",
)  # fmt: skip

PARTS = (
    Part("letters", _l("Letters"), Fate.GONE, _l("They hold the name and the address."), ("letter.member_id",)),
    Part("sign_ins", _l("Sign-ins and sessions"), Fate.GONE, _l("Nobody signs in with them any more."),
         ("sign_in.member_id", "factor.member_id", "factor_tries.member_id", "recovery.member_id")),
    Part("roles", _l("Roles, led groups, and the profile of a facilitator"), Fate.GONE,
         _l("Who has left holds no role."),
         ("role_grant.member_id", "facilitator_profile.member_id", "workgroup_facilitator.member_id",
          "workgroup_secretary.member_id")),
    Part("addresses", _l("The calendar’s address, personal links, voting cards, wrong codes, ballots not sent"),
         Fate.GONE, _l("They open nothing any more."),
         ("calendar_feed.member_id", "personal_link.member_id", "voting_card.member_id", "hall_try.member_id",
          "begun_ballot.member_id")),
    Part("unsaved", _l("Texts never saved, files for imports, requests to other officials, reports of remarks"),
         Fate.GONE, _l("Nobody else needs them."),
         ("unsaved_text.member_id", "roll_upload.uploaded_by_id", "list_upload.uploaded_by_id",
          "second_word.asked_by_id", "asked_act.asked_by_id", "remark_report.member_id")),
    Part("texts", _l("Themes, remarks, recommendations, minutes, files and next steps they wrote"), Fate.NAMELESS,
         _l("Others answered and voted on the words: they stay, as those of a former member."),
         ("theme.proposer_id", "remark.member_id", "minority_note.member_id", "recommendation_text.author_id",
          "minutes.author_id", "group_file.uploaded_by_id", "next_step.member_id", "candidate.proposed_by_id",
          "status_change.author_id", "decision.owner_id"), blank=("decision.owner_name",)),
    Part("acts", _l("What they did as an official"), Fate.NAMELESS, _l("The act stays, without its author."),
         _OFFICIAL),
    Part("roll", _l("The electoral roll, with the sealed envelope"), Fate.STAYS,
         _l("The roll’s published hash covers it, and the vote may be contested. It is destroyed with the envelopes."),
         ("elector.member_id", "envelope.member_id", "paper_entry.entered_by_id")),
    Part("watched", _l("Votes whose scrutineer they were asked to be"), Fate.STAYS,
         _l("Who watched over a vote belongs to its record; no name is left in it."),
         ("election_scrutineer.member_id",)),
    Part("presence", _l("The attendance list of assemblies, and proxies"), Fate.STAYS,
         _l("The quorum is proved with them; no name is left in them."),
         ("presence.member_id", "proxy.giver_id", "proxy.holder_id")),
    Part("counted", _l("Supported themes, wishes, sign-ups, and answers to texts"), Fate.STAYS,
         _l("They were counted, and groups were given by them; no name is left in them, nor what was said of access."),
         ("support.member_id", "wish_list.member_id", "signup.member_id", "minutes_answer.member_id",
          "adoption_answer.member_id"), blank=("signup.access_needs", "wish_list.access_needs")),
    Part("log", _l("The audit log"), Fate.STAYS,
         _l("No entry can be changed; it holds numbers of members, and no names."), ()),
)  # fmt: skip
BY_NAME = {part.name: part for part in PARTS}


def why_not_erase(member: Member) -> str | None:
    """Only who has left; and once."""
    if member.erased_at:
        return _("This member was erased on %(day)s.", day=day(member.erased_at, with_year=True))
    if member.is_member_on(now().date()) or member.left is None or member.left > now().date():
        return _(
            "Who is a member stands on the roll: the cooperative must know its members, so nothing is erased before"
            " they leave. What is wrong can be mended, and everybody can download what is kept about them."
        )
    return None


def preview(member: Member) -> list[tuple[Part, int]]:
    """For each part, how many rows point at the member."""
    return [(part, sum(_count(name, member.id) for name in part.columns)) for part in PARTS]


def erase(member: Member, by: int) -> Certificate:
    """Take somebody out, but for what must stay; give the certificate. Raises Refused."""
    if why := why_not_erase(member):
        raise Refused(why)
    lines = [[part.name, _do(part, member.id)] for part in PARTS]
    db.session.expire_all()
    number = f"erased {member.id}"
    member.name, member.number, member.email = NAMELESS, number, None
    member.profile, member.joined, member.erased_at = Profile.USER, member.left or member.joined, now()
    db.session.flush()
    return rules.certify("erasure", [line for line in lines if line[1]], by, number)


def _column(name: str) -> tuple[Table, Any]:
    table, _dot, column = name.partition(".")
    return Base.metadata.tables[table], Base.metadata.tables[table].c[column]


def _count(name: str, member_id: int) -> int:
    table, column = _column(name)
    return db.session.scalar(select(func.count()).select_from(table).where(column == member_id)) or 0


def _do(part: Part, member_id: int) -> int:
    """Let a part have its fate; give how many rows it was about."""
    for name in part.blank:
        table, column = _column(name)
        mine = next(_column(each)[1] for each in part.columns if each.startswith(f"{table.name}."))
        db.session.execute(update(table).where(mine == member_id).values({column: ""}))
    count = 0
    for name in part.columns:
        table, column = _column(name)
        if part.fate is Fate.STAYS:
            count += _count(name, member_id)
            continue
        act: Any = delete(table) if part.fate is Fate.GONE else update(table).values({column: None})
        count += db.session.execute(act.where(column == member_id)).rowcount  # type: ignore[attr-defined]
    return count
