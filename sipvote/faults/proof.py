"""What must hold afterwards: what was acknowledged is in the box, once, as it was chosen, and is counted so."""

from collections import Counter
from collections.abc import Mapping, Sequence

from ..rehearsal.report import Report, say
from .crowd import Ack, Crowd
from .site import InBox, Site, Vote


def lost(box: Mapping[int, InBox], acks: Mapping[int, Sequence[Ack]]) -> list[str]:
    """Every acknowledged vote that is not in the box, or whose tracker is not on the board."""
    wrong = []
    for member, told in acks.items():
        row = box.get(member)
        if told and row is None:
            wrong.append(f"member {member} is not in the box")
        elif row:
            known = row.former | {row.tracker}
            wrong += [f"a receipt of member {member} is unknown" for ack in told if ack.tracker not in {"", *known}]
    return wrong


def altered(box: Mapping[int, InBox], acks: Mapping[int, Sequence[Ack]]) -> list[str]:
    """Every row that does not open, has a wrong tracker, or holds another choice than was last acknowledged."""
    wrong = []
    for member, row in box.items():
        told = acks.get(member)
        if not row.is_sound or row.choices is None:
            wrong.append(f"the envelope of member {member} is not whole")
        elif told and row.choices != told[-1].choices:
            wrong.append(f"member {member} chose {told[-1].choices}, and {row.choices} is in the box")
    return wrong


def doubled(box: Mapping[int, InBox], voters: int) -> list[str]:
    """More envelopes than voters, or one envelope for two of them."""
    wrong = [f"{len(box)} envelopes of {voters} voters"] if len(box) > voters else []
    twice = [tracker for tracker, n in Counter(row.tracker for row in box.values()).items() if n > 1]
    return wrong + [f"{tracker[:12]} is there twice" for tracker in twice]


def check(report: Report, site: Site, crowd: Crowd) -> None:
    """Hold the box against what was acknowledged; close, count, and hold that against it, too."""
    box = site.box(crowd.vote)
    report.promise(f"none of {crowd.acknowledged:,} acknowledged votes is lost", not (w := lost(box, crowd.acks)), w)
    wrong = altered(box, crowd.acks)
    report.promise("each envelope opens to what its voter was acknowledged last", not wrong, wrong)
    voters = sum(1 for told in crowd.acks.values() if told)
    report.promise(f"{len(box):,} envelopes of {voters:,} voters, none doubled", not (w := doubled(box, voters)), w)
    told = {ack.tracker for acks in crowd.acks.values() for ack in acks} - {""}
    unseen = sum(1 + len(row.former) for row in box.values()) - crowd.acknowledged
    report.figure("votes that stood although their answer was lost; their voters sent again", max(0, unseen))
    count(report, site, crowd.vote, box, told)


def count(report: Report, site: Site, vote: Vote, box: Mapping[int, InBox], told: set[str]) -> None:
    """Close and count: the board lists every receipt, the count holds every envelope."""
    missing = told - site.close(vote)
    report.promise(f"all {len(told):,} trackers of receipts are on the board", not missing, len(missing))
    cast = Counter((row.choices,) for row in box.values())
    found = {choices: times for times, choices in site.count(vote)}
    report.promise("the count holds exactly what is in the box", dict(cast) == found, f"{len(cast)} ≠ {len(found)}")


def answers(report: Report, crowd: Crowd) -> None:
    """No page worse than a clear 503, and nobody waited for ever."""
    report.promise("who voted was through within two minutes of the last fault", not crowd.is_over)
    text = "no page was worse than a clear 503"
    report.promise(text, not crowd.odd, f"{len(crowd.odd)}, the first: {crowd.odd[:1]}")
    if crowd.odd:
        say(crowd.site.stage.tails())
    report.promise("nobody on the roll was refused while the vote was open", not crowd.refused, crowd.refused)
    kinds = {0: "no answer (cut off)", 200: "pages", 303: "votes taken", 503: "a clear 503"}
    for status, times in sorted(crowd.answers.items()):
        report.figure(f"answers: {kinds.get(status, status)}", times)
    report.figure("the longest wait for an answer, seconds", round(crowd.longest, 2))
