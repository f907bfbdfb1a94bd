"""What people write is shown, printed and sent as they wrote it: never worked out, never a tag."""

import html
import io
from collections.abc import Iterator
from typing import Any

import docx
import pypdf
import pytest
from sqlalchemy import select

from sipvote.db import db
from sipvote.mail import Letter
from tests.assurance.web import hostile, walk
from tests.assurance.web.addresses import address
from tests.assurance.web.test_markdown import Elements
from tests.assurance.web.walk import Walk
from tests.assurance.web.world import World

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PLAIN = ("{{79198765+68414321}}", "{%x%}", "${79198765+68414321}", "#{79198765+68414321}", "#read(x)", "$y$", "@h")
READERS = ("organiser", "owner", "board", "lead", "scrutineer", "holder")


@pytest.fixture
def filled(world: World, request: pytest.FixtureRequest) -> Iterator[World]:
    """The world in which everybody wrote the same text everywhere."""
    with world.app.app_context():
        assert hostile.fill(request.param) > 60
    world.keep("filled")
    yield world
    world.go_back("kept")


signs = pytest.mark.parametrize("filled", [hostile.SIGNS], indirect=True, ids=["signs"])
markup = pytest.mark.parametrize("filled", [hostile.MARKUP], indirect=True, ids=["markup"])


def pages(world: World) -> Iterator[tuple[str, Any]]:
    """Every page that can be read, as the first of the readers who may; what is there as PDF, as DOCX too."""
    for rule in sorted({rule for method, rule in walk.doors(world) if method == "GET"}):
        path = address(world, rule)
        for form in sorted({path, path.replace(".pdf", ".docx")}):
            answers = (walk.ask(world.browser(role), "GET", form) for role in READERS)
            if answer := next((answer for answer in answers if answer.status_code == 200), None):
                yield rule, answer


def words_of(answer: Any) -> str:
    """What somebody reads in an answer, without blanks: of a PDF, a DOCX, or anything else."""
    if answer.mimetype == "application/pdf":
        text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.data)).pages)
    elif answer.mimetype.endswith("wordprocessingml.document"):
        text = "".join(each.text or "" for each in docx.Document(io.BytesIO(answer.data)).element.body.iter())
    else:
        text = html.unescape(answer.data.decode("utf-8", "replace"))
    return "".join(text.split())


@signs
def test_signs_of_templates_and_of_typst_appear_as_they_were_typed(filled: World) -> None:
    seen: dict[str, set[str]] = {}
    for rule, answer in pages(filled):
        words = words_of(answer)
        assert "147613086" not in words, rule
        if all(sign in words for sign in PLAIN):
            seen.setdefault(answer.mimetype, set()).add(rule)
    counts = {kind: len(rules) for kind, rules in seen.items()}
    assert counts["text/html"] > 80, counts
    assert counts["application/pdf"] >= 2 and counts[DOCX] >= 2 and counts["text/csv"] >= 3, counts


@markup
def test_nothing_that_was_typed_becomes_a_tag(filled: World) -> None:
    shown = 0
    for rule, answer in pages(filled):
        if answer.mimetype in ("text/html", "application/atom+xml"):
            shown += "zqtag" in answer.text
            tags = Elements(answer.text).found
            assert not [tag for tag, given in tags if tag == "zqtag" or "onclick" in given], rule
    assert shown > 80, shown


@signs
def test_what_a_form_brings_back_and_the_letters_it_sends_are_not_worked_out(filled: World, walked: Walk) -> None:
    fields, letters = 0, set()
    for rule, body in walked.bodies.items():
        for text in (hostile.SIGNS, hostile.MARKUP):
            sent = {name: [text] if values and " " in values[0] else values for name, values in body.items()}
            client = filled.browser(walk.doer(walked, rule))
            answer = walk.ask(client, "POST", address(filled, rule), sent)
            if answer.status_code == 303:
                answer = walk.ask(client, "GET", answer.headers["Location"])
            page = answer.data.decode("utf-8", "replace")
            fields += sum(values == [text] for values in sent.values()) * ("zq" in page)
            assert answer.status_code < 500 and "147613086" not in page, rule
            assert "zqtag" not in {tag for tag, _ in Elements(page).found}, rule
            letters |= _letters(filled)
            filled.restore()
    assert fields > 60
    assert len({name for name, said in letters if "zq" in said}) >= 10
    assert [name for name, said in letters if "147613086" in said or "\n" in said.partition("\0")[0]] == []


def _letters(world: World) -> set[tuple[str, str]]:
    """The letters that wait: what they are, and their subject and body."""
    if not world.is_changed():
        return set()
    with world.app.app_context():
        return {(each.name, f"{each.subject}\0{each.body}") for each in db.session.scalars(select(Letter))}
