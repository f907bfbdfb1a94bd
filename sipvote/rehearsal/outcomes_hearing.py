"""Members remark, groups answer; then those who were present adopt the text, one of them with a minority note."""

from .browser import Broken
from .outcomes_cast import Band, Troupe, come, numbers_in, stranger
from .outcomes_writing import told
from .person import Person

REMARKS = ("Who pays for it, and how much?", "And for those who work in France?", "This one is rude.")
REPLY = "I asked myself the same."
ANSWER, WHY_NOT = "We have added an estimate.", "The rule is another one there, so the text stays as it is."
ADDED = "We estimate 2,000 euros a year."
NOTE = "I would have asked for figures first."


def remark(troupe: Troupe) -> None:
    """Members of other groups say what they think of each draft; one is rude, and organisers hide that."""
    sent, hidden, shown = 0, [], []
    for band in [bands[0] for bands in troupe.drafts.values()]:
        others = [p for b in troupe.bands if b.draft != band.draft for p in b.seated][: len(REMARKS)]
        about = next(iter(band.ideas))
        ids = [_send(p, f"{band.at}/remarks/{about}/write", words) for p, words in zip(others, REMARKS, strict=True)]
        _send(others[1], f"{band.at}/remarks/r/{ids[0]}/reply", REPLY)
        sent += len(ids) + 1
        page = come(troupe.company.organiser, f"/{troupe.year}/remarks/{ids[2]}/hide")
        troupe.company.organiser.browser.submit(page.form("/hide"), {"reason": "Nobody is called names here."})
        text = stranger(troupe.company).go(f"{band.at}/remarks/{about}").text
        shown += [words for words in (*REMARKS[:2], REPLY) if words not in text]
        hidden += [words for words in REMARKS[2:] if words in text]
        for person in others:
            person.leave()
    troupe.promise(f"members send {sent} remarks and replies, which everybody reads", sent and not shown, shown)
    troupe.promise("what the organisers hide, with a reason, nobody else reads any more", not hidden, hidden)


def _send(person: Person, path: str, words: str) -> int:
    page = come(person, path)
    page = person.browser.submit(page.form(path.rsplit("/", 1)[1]), {"words": words, "language": "en"})
    ids = [n for n in numbers_in(page, r"/remarks/r/(\d+)") if words in _near(page.html, n)]
    if words not in page.text:
        raise Broken(f"{person.name} does not find the remark that was sent: {page.text[:400]}")
    return max(ids or numbers_in(page, r"/remarks/r/(\d+)"))


def _near(html: str, remark: int) -> str:
    """Some of the page around a remark."""
    at = html.find(f"/remarks/r/{remark}")
    return html[max(0, at - 3000) : at + 500]


def answer(troupe: Troupe) -> None:
    """The group takes one up, with a new version, and says of another why not; each author reads it in a letter."""
    wrong = []
    for bands in troupe.drafts.values():
        band = bands[0]
        about = next(iter(band.ideas))
        others = [p for b in troupe.bands if b.draft != band.draft for p in b.seated][:2]
        before = {person.email: len(person.letters()) for person in others}
        form = come(band.leader, f"{band.at}/{about}/write").form("/write")
        text = dict(form.filled({})[0])["text"]
        band.leader.browser.submit(form, {"text": f"{text}\n\n{ADDED}"})
        page = band.leader.go(f"{band.at}/remarks/{about}?show=unanswered")
        waiting = numbers_in(page, r"/remarks/r/(\d+)/answer")
        for id in waiting:
            page = band.leader.go(f"{band.at}/remarks/r/{id}/answer")
            taken_up = REMARKS[0] in page.text
            given = {"taken_up": "yes" if taken_up else "no", "words": ANSWER if taken_up else WHY_NOT}
            band.leader.browser.submit(page.form("/answer"), {**given, "language": "en"})
        troupe.company.season.work()
        for person, words in zip(others, (ANSWER, WHY_NOT), strict=True):
            wrong += [] if told(person, before[person.email], words[:-1]) == 1 else [f"{person.name}: {words}"]
        wrong += [] if len(waiting) == 2 else [f"{band.name}: {waiting}"]
        band.leader.leave()
    troupe.promise(
        "groups answer every remark: taken up, or why not; each author gets the answer by mail", not wrong, wrong
    )


# --- Adoption ---------------------------------------------------------------------------------------


def adopt(troupe: Troupe) -> None:
    """After the last day: those who were at the last meeting say whether they agree; who was not there cannot."""
    asked, absent, open_ones = [], [], []
    for bands in troupe.drafts.values():
        for band in bands:
            before = {person.email: len(person.letters()) for person in band.seated}
            page = come(band.leader, f"{band.at}/adoption")
            band.leader.browser.submit(page.form(f"/adoption/{band.id}/open"), {"meeting": str(band.meeting)})
            troupe.company.season.work()
            pattern = rf"/drafts/{band.draft}/adoption"
            for person in band.seated:
                count = told(person, before[person.email], pattern)
                asked += [] if count == (person in band.present) else [f"{person.name}: {count}"]
            absent += _answer(band)
            page = come(band.leader, f"{band.at}/adoption")
            page = band.leader.browser.submit(page.form(r"/asked/\d+/close"))
            open_ones += [] if "The group has adopted the text" in page.text else [f"{band.name}: {page.text[:300]}"]
            band.leader.leave()
    people = sum(len(band.present) for band in troupe.bands)
    troupe.promise(
        f"the {people} who were present are asked by letter, once each, and nobody else is", not asked, asked
    )
    troupe.promise("who was not at that meeting has no button to agree", not absent, absent)
    troupe.promise(f"{len(troupe.bands)} groups adopt {len(troupe.drafts)} texts", not open_ones, open_ones)
    _check_note(troupe)


def _answer(band: Band) -> list[str]:
    """Everybody who was present agrees but one, who writes a note; the one who was absent finds nothing to press."""
    for nth, person in enumerate(band.present):
        word = "disagree" if nth == 1 else "agree"
        page = come(person, f"{band.at}/adoption")
        person.browser.submit(page.form(rf"/asked/\d+/{word}"))
        if nth == 1:
            id = list(band.ideas)[-1]
            page = person.go(f"{band.at}/adoption/note/{id}")
            person.browser.submit(page.form(f"/note/{id}"), {"words": NOTE, "language": "en"})
        person.leave()
    away = band.seated[-1]
    page = come(away, f"{band.at}/adoption")
    away.leave()
    return [away.name] if page.has_form(r"/asked/\d+/agree") else []


def _check_note(troupe: Troupe) -> None:
    outside, missing = stranger(troupe.company), []
    for bands in troupe.drafts.values():
        page = outside.go(f"{bands[0].at}/adoption")
        names = [band.present[1].name for band in bands]
        missing += [name for name in names if name not in page.text or NOTE not in page.text]
        missing += [] if page.text.count(NOTE) == len(bands) else [page.text[:300]]
    troupe.promise("each minority note stands beside the adopted text, under its author's name", not missing, missing)
