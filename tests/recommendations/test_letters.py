"""The letters about drafts: in the member's language, each with the way to what it is about."""

from datetime import timedelta

from sqlalchemy import select

from sipvote.db import db, now
from sipvote.mail import Letter
from sipvote.recommendations import joining, publishing
from tests.outcomes import a_draft, a_recommendation, a_writer


def letters(name):
    return {letter.language: letter for letter in db.session.scalars(select(Letter).where(Letter.name == name))}


def test_the_people_of_the_group_read_until_when_remarks_are_open(draft, guide, ada, bo, bas):
    ada.language, bo.language = "nl", "fr"
    publishing.publish(draft, a_writer(bas), publishing.end_of(now() + timedelta(days=9)))
    found = letters("draft_published")
    assert set(found) == {"nl", "fr", "en"}
    for code, (subject, place, at) in {
        "nl": ("Gepubliceerd", "(Gent)", "23.59"),
        "fr": ("Publié", "(Gand)", "23 h 59"),
        "en": ("Published", "(Ghent)", "23:59"),
    }.items():
        letter = found[code]
        assert letter.subject.startswith(subject) and place in letter.body and at in letter.body.replace("\xa0", " ")
        assert f"/{code}/2026/drafts/{draft.id}" in letter.body and "{" not in letter.body
    assert "sur «\xa0Guidance\xa0» (Gand)" in found["fr"].body and "maintenant\xa0:" in found["fr"].body


def test_who_answers_and_who_asked_read_it_in_their_language(draft, other, ada, bas, eva):
    ada.language, eva.language = "nl", "fr"
    a_recommendation(a_draft(other), "A desk in Liège")
    joining.ask(other, draft, a_writer(eva))
    asked = letters("joining_asked")
    assert "De werkgroep Luik" in asked["nl"].body and "The workgroup Liège" in asked["en"].body
    assert all(f"/2026/drafts/{draft.id}/together" in letter.body for letter in asked.values())
    joining.decline(other, draft, a_writer(bas))
    answer = letters("joining_answered")["fr"]
    assert "a dit non" in answer.body and f"/fr/2026/drafts/of/{other.id}" in answer.body
    db.session.delete(answer)
    joining.ask(other, draft, a_writer(eva))
    joining.accept(other, draft, a_writer(bas))
    answer = letters("joining_answered")["fr"]
    assert "écrit avec un autre" in answer.subject and "Gand et Liège" in answer.body
