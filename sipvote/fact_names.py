"""What the facts of a line of the audit log are called, and how they read, in the reader's language."""

import re
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from .i18n import colon, dated, day

FACTS: dict[str, LazyString] = {
    "role": _l("role"),
    "city": _l("city"),
    "country": _l("country"),
    "reason": _l("reason"),
    "language": _l("language"),
    "languages": _l("languages"),
    "title": _l("title"),
    "theme": _l("theme"),
    "name": _l("name"),
    "before": _l("before"),
    "until": _l("until"),
    "from": _l("from"),
    "asked_by": _l("asked by"),
    "question": _l("question"),
    "rule": _l("rule"),
    "custody": _l("who opens the ballot box"),
    "roll_size": _l("members on the roll"),
    "roll_hash": _l("hash of the roll"),
    "ballot_hash": _l("hash of the ballot"),
    "public_key": _l("public key"),
    "envelopes": _l("envelopes"),
    "checkpoint": _l("checkpoint"),
    "spoilt": _l("spoilt ballots"),
    "elected": _l("elected"),
    "papers": _l("papers"),
    "pile": _l("pile"),
    "cards": _l("cards"),
    "numbers": _l("numbers"),
    "present": _l("present"),
    "members": _l("members"),
    "member": _l("member"),
    "incident": _l("incident"),
    "digest": _l("fingerprint"),
    "status": _l("status"),
    "outcome": _l("outcome"),
    "places": _l("places"),
    "cities": _l("cities"),
    "facilitators": _l("facilitators"),
    "meetings": _l("meetings"),
    "meeting": _l("meeting"),
    "new": _l("new"),
    "changed": _l("changed"),
    "leaving": _l("leaving"),
    "giver": _l("giver"),
    "holder": _l("holder"),
    "draw": _l("draw"),
    "labels": _l("numbers of recommendations"),
    "workgroup": _l("workgroup"),
    "way": _l("how"),
    "list": _l("word list"),
    "agree": _l("who agreed"),
    "disagree": _l("who did not agree"),
    "abstain": _l("who abstained"),
    "adopted": _l("adopted"),
    "assembly": _l("assembly"),
    "audit_head": _l("newest line of the log"),
    "days": _l("after how many days"),
    "file": _l("file"),
    "had_place": _l("had a place"),
    "had_voted": _l("had voted"),
    "hash": _l("hash of all lists"),
    "into": _l("put together with"),
    "kind": _l("kind"),
    "lists": _l("lists of wishes"),
    "made_at": _l("backup of"),
    "missed": _l("meetings missed"),
    "mixes": _l("mixed groups"),
    "mode": _l("way to meet"),
    "modes": _l("ways to meet"),
    "on": _l("decided on"),
    "people": _l("people"),
    "per_minute": _l("letters a minute"),
    "prolonged_from": _l("goes on from edition"),
    "recommendations": _l("recommendations"),
    "repeats": _l("repeats"),
    "rows": _l("rows"),
    "slots": _l("dates"),
    "supporters": _l("supporters"),
    "to": _l("to"),
    "told": _l("people who were told"),
    "version": _l("version"),
    "vote": _l("vote"),
    "waits_for_a_lot": _l("waits for a lot"),
    "what": _l("what"),
    "withdrawn": _l("withdrawn"),
    "at": _l("from"),
    "starts_at": _l("begins"),
    "ends_at": _l("ends"),
    "proxies_per_holder": _l("proxies for each holder"),
    "remote_vote": _l("voting from elsewhere"),
    "prior_vote": _l("voting before the assembly"),
    "quorum": _l("quorum"),
    "quorum_value": _l("how much is needed"),
    "counts_proxies": _l("proxies count"),
    "counts_remote": _l("who follows from elsewhere counts"),
    "counts_votes": _l("who has voted counts"),
    "minimum": _l("minimum"),
    "placed": _l("placed"),
    "of": _l("out of"),
    "keep_minimum": _l("keeping the minimum"),
    "most_groups": _l("at most so many groups"),
    "came": _l("came"),
    "hall": _l("in the hall"),
    "remote": _l("elsewhere"),
    "proxies": _l("represented"),
    "votes": _l("voted beforehand"),
    "needed": _l("needed"),
    "options": _l("themes"),
    "how": _l("how it was drawn"),
    "accepted": _l("accepted"),
    "amended": _l("accepted in part or amended"),
    "rejected": _l("rejected"),
    "postponed": _l("postponed"),
    "themes": _l("themes"),
    "review": _l("review"),
    "count": _l("count"),
    "signup": _l("sign-up"),
    "groups": _l("workgroups"),
    "decisions": _l("decisions"),
    "stocktake": _l("stocktake"),
    "supporters_needed": _l("supporters that a theme needs"),
    "seats": _l("themes to elect"),
    "max_approvals": _l("at most so many themes on a ballot"),
    "meeting_hours": _l("hours of a meeting"),
    "sign_up_way": _l("way to sign up"),
    "confirm_days": _l("days to confirm an offered place"),
    "accept_days": _l("days to accept"),
    "waiting_order": _l("order of the waiting lists"),
    "days_apart": _l("days between two meetings"),
    "wishes_until": _l("wishes until"),
}
DATE = re.compile(r"\d{4}-\d\d-\d\d")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d:\d\d|Z)")


def fact_name(name: str) -> str:
    """'role' for 'role'; a fact without a name stays as it is stored."""
    return str(FACTS.get(name, name))


def said(fact: Any) -> str:
    """What a fact says: yes or no, a day, a moment, a list; anything else as it is stored."""
    if isinstance(fact, bool):
        return _("yes") if fact else _("no")
    if isinstance(fact, list):
        return ", ".join(said(each) for each in fact)
    if isinstance(fact, dict):
        return ", ".join(f"{fact_name(name)}{colon()} {said(each)}" for name, each in fact.items())
    text = str(fact)
    if MOMENT.fullmatch(text):
        return dated(datetime.fromisoformat(text))
    return day(date.fromisoformat(text), with_year=True) if DATE.fullmatch(text) else text
