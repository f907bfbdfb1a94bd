"""What the names of facts in one’s own data are called on the page. In the file they stay English, for programs."""

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

HEADINGS: dict[str, LazyString] = {
    "accepted": _l("Accepted"), "access needs": _l("Access needs"), "act": _l("Act"),
    "acts as an official": _l("Acts as an official"), "agreed": _l("Agreed"), "agrees": _l("Agrees"),
    "answer": _l("Answer"), "answered": _l("Answered"), "answers": _l("Answers"),
    "answers about adopting texts": _l("Answers about adopting texts"), "answers for": _l("Answers for"),
    "approved": _l("Approved"), "as a facilitator": _l("As a facilitator"), "assemblies": _l("Assemblies"),
    "at": _l("At"), "ballot on paper": _l("Ballot on paper"), "begun": _l("Begun"), "by proxy": _l("By proxy"),
    "bytes": _l("Bytes"), "calendar address since": _l("Calendar address since"), "came": _l("Came"),
    "came back": _l("Came back"), "cancelled": _l("Cancelled"), "changed": _l("Changed"), "city": _l("City"),
    "confirm by": _l("Confirm by"), "confirmed": _l("Confirmed"), "could come": _l("Could come"),
    "country": _l("Country"), "dates proposed": _l("Dates proposed"), "done": _l("Done"), "due": _l("Due"),
    "edition": _l("Edition"), "electoral rolls": _l("Electoral rolls"), "email": _l("E-mail"), "ended": _l("Ended"),
    "files": _l("Files"), "first used": _l("First used"), "for whom": _l("For whom"), "given": _l("Given"),
    "giver": _l("Giver"), "group": _l("Group"), "groups": _l("Groups"), "groups at most": _l("Groups at most"),
    "groups, the dearest first": _l("Groups, the dearest first"), "hidden": _l("Hidden"), "holder": _l("Holder"),
    "how": _l("How"), "joined": _l("Joined"), "language": _l("Language"), "languages": _l("Languages"),
    "last written": _l("Last written"), "left": _l("Left"), "letters to groups": _l("Letters to groups"),
    "made invalid": _l("Made invalid"), "mails": _l("Mails"), "meeting": _l("Meeting"), "meetings": _l("Meetings"),
    "meetings that I cannot come to": _l("Meetings that I cannot come to"), "member": _l("Member"),
    "minority notes": _l("Minority notes"), "minutes": _l("Minutes"), "name": _l("Name"),
    "next steps": _l("Next steps"), "noted": _l("Noted"), "number": _l("Number"), "on": _l("On"),
    "personal links": _l("Personal links"), "piles of paper ballots entered": _l("Piles of paper ballots entered"),
    "place since": _l("Place since"), "profile": _l("Profile"), "promised": _l("Promised"), "proxies": _l("Proxies"),
    "reason": _l("Reason"), "recommendation": _l("Recommendation"),
    "recommendations not saved": _l("Recommendations not saved"),
    "recommendations written": _l("Recommendations written"), "remark": _l("Remark"), "remarks": _l("Remarks"),
    "remarks answered": _l("Remarks answered"), "remarks reported": _l("Remarks reported"), "role": _l("Role"),
    "roles": _l("Roles"), "said that I cannot come": _l("Said that I cannot come"), "seat": _l("Seat"),
    "secretary of": _l("Secretary of"), "sent": _l("Sent"), "signed in": _l("Signed in"),
    "signed up": _l("Signed up"), "since": _l("Since"), "status": _l("Status"),
    "statuses noted": _l("Statuses noted"), "subject": _l("Subject"), "submitted": _l("Submitted"),
    "taken up": _l("Taken up"), "text": _l("Text"), "theme": _l("Theme"), "themes proposed": _l("Themes proposed"),
    "themes supported": _l("Themes supported"), "title": _l("Title"), "to": _l("To"), "trained on": _l("Trained on"),
    "training": _l("Training"), "uploaded": _l("Uploaded"), "used": _l("Used"), "version": _l("Version"),
    "voted (what is not known)": _l("Voted (what is not known)"), "voting cards": _l("Voting cards"),
    "what": _l("What"), "what came of each": _l("What came of each"), "why": _l("Why"),
    "why hidden": _l("Why hidden"), "wishes": _l("Wishes"), "withdrawn": _l("Withdrawn"),
    "workgroups": _l("Workgroups"), "written": _l("Written"),
}  # fmt: skip


def heading(name: str) -> str:
    """The name of a fact in the page's language; one without a translation as it is."""
    return str(HEADINGS.get(name, name))
