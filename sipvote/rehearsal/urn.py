"""After the closing: papers read by two, the box opened, a tie and its lot, the result, and the recount at home."""

import json
import re
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from shamir_mnemonic import combine_mnemonics

from . import count, lists, vote
from .browser import Broken, Given, Page
from .cabin import BLANK
from .cast import TIED, Answers, Decided, Part, Way
from .person import Person
from .planning import ACTION, SEATS, Day
from .play import NEXT
from .stage import run

PAPERS = f"/{NEXT}/vote/papers/"
PILES = {"BE": "Urn for Belgium", "FR": "Urn for France"}
DICE = "4 1 6 2 2 5"
HOW = "Six dice, thrown on the table in front of the stage by the youngest member in the hall."
Read = Answers | None  # what stands on a paper; None: spoilt


# --- Papers -----------------------------------------------------------------------------------------


def read_papers(day: Day) -> None:
    """A pile for each country. On the first the two scrutineers read differently, look again, and then agree."""
    one, two = day.play.scrutineers[:2]
    for country, name in PILES.items():
        papers = [part for part in day.cast.of(Way.PAPER) if (country == "FR") == part.is_french]
        page = one.arrive(PAPERS)
        page = one.browser.submit(
            page.form("/vote/papers/"), {"name": name, "papers": str(len(papers)), "country": country}
        )
        pile = page.url.rpartition("/")[2]
        right = Counter(part.answers for part in papers)
        _enter(day, one, pile, right)
        _finish(one, pile)
        two.arrive(PAPERS)
        if country == "BE":
            _disagree(day, one, two, pile, papers)
        _enter(day, two, pile, right)
        page = _finish(two, pile)
        text = f"two scrutineers agree on “{name}”: papers: {len(papers)}"
        day.play.report.promise(text, "You agree on this pile" in page.text, page.text[:300])


def _disagree(day: Day, one: Person, two: Person, pile: str, papers: list[Part]) -> None:
    """The second reads the last paper wrongly; both look again, and neither is told what the other read."""
    wrong: Answers = ((5, 6, 7), (), ())
    _enter(day, two, pile, Counter([*(part.answers for part in papers[:-1]), wrong]))
    page = _finish(two, pile)
    told = "You two did not read the same" in page.text
    early = day.play.scrutineers[2].arrive(f"/{NEXT}/election/count")
    waits = "do not agree yet on a pile" in early.text and not early.has_form("/election/count")
    text = "two scrutineers disagree on a pile: both look again, and the box stays shut"
    day.play.report.promise(text, told and waits, f"{page.text[:300]} {early.text[:300]}")
    while page.has_form("/lines/0/remove"):
        page = two.browser.submit(page.form("/lines/0/remove"))
    _finish(one, pile)


def _enter(day: Day, person: Person, pile: str, papers: Counter[Read]) -> None:
    for answers, times in papers.items():
        page = person.go(f"{PAPERS}{pile}")
        form = page.form(f"/vote/papers/{pile}/add")
        given: dict[str, Given] = {"times": str(times)}
        if answers is None:
            given["spoilt"] = "1"
        else:
            given["q0"] = [day.options[option].title(person.language) for option in answers[0]] or BLANK
            asked = [n for n in (1, 2) if any(control.name == f"q{n}" for control in form.controls)]
            given |= {f"q{n}": str(answers[n][0]) if answers[n] else BLANK for n in asked}
        page = person.browser.submit(form, given)
        if not page.url.endswith(f"/{pile}"):
            raise Broken(f"the papers are not taken: {page.text[:300]}")


def _finish(person: Person, pile: str) -> Page:
    page = person.go(f"{PAPERS}{pile}")
    return person.browser.submit(page.form(f"/vote/papers/{pile}/finish"))


# --- The count --------------------------------------------------------------------------------------


def open_box(day: Day) -> None:
    """Two word lists; then the tie, which a lot decides that anybody can work out again."""
    play, report = day.play, day.play.report
    day.seal = count.check_mails(play, NEXT)
    page = vote.type_lists(play.scrutineers[2], NEXT, "count", [day.lists[0], day.lists[2]])
    n = day.tally.ballots
    report.promise(f"two word lists open the box, and {n:,} ballots are counted", "are counted" in page.text, page.text)
    page = play.organiser.go(f"/{NEXT}/election/")
    report.promise("a tie is reported, and a lot is asked for", "There is a tie" in page.text, page.text[:400])
    page = play.organiser.browser.get(page.link("/election/settle/0"))
    names = [day.options[option].title("en") for option in TIED]
    listed = all(name in page.text for name in names) and "1 place is left" in page.text
    report.promise(f"equal are {' and '.join(names)}, for one place", listed, page.text[:400])
    play.organiser.browser.submit(page.form("/election/settle/0"), {"draw": DICE, "how": HOW})
    day.draw = re.sub(r"\D", "", DICE)
    hidden = play.second.go(f"/{NEXT}/vote/results.json", 404)
    shown = play.second.go(f"/{NEXT}/screen").text
    told = [o.title("en") for o in day.options if o.title("en") in shown]
    report.promise(
        "nobody sees the result before it is published, nor does the screen", hidden.status == 404 and not told, shown
    )
    vote.publish(play, NEXT)


def mark(day: Day, option: int) -> str:
    """The lot's mark of a theme: SHA-256 of the last checkpoint, what was drawn, and the theme's number."""
    return sha256(f"{day.seal[0]}:{day.draw}:{day.options[option].id}".encode()).hexdigest()


def winners(day: Day) -> list[int]:
    """Who must be elected: the clear one, and of the equal ones whose mark is the smallest."""
    approvals = day.tally.approvals
    last = sorted(approvals, reverse=True)[SEATS - 1]
    clear = [option for option, n in enumerate(approvals) if n > last]
    equal = sorted((o for o, n in enumerate(approvals) if n == last), key=lambda option: mark(day, option))
    if len(clear) != 1 or sorted(equal) != sorted(TIED):
        raise Broken(f"the ballots were to give a tie, and give {approvals}")
    return sorted([*clear, equal[0]])


# --- The result -------------------------------------------------------------------------------------


def check_result(day: Day) -> None:
    """The published numbers of all three questions, as JSON and as a table."""
    play, tally, report = day.play, day.tally, day.play.report
    result = json.loads(play.organiser.go(f"/{NEXT}/vote/results.json").html)
    themes, prolong, action = result["questions"]
    papers = len(day.cast.of(Way.PAPER))
    spoilt = sum(part.is_spoilt for part in day.cast.everybody)
    totals = (result["voted"], result["on_paper"], result["spoilt"], themes["ballots"], themes["blank"])
    expected = (tally.ballots + spoilt, papers, spoilt, tally.ballots, tally.blank)
    report.promise(f"{expected[0]:,} voted, {papers} of them on paper, {spoilt} spoilt", totals == expected, totals)
    found = {title: each for each in themes["options"] for title in each["title"].values()}
    approvals = [found[o.title("en")]["approvals"] for o in day.options]
    report.promise(
        f"the totals of {len(approvals)} themes are those that were sent ({sum(tally.approvals):,} approvals)",
        approvals == tally.approvals, f"{approvals} instead of {tally.approvals}",
    )  # fmt: skip
    elected = [n for n, o in enumerate(day.options) if found[o.title("en")]["elected"]]
    names = " and ".join(f"“{day.options[n].title('en')}”" for n in winners(day))
    text = f"elected, the second by a lot that was worked out here too: {names}"
    report.promise(text, elected == winners(day) and themes["lot"]["draw"] == day.draw, elected)
    _check_decided(day, "the prolongation, by the French alone", prolong, tally.prolong, _more(tally.prolong))
    _check_decided(day, "the board’s action, of two thirds", action, tally.action, _two_thirds(tally.action))
    _check_table(day)


def _more(decided: Decided) -> bool:
    return decided.yes > decided.no


def _two_thirds(decided: Decided) -> bool:
    return 3 * decided.yes >= 2 * (decided.yes + decided.no)


def _check_decided(day: Day, name: str, told: dict[str, Any], decided: Decided, adopted: bool) -> None:
    expected = (decided.could, decided.yes, decided.no, decided.blank, adopted)
    found = (told["ballots"], told["yes"], told["no"], told["blank"], told["adopted"])
    became = "adopted" if adopted else "not adopted"
    text = f"{name}: {decided.yes} yes, {decided.no} no, {decided.blank} abstain of {decided.could}: {became}"
    day.play.report.promise(text, found == expected, f"{found} instead of {expected}")


def _check_table(day: Day) -> None:
    table = lists.read_csv(day.play.organiser.go(f"/{NEXT}/vote/results.csv").content)
    votes = {(question, answer): number for question, answer, number, _outcome in table}
    themes = [[n for (_q, answer), n in votes.items() if answer == o.title("en")] for o in day.options]
    right = themes == [[str(n)] for n in day.tally.approvals]
    action = day.tally.action
    right = right and (votes[ACTION["en"], "Yes"], votes[ACTION["en"], "No"]) == (str(action.yes), str(action.no))
    day.play.report.promise("the CSV file of the result says the same", right, table)


def check_goes_on(day: Day) -> None:
    """The prolonged theme goes on, in France only, and groups can be planned for it and for the elected ones."""
    title = day.prolonged.title("en")
    page = day.play.organiser.go(f"/{NEXT}/themes")
    address = page.link("/themes/[0-9]+", title)
    tagged = "Prolonged, only in France" in day.play.organiser.browser.get(address).text
    page = day.play.organiser.go(f"/{NEXT}/groups/plan/")
    heading = re.search(rf"<h2>{re.escape(title)}</h2>\s*<p>(.*?)</p>", page.html, re.S)
    planned = bool(heading) and "France only" in page.text
    listed = [day.options[n].title("en") in page.text for n in range(len(day.options))]
    elected = [n for n, is_listed in enumerate(listed) if is_listed]
    day.play.report.promise(
        f"“{title}” goes on in France only; groups can be planned for it and for the two elected themes",
        tagged and planned and elected == winners(day), page.text[:400],
    )  # fmt: skip


# --- The recount ------------------------------------------------------------------------------------


def recount(day: Day) -> None:
    """A scrutineer takes the package home: it verifies there, and holds exactly the ballots that were sent."""
    home = day.play.folder / "at home"
    package = home / f"package-{NEXT}.zip"
    package.write_bytes(vote.act(day.play.scrutineers[1], NEXT, "package").content)
    seed = combine_mnemonics([day.lists[1], day.lists[2]]).hex()
    point, key = day.seal
    command = [str(count.bare_python(home)), "-I", "verify.py", package.name, "--key", key, "--checkpoint", point]
    done = run([*command, "--seed", seed], home, {"PATH": "/usr/bin:/bin"})
    right = done.code == 0 and done.said.rstrip().endswith("verified")
    day.play.report.promise("the stand-alone program verifies the assembly’s package on its own", right, done.said)
    sent = Counter(day.cast.counted)
    held = _ballots_in(package, day)
    lost, strange = sent - held, held - sent
    day.play.report.promise(
        f"the count holds exactly the {sum(sent.values()):,} ballots that were sent, papers included",
        not lost and not strange, f"{sum(lost.values())} lost, {sum(strange.values())} strange",
    )  # fmt: skip


def _ballots_in(package: Path, day: Day) -> Counter[Answers]:
    """What was counted, with the themes numbered as here and not as on the ballot."""
    with ZipFile(package) as files:
        printed = json.loads(files.read("election.json"))["questions"][0]["options"]
        found = json.loads(files.read("ballots.json"))
    number_of = {option.title(option.original): number for number, option in enumerate(day.options)}
    numbers = [number_of[option[option["original"]]["title"]] for option in printed]
    return Counter({
        (tuple(sorted(numbers[each] for each in themes)), tuple(prolong), tuple(action)): times
        for times, (themes, prolong, action) in found
    })  # fmt: skip
