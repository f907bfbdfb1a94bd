"""The bundle goes to the board; the board drafts, meets and publishes; who answers for something says how far it is."""

import json
import re
from collections import Counter
from datetime import timedelta

from .outcomes_cast import Troupe, come, numbers_in, stranger
from .outcomes_hearing import NOTE
from .outcomes_writing import LANGUAGES, day_of, sha256, told

OUTCOMES = ("accepted", "amended", "rejected", "postponed", "accepted")
REASONS = "We read this with care, and this is why."
AMENDED = "We do this in two offices first."
FOREWORD = "These are the recommendations of this year."


def submit(troupe: Troupe) -> None:
    """An organiser writes a foreword and submits; the hash of the file stands on the page and in the letters."""
    organiser, board, at = troupe.company.organiser, troupe.company.board, f"/{troupe.year}/bundle"
    before, outside = len(board.letters()), stranger(troupe.company)
    closed = outside.browser.get(f"/en{at}/bundle.html", expect=404).status == 404
    form = come(organiser, f"{at}/foreword").form("/foreword")
    organiser.browser.submit(form, {f"foreword_{code}": FOREWORD for code in LANGUAGES})
    organiser.browser.submit(organiser.go(f"{at}/submit").form("/submit"))
    written = outside.go(f"{at}/bundle.json").content
    digest = sha256(written)
    letter = board.await_letter(digest, before)
    page = outside.go(at)
    text = f"the bundle is submitted: the hash of its file ({digest[:8]}…) stands on the page and in the board's letter"
    troupe.promise(text, closed and digest in page.html and letter, page.text)
    found = [r for t in json.loads(written)["themes"] for d in t["drafts"] for r in d["recommendations"]]
    troupe.numbers = {each["id"]: each["number"] for each in found}
    titles = {each["id"]: each["texts"]["en"]["title"] for each in found}
    in_order = list(troupe.numbers.values()) == list(range(1, len(found) + 1))
    complete = titles == troupe.ideas and all(set(each["texts"]) == set(LANGUAGES) for each in found)
    notes = written.decode().count(NOTE)
    text = f"it holds all {len(found)} recommendations in three languages, numbered, and {notes} minority notes"
    troupe.promise(text, in_order and complete and notes == len(troupe.bands), titles)
    kinds = {"pdf": b"%PDF", "docx": b"PK", "html": b"<!doctype html>"}
    wrong = [
        k
        for k, begins in kinds.items()
        if not outside.go(f"{at}/bundle.{k}").content.lower().startswith(begins.lower())
    ]
    troupe.promise("it can be had as PDF, DOCX and HTML", not wrong, wrong)
    organiser.leave()


def draft(troupe: Troupe) -> None:
    """Before its meeting the board drafts what it will say; nobody else reads it, and it knows what it lacks."""
    board = troupe.company.board
    for nth, id in enumerate(troupe.numbers):
        outcome = troupe.outcomes[id] = OUTCOMES[nth % len(OUTCOMES)]
        owner = troupe.owned[id] = troupe.owners[nth % len(troupe.owners)]
        given = {"outcome": outcome, "language": "en", "owner": owner.number, "reasons": "" if nth == 0 else REASONS}
        if outcome in ("accepted", "amended"):
            given["due"] = day_of(troupe.company.season.now + timedelta(days=300))
        if outcome == "amended":
            given["amended"] = AMENDED
        if outcome == "postponed":
            given["postponed_until"] = day_of(troupe.company.season.now + timedelta(days=400))
        page = come(board, f"/board/recommendations/{id}/draft")
        board.browser.submit(page.form("/draft"), given)
    page = board.go("/board/publish")
    first = next(iter(troupe.numbers))
    offered = [int(v) for f in page.forms for v in f.choices("chosen")]
    ok = "The reasons are missing" in page.text and len(offered) == len(troupe.numbers) - 1
    troupe.promise("the board cannot publish a decision without its reasons, and is told so", ok, page.text)
    board.browser.submit(board.go(f"/board/recommendations/{first}/draft").form("/draft"), {"reasons": REASONS})
    _start(troupe)
    public = stranger(troupe.company).go(f"/{troupe.year}/decisions")
    troupe.promise("before that, nobody reads a word of it", REASONS not in public.html and AMENDED not in public.html)


def _start(troupe: Troupe) -> None:
    """What is accepted starts a project, and a question to the next assembly."""
    board, begun = troupe.company.board, []
    accepted = [id for id, outcome in troupe.outcomes.items() if outcome == "accepted"]
    for id, kind in zip(accepted, ("project", "question"), strict=False):
        page = board.go(f"/board/recommendations/{id}")
        page = board.go(page.link(r"/decisions/\d+/start"))
        title = f"{kind} {troupe.year}/{troupe.numbers[id]}"
        page = board.browser.submit(page.form("/start"), {"kind": kind, "language": "en", "title": title})
        begun += [title] if title in page.text else []
    troupe.promise(f"decisions start something: {', '.join(begun)}", len(begun) == 2, begun)


def publish(troupe: Troupe) -> None:
    """After the meeting, together. Each whom it concerns gets one letter for each theme, and nobody else."""
    board, season = troupe.company.board, troupe.company.season
    before = season.stage.letters.counts()
    asked = board.browser.submit(come(board, "/board/publish").form("/publish"))
    page = troupe.company.second.confirm(asked)
    count = len(troupe.numbers)
    outside = stranger(troupe.company)
    text = outside.go(f"/{troupe.year}/decisions").text
    table = outside.go(f"/{troupe.year}/decisions.csv").content.decode("utf-8-sig")
    shown = AMENDED in text and all(table.count(title) for title in troupe.ideas.values())
    troupe.promise(f"{count} decisions are published together, with reasons", shown and REASONS in table, page.text)
    board.leave()
    season.until(season.now + timedelta(minutes=30))
    expected = _hearers(troupe)
    pattern = rf"/{troupe.year}/decisions"
    came = Counter({p.email: n for p in _known(troupe) if (n := told(p, before.get(p.email.lower(), 0), pattern))})
    differs = {who: (came[who], expected[who]) for who in {*came, *expected} if came[who] != expected[who]}
    text = (
        f"{expected.total()} letters tell groups, proposers, supporters and who answers for something, once per theme"
    )
    troupe.promise(text, expected and not differs, differs)
    everybody = sum(bool(re.search(pattern, x.text)) for x in season.stage.letters.everything())
    others = everybody - came.total()
    troupe.promise("and nobody else is told", others == 0, others)


def _known(troupe: Troupe) -> list:
    company = troupe.company
    leaders = [person for people in company.leaders.values() for person in people]
    people = [*troupe.everybody, *troupe.owners, company.organiser, company.board, *leaders]
    return list({person.email: person for person in people}.values())


def _hearers(troupe: Troupe) -> Counter[str]:
    """Whom each theme's decisions concern, by the play's own book."""
    expected: Counter[str] = Counter()
    for theme in {band.circle.title for band in troupe.bands}:
        bands = [band for band in troupe.bands if band.circle.title == theme]
        people = {person.email for band in bands for person in band.people} | troupe.hearers[theme]
        people |= {owner.email for id, owner in troupe.owned.items() if troupe.band_of(id) in bands}
        expected.update(people)
    return expected


def report_back(troupe: Troupe) -> None:
    """Who answers for something says how far it is; nobody else can."""
    done, today = [], day_of(troupe.company.season.now)
    for owner in troupe.owners:
        mine = numbers_in(come(owner, "/recommendations/mine"), r"/recommendations/(\d+)")
        theirs = [id for id in mine if troupe.outcomes.get(id) in ("accepted", "amended")]
        for nth, id in enumerate(theirs):
            given = {"status": "done" if nth % 2 == 0 else "ongoing", "since": today, "reason": "It was tried out."}
            owner.browser.submit(owner.go(f"/recommendations/{id}/status").form("/status"), given)
            done += [id]
        owner.leave()
    member = troupe.bands[0].secretary
    come(member, "/")
    member.go(f"/recommendations/{done[0]}/status", expect=403)
    member.leave()
    page = stranger(troupe.company).go(f"/recommendations/{done[0]}")
    said = "It was tried out." in page.text and troupe.ideas[done[0]] in page.text
    accepted = [id for id, outcome in troupe.outcomes.items() if outcome in ("accepted", "amended")]
    text = f"who answers for them says how far {len(done)} are, on the page that everybody reads; others are refused"
    troupe.promise(text, sorted(done) == sorted(accepted) and said, (done, page.text))


def publish_stocktake(troupe: Troupe) -> None:
    """The organisers publish the stocktake of a day; its figures stay, and are counted from one file."""
    organiser, day = troupe.company.organiser, day_of(troupe.company.season.now)
    page = come(organiser, f"/stocktake/publish?day={day}")
    form = next(form for form in page.forms if form.is_post and form.action.endswith("/stocktake/publish"))
    troupe.company.second.confirm(organiser.browser.submit(form))
    organiser.leave()
    outside = stranger(troupe.company)
    page = outside.go(f"/stocktake/published/{day}")
    content = outside.go(f"/stocktake/published/{day}/content.json").content
    total = len(json.loads(content)["rows"]) if b'"rows"' in content else -1
    troupe.promise(
        f"the stocktake of {day} is published, with the hash of its file", sha256(content) in page.html, total
    )


def read_threads(troupe: Troupe) -> None:
    """One page tells a theme's whole thread."""
    outside, wrong = stranger(troupe.company), []
    for band in troupe.bands:
        text = outside.go(f"/threads/{band.theme}").text
        wrong += [title for title in band.ideas.values() if title not in text]
    troupe.promise("the thread of each theme leads to what its groups recommended", not wrong, wrong)
