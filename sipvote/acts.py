"""What the audit log's acts and subjects are called, in the reader's language."""

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

ACTS: dict[str, LazyString] = {
    "import roll": _l("Roll imported"),
    "grant": _l("Role given"),
    "revoke": _l("Role taken back"),
    "plan edition": _l("Edition planned or changed"),
    "admit theme": _l("Theme put on the ballot"),
    "take theme from ballot": _l("Theme taken from the ballot"),
    "decline theme": _l("Theme declined"),
    "undo decline of theme": _l("Decline undone"),
    "write theme text": _l("Text of a theme written"),
    "prolong theme": _l("Theme prolonged"),
    "undo prolonging of theme": _l("Prolonging undone"),
    "plan assembly": _l("Assembly planned or changed"),
    "open assembly": _l("Assembly opened"),
    "close assembly": _l("Assembly closed"),
    "take back presence": _l("Check-in taken back"),
    "note incident": _l("Incident noted"),
    "remove incident": _l("Incident removed"),
    "write mailing": _l("Letter to members written"),
    "plan mailing": _l("Letter to members planned"),
    "cancel mailing": _l("Plan of a letter taken back"),
    "send mailing": _l("Letter to members sent"),
    "stop mailing": _l("Letter to members stopped"),
    "resume mailing": _l("Letter to members sent on"),
    "revoke personal link": _l("Personal link made invalid"),
    "revoke personal links": _l("All personal links made invalid"),
    "prepare vote": _l("Vote prepared"),
    "ask question": _l("Question put on the ballot"),
    "change question": _l("Question on the ballot changed"),
    "drop question": _l("Question taken from the ballot"),
    "freeze vote": _l("Ballot, roll and key frozen"),
    "unfreeze vote": _l("Unfrozen"),
    "prove key": _l("Word list tried"),
    "open vote": _l("Vote opened"),
    "ask to open vote": _l("Asked to open the vote"),
    "ask to close vote": _l("Asked to close the vote"),
    "ask to extend vote": _l("Asked to extend the vote"),
    "withdraw asking to open vote": _l("No longer asked to open the vote"),
    "withdraw asking to close vote": _l("No longer asked to close the vote"),
    "withdraw asking to extend vote": _l("No longer asked to extend the vote"),
    "pause vote": _l("Voting paused"),
    "resume vote": _l("Voting resumed"),
    "extend vote": _l("Vote extended"),
    "issue card": _l("Voting card given"),
    "issue cards": _l("Voting cards printed"),
    "begin kiosk": _l("Kiosk started"),
    "hand out paper": _l("Ballot on paper handed out"),
    "take back paper": _l("Ballot on paper handed back unused"),
    "close vote": _l("Vote closed"),
    "make pile": _l("Pile of paper ballots made"),
    "remove pile": _l("Pile of paper ballots removed"),
    "agree on pile": _l("Two scrutineers agree on a pile"),
    "count vote": _l("Ballot box opened and counted"),
    "settle tie": _l("Tie settled by lot"),
    "publish result": _l("Result published"),
    "download package": _l("Package downloaded"),
    "sweep rehearsal": _l("Rehearsal swept away"),
    "enter proxy": _l("Proxy on paper entered"),
    "end proxy": _l("Proxy ended"),
    "form group": _l("Workgroup made"),
    "change group": _l("Workgroup changed"),
    "cancel group": _l("Workgroup cancelled"),
    "free seat of leaver": _l("Leaver taken out of a workgroup"),
    "take attendance": _l("Attendance of a meeting taken"),
    "correct attendance": _l("Attendance corrected afterwards"),
    "keep place": _l("Place kept after missed meetings"),
    "name secretary": _l("Secretary of a workgroup named"),
    "write to group": _l("Letter to a workgroup sent"),
    "change facilitator": _l("Profile of a facilitator changed"),
    "time machine": _l("Time machine of the demonstration"),
}
SUBJECTS: dict[str, LazyString] = {
    "member": _l("member"),
    "members": _l("all members"),
    "edition": _l("edition"),
    "theme": _l("theme"),
    "assembly": _l("assembly"),
    "vote": _l("election"),
    "rehearsal": _l("rehearsal"),
    "proxy": _l("proxy"),
    "workgroup": _l("workgroup"),
    "mailing": _l("mailing"),
    "signup": _l("sign-up"),
}


def act_name(act: str) -> str:
    """'Role given' for 'grant'; an act without a name stays as it is stored."""
    return str(ACTS.get(act, act))


def subject_name(subject: str) -> str:
    """'workgroup 3', 'election 2026' for 'vote 2026', in the reader's language."""
    kind, _, which = subject.partition(" ")
    return f"{SUBJECTS.get(kind, kind)} {which}".strip()
