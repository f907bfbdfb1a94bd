"""The election: prepared, frozen, its word lists tried, opened, and closed by an organiser."""

import re
import time
from collections import Counter
from collections.abc import Sequence

from ..editions.models import Phase
from . import roll
from . import year as years
from .ballots import Voter, Way, replay
from .browser import Broken, Page
from .person import Person
from .play import Ballot, Play
from .themes import Proposal

WORDS_IN_A_LIST = 20
FINISHED = "The agenda is finished."  # why the vote is closed before its announced end


def act(person: Person, year: int, ending: str) -> Page:
    """Press a button of the election desk, and see that it was done."""
    page = person.go(f"/{year}/election/")
    return person.browser.submit(page.form(f"/election/{ending}"))


def freeze(play: Play, year: int, custody: str) -> list[str]:
    """Prepare the election and freeze it; gives the word lists of the scrutineers, as they stand on the page."""
    years.move(play, year, Phase.VOTE)
    page = play.organiser.go(f"/{year}/election/")
    play.organiser.browser.submit(page.form("/election/prepare"), {"custody": custody})
    if custody == "scrutineers":
        name_scrutineers(play, year)
    return word_lists(act(play.organiser, year, "freeze"))


def name_scrutineers(play: Play, year: int) -> None:
    """The organiser asks each scrutineer by mail; each accepts on a page, and then their names are public."""
    for _person in play.scrutineers:
        act(play.organiser, year, r"scrutineers/\d+/name")
    waits = not play.organiser.go(f"/{year}/election/").has_form("/election/freeze")
    for person in play.scrutineers:
        person.await_letter(f"/{year}/election/scrutineer")
        page = person.arrive(f"/{year}/election/scrutineer")
        person.browser.submit(page.form("/scrutineer/accept"))
    page = play.organiser.go(f"/{year}/vote")
    named = all(person.name in page.text for person in play.scrutineers)
    text = "the key waits until three scrutineers have accepted, and then their names are public"
    play.report.promise(text, waits and named, page.text[:300])


def word_lists(page: Page) -> list[str]:
    """The word lists on the page that shows them once."""
    lists = re.findall(r'<ol class="words"[^>]*>(.*?)</ol>', page.html, re.S)
    return [" ".join(re.findall(r"<li>([a-z]+)</li>", each)) for each in lists]


def type_lists(person: Person, year: int, where: str, lists: Sequence[str]) -> Page:
    """Two scrutineers type their word lists."""
    page = person.go(f"/{year}/election/{where}")
    return person.browser.submit(page.form(f"/election/{where}"), {"first": lists[0], "second": lists[1]})


def confirm(play: Play, year: int, ending: str) -> Page:
    """The other organiser confirms what was asked at the election desk."""
    page = play.second.arrive(f"/{year}/election/")
    return play.second.browser.submit(page.form(f"/election/confirm/{ending}"))


def publish(play: Play, year: int) -> Page:
    """Two organisers publish the result: it is public when the second one has confirmed it."""
    asked = act(play.organiser, year, "publish")
    outside = play.person(play.rows[0]).go(f"/{year}/vote/results.json", expect=404)
    page = play.second.confirm(asked)
    done = outside.status == 404 and "It is done." in page.text
    play.report.promise("the result is published, by two: one asks, and another one confirms", done, page.text[:200])
    return page


def open_(play: Play, year: int) -> None:
    """Open the vote, by two. The worker does so by itself, within a minute of the announced moment: then it is open."""
    page = play.organiser.go(f"/{year}/election/")
    if page.has_form("/election/open"):
        page = act(play.organiser, year, "open")
    if play.second.go(f"/{year}/election/").has_form("/election/confirm/open"):
        confirm(play, year, "open")
    if not play.organiser.go(f"/{year}/election/").links(r"/election/close"):
        raise Broken("the vote is not open")


def hold(
    play: Play, year: int, options: Sequence[Proposal], ballots: Sequence[Ballot]
) -> tuple[list[str], list[Voter]]:
    """The vote of 2020–21, from freezing to closing; gives the word lists and who voted."""
    lists = freeze(play, year, "scrutineers")
    _prove(play, year, lists)
    latecomer = roll.import_latecomer(play)
    open_(play, year)
    began = time.monotonic()
    voters = replay(play, year, ballots, options)
    took = time.monotonic() - began
    play.report.figure("votes a second, sign-in by mail included", round(len(voters) / took, 1))
    _strays(play, year, latecomer, len(voters))
    early = play.scrutineers[2].go(f"/{year}/election/count")
    text = "the box cannot be opened while the vote is open"
    play.report.promise(text, not early.has_form("/election/count"))
    close(play, year)
    _too_late(play, year)
    _tell(play, voters)
    return lists, voters


def _prove(play: Play, year: int, lists: Sequence[str]) -> None:
    """The word lists are shown once; two of them, typed back rightly, open the box."""
    report = play.report
    twenty = [len(words.split()) == WORDS_IN_A_LIST for words in lists]
    report.promise("three word lists of twenty words are shown once", len(lists) == 3 and all(twenty), len(lists))
    again = play.organiser.go(f"/{year}/election/freeze")
    report.promise("and never again", not any(words[:30] in again.text for words in lists))
    for person in play.scrutineers:
        person.arrive(f"/{year}/election/")
    page = prove_one(play.scrutineers[0], year, _two_swapped(lists[0]))
    report.promise(
        "a word list with two words in the wrong places is refused", "does not add up" in page.text, page.text
    )
    pages = [prove_one(*each) for each in zip(play.scrutineers, [year] * 3, lists, strict=True)]
    alone = [f"List {n} is right" in page.text for n, page in enumerate(pages, start=1)]
    report.promise("each scrutineer proves alone to have kept their list", all(alone), pages[-1].text[:300])
    report.promise("once all three are proved, the vote can be opened", "All three are there now" in pages[-1].text)


def prove_one(person: Person, year: int, words: str) -> Page:
    """A scrutineer types their own list."""
    page = person.go(f"/{year}/election/prove")
    return person.browser.submit(page.form("/election/prove"), {"words": words})


def _two_swapped(words: str) -> str:
    """The list as somebody might copy it who mixes two neighbours up."""
    copied = words.split()
    at = next(n for n in range(4, len(copied)) if copied[n] != copied[n - 1])
    copied[at - 1], copied[at] = copied[at], copied[at - 1]
    return " ".join(copied)


def _strays(play: Play, year: int, latecomer: Person, voted: int) -> None:
    page = latecomer.sign_in(f"/{year}/vote/ballot", expect=409)
    refused = "You are not on the electoral roll" in page.text and not page.has_form("/vote/(check|send)")
    play.report.promise("who joined after the freeze gets no ballot, and reads why", refused, page.text[:300])
    said = play.organiser.go(f"/{year}/screen.json").html
    right = f'"votes": {voted},' in said
    play.report.promise(f"the turnout says {voted:,}: changed and doubled votes count once", right, said)


def close(play: Play, year: int) -> None:
    """Two organisers close the vote before its announced end, and everybody is told why."""
    page = play.organiser.go(f"/{year}/election/close")
    page = play.organiser.browser.submit(page.form("/election/close"), {"reason": FINISHED})
    alone = page.has_form("/election/confirm/close")
    play.report.promise("who asked to close the vote cannot confirm it", not alone, page.text[:300])
    page = confirm(play, year, "close")
    play.report.promise(
        f"the vote of {year}–{year % 100 + 1} is closed", "The vote is closed" in page.text, page.text[:200]
    )


def _too_late(play: Play, year: int) -> None:
    page = play.some(1, language="en")[0].sign_in(f"/{year}/vote/ballot", expect=409)
    refused = "The vote is closed" in page.text and not page.has_form("/vote/(check|send)")
    play.report.promise("after closing nobody gets a ballot", refused, page.text[:300])


def _tell(play: Play, voters: Sequence[Voter]) -> None:
    ways = Counter(voter.way for voter in voters)
    play.report.figure("members voted", len(voters))
    for way in (Way.CHANGED, Way.TWICE, Way.BACK):
        play.report.figure(f"of them {way}", ways[way])
