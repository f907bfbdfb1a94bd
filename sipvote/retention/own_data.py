"""Everything that is kept about a member, for themselves: each room tells its own part."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from ..assembly import presence, proxies
from ..assembly.models import PersonalLink
from ..audit import Entry
from ..db import db
from ..decisions.models import Decision
from ..mail import Letter
from ..members.models import Member, SignIn
from ..members.step_models import Factor
from ..recommendations import own_data as said_of_drafts
from ..recommendations.hearing_models import Remark
from ..stocktake.models import StatusChange
from ..themes import rules as themes
from ..voting import rules as voting
from ..voting.day import ElectionScrutineer, PaperEntry, VotingCard
from ..voting.models import Election, Elector
from ..workgroups import own_data as groups

COLUMNS = ("number", "name", "email", "language", "country", "joined", "left", "profile")


def of(member: Member) -> dict[str, Any]:
    """Names of facts to plain values; the names are English here, and in the reader's language on the page."""
    return {
        "member": {name: getattr(member, name) for name in COLUMNS} | {"city": member.city.name},
        "roles": [{"role": g.role, "city": g.city.name if g.city else None, "since": g.granted_at}
                  for g in member.grants],
        "themes proposed": [str(t) for t in themes.proposed_by(member.id)],
        "themes supported": [str(t) for t in themes.supported_by(member.id)],
        **_of_votes(member),
        "assemblies": [
            {"edition": str(a.edition), "how": p.way, "since": p.arrived_at, "left": p.left_at}
            for p, a in presence.of_whom(member.id)
        ],
        **groups.of(member),
        **said_of_drafts.of(member),
        **_of_answering(member),
        **_of_the_service(member),
    }  # fmt: skip


def _of_votes(member: Member) -> dict[str, Any]:
    rolls = select(Elector, Election).join(Election).where(Elector.member_id == member.id).order_by(Election.id)
    cards = select(VotingCard).where(VotingCard.member_id == member.id).order_by(VotingCard.id)
    links = select(PersonalLink).where(PersonalLink.member_id == member.id)
    return {
        "electoral rolls": [
            {"edition": str(e.edition), "number": r.number, "country": r.country, "ballot on paper": r.paper_at}
            for r, e in db.session.execute(rolls)
        ],
        "voted (what is not known)": [
            {"edition": str(e.edition), "at": at, "by proxy": by_proxy}
            for e, at, by_proxy in voting.votes_of(member.id)
        ],
        "voting cards": [
            {"given": c.issued_at, "used": c.used_at, "made invalid": c.revoked_at} for c in db.session.scalars(cards)
        ],
        "personal links": [{"first used": k.used_at, "made invalid": k.revoked_at} for k in db.session.scalars(links)],
        "proxies": [
            {
                "giver": p.giver.name, "holder": p.holder.name, "given": p.given_at, "accepted": p.accepted_at,
                "ended": p.ended_at, "why": p.ended_why,
            }
            for p in proxies.all_of(member.id)
        ],
    }  # fmt: skip


def _of_answering(member: Member) -> dict[str, Any]:
    """What they answer for, and what they did for others: each act of an official, from the audit log."""
    decisions = _theirs(Decision, Decision.owner_id, member.id)
    return {
        "answers for": [{"recommendation": str(d.recommendation), "due": d.due} for d in decisions],
        "statuses noted": [
            {"recommendation": str(s.recommendation), "status": s.status, "reason": s.reason, "at": s.noted_at}
            for s in _theirs(StatusChange, StatusChange.author_id, member.id)
        ],
        "remarks answered": [
            {"text": r.text, "answer": r.answer, "at": r.answered_at}
            for r in _theirs(Remark, Remark.answered_by_id, member.id)
        ],
        "piles of paper ballots entered": [
            {"at": e.entered_at}
            for e in db.session.scalars(select(PaperEntry).where(PaperEntry.entered_by_id == member.id))
        ],
        "acts as an official": [{"at": e.at, "act": e.act, "on": e.subject} for e in _acts(member)],
    }


def _acts(member: Member) -> Any:
    return db.session.scalars(select(Entry).where(Entry.actor == member.number).order_by(Entry.id)).all()


def _of_the_service(member: Member) -> dict[str, Any]:
    letters = _theirs(Letter, Letter.member_id, member.id)
    return {
        "second steps": [
            {"kind": f.kind, "name": f.name, "since": f.made_at, "used": f.used_at}
            for f in _theirs(Factor, Factor.member_id, member.id)
        ],
        "scrutineer of": [
            {"edition": str(e.edition), "since": s.named_at, "accepted": s.accepted_at, "declined": s.declined_at}
            for s, e in db.session.execute(
                select(ElectionScrutineer, Election)
                .join(Election, Election.id == ElectionScrutineer.election_id)
                .where(ElectionScrutineer.member_id == member.id)
            )
        ],
        "signed in": [s.used_at for s in _theirs(SignIn, SignIn.member_id, member.id)],
        "mails": [{"subject": c.subject, "to": c.address, "sent": c.sent_at, "came back": c.failed_at}
                  for c in letters],
    }  # fmt: skip


def _theirs(table: Any, column: InstrumentedAttribute[Any], member_id: int) -> Any:
    return db.session.scalars(select(table).where(column == member_id).order_by(table.id)).all()


# Each column that points at a member, and under which name the file tells it.
_LOGGED = "acts as an official"
TOLD = {
    "adoption.opened_by_id": _LOGGED, "adoption_answer.entered_by_id": _LOGGED,
    "bundle.submitted_by_id": _LOGGED, "certificate.by_id": _LOGGED, "decision.drafted_by_id": _LOGGED,
    "follow_up.made_by_id": _LOGGED, "incident.noted_by_id": _LOGGED, "joining_request.asked_by_id": _LOGGED,
    "key_list.proved_by_id": _LOGGED, "list_upload.uploaded_by_id": _LOGGED, "mailing.begun_by_id": _LOGGED,
    "presence.checked_in_by_id": _LOGGED, "proxy.entered_by_id": _LOGGED, "remark.hidden_by_id": _LOGGED,
    "published_stocktake.published_by_id": _LOGGED, "remark_report.settled_by_id": _LOGGED,
    "role_grant.granted_by_id": _LOGGED, "roll_upload.uploaded_by_id": _LOGGED, "second_word.asked_by_id": _LOGGED,
    "voting_card.issued_by_id": _LOGGED, "attendance.marked_by_id": _LOGGED,
    "asked_act.asked_by_id": _LOGGED, "asked_act.ended_by_id": _LOGGED, "election_scrutineer.named_by_id": _LOGGED,
    "recovery.first_by_id": _LOGGED, "recovery.second_by_id": _LOGGED, "recovery.member_id": _LOGGED,
    "factor.member_id": "second steps", "election_scrutineer.member_id": "scrutineer of",
    "adoption_answer.member_id": "answers about adopting texts", "calendar_feed.member_id": "calendar address since",
    "candidate.proposed_by_id": "as a facilitator", "decision.owner_id": "answers for",
    "elector.member_id": "electoral rolls", "envelope.member_id": "voted (what is not known)",
    "facilitator_profile.member_id": "as a facilitator", "group_file.uploaded_by_id": "files",
    "letter.member_id": "mails", "minority_note.member_id": "minority notes", "minutes.author_id": "minutes",
    "minutes_answer.member_id": "minutes", "next_step.member_id": "next steps",
    "paper_entry.entered_by_id": "piles of paper ballots entered", "personal_link.member_id": "personal links",
    "presence.member_id": "assemblies", "proxy.giver_id": "proxies", "proxy.holder_id": "proxies",
    "recommendation_text.author_id": "recommendations written", "remark.answered_by_id": "remarks answered",
    "remark.member_id": "remarks", "remark_report.member_id": "remarks reported", "role_grant.member_id": "roles",
    "sign_in.member_id": "signed in", "signup.member_id": "workgroups", "status_change.author_id": "statuses noted",
    "support.member_id": "themes supported", "theme.proposer_id": "themes proposed",
    "unsaved_text.member_id": "recommendations not saved", "voting_card.member_id": "voting cards",
    "wish_list.member_id": "wishes", "workgroup_facilitator.member_id": "as a facilitator",
    "workgroup_secretary.member_id": "minutes",
}  # fmt: skip
# Those that the file does not tell, each with its reason.
UNTOLD = {
    "factor_tries.member_id": "a count of wrong codes: it would tell a guesser how many are left",
    "begun_ballot.member_id": "gone once the ballot is sent or the vote is over: it would tell who hesitates",
    "hall_try.member_id": "a count of wrong codes for a day: it would tell a guesser how many are left",
}
