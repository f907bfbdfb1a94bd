"""Searching: the same thirty questions get the same answers on both databases; what is not public is never found."""

import pytest
from sqlalchemy import delete, insert, select, update

from sipvote import finds, searching, stems
from sipvote.db import db, now
from sipvote.decisions import found as _decisions  # noqa: F401  (each says what is found of it)
from sipvote.decisions.models import Decision
from sipvote.i18n import in_language
from sipvote.recommendations import found as _recommendations  # noqa: F401
from sipvote.recommendations.models import Draft, Recommendation, RecommendationText
from sipvote.searching import PER_PAGE, SearchText, matching, search
from sipvote.themes import found as _themes  # noqa: F401
from sipvote.themes.models import Theme, ThemeText
from tests.factories import a_group, a_theme, an_edition
from tests.outcomes import a_decision, a_draft, a_recommendation, a_translation, an_old_recommendation
from tests.queries import counted

pytestmark = pytest.mark.usefixtures("database")


def found(words: str, **how) -> list[str]:
    """The titles of what is found, in their order, without marks."""
    db.session.commit()
    return [hit.title.striptags() for hit in search(words, **how).hits]


def a_text_in(language: str, title: str, text: str, number: int) -> Recommendation:
    return an_old_recommendation(number=number, title=title, text=text, why="", for_whom="", original=language)


# Title, language, text; numbered from 1.
LIBRARY = (
    ("en", "Fair fees for artists", "Agree on minimum fees. Fees are published in every city."),
    ("en", "A guide for starters", "Write a guide with the fees, the taxes and the addresses of the offices."),
    ("en", "Companies and cities", "Talk with the cities about shared workplaces; one company is not enough."),
    ("nl", "Eerlijke vergoedingen", "Spreek minimumvergoedingen af met de vennoten. Geen foto's zonder vergoeding."),
    ("nl", "Werkgroepen in elke stad", "De werkgroep kiest zelf haar thema's en haar bijeenkomsten."),
    ("nl", "Een huis voor vennoten", "Brieven over mogelijkheden: elk jaar een brief, en huizen in drie steden."),
    ("fr", "L’égalité des genres", "Adopter l'égalité dans les coopératives locales et l’œuvre commune."),
    ("fr", "Locaux professionnels partagés", "Un local par bureau ; le coût est partagé. Un espace coopératif."),
    ("fr", "Écouter les sociétaires", "Chaque année, une enquête auprès des sociétaires, en 2020 et après."),
)

# What is asked, and the numbers of what is found, in their order.
QUESTIONS = (
    ("fees", [1, 2]),
    ("FEES", [1, 2]),
    ("fee", [1, 2]),
    ("artist", [1]),
    ("art", [1]),
    ("the fees", [1, 2]),
    ("guide fees", [2]),
    ("city", [3, 1]),
    ("cities", [3, 1]),
    ("company", [3]),
    ("workplace shared", [3]),
    ('"shared workplaces"', [3]),
    ('"workplaces shared"', []),
    ("vergoeding", [4]),
    ("minimumvergoeding", [4]),
    ("vennoot", [6, 4]),
    ("vennoten", [6, 4]),
    ("werkgroep", [5]),
    ("thema", [5]),
    ("themas", [5]),
    ("brief", [6]),
    ("mogelijkheid", [6]),
    ("egalite", [7]),
    ("l'égalité", [7]),
    ("coopérative", [8, 7]),
    ("locales", [8, 7]),
    ("professionnelle", [8]),
    ("oeuvre", [7]),
    ("societaire 2020", [9]),
    ("“égalité des genres”", [7]),
    ("xylophone", []),
    ("fees xylophone", []),
)


def test_the_same_questions_find_the_same_in_the_same_order_on_both_databases():
    titles = [a_text_in(language, title, text, n + 1) and title for n, (language, title, text) in enumerate(LIBRARY)]
    assert {words: found(words) for words, _ in QUESTIONS} == {
        words: [titles[number - 1] for number in numbers] for words, numbers in QUESTIONS
    }


HOSTILE = (
    "", " ", "\0", "'", '"', '"""', "“", "*", "fees*", "-fees", "NEAR(fees)", "fees AND", "OR", "NOT fees", "a:b",
    "words:fees", "fees & | ! <-> (", ")", "\\", "%", "_", "fees\0", "☃ 🎉", "x'; DROP TABLE search_text; --", "{fees}",
    "^fees", "+", "fees " * 5_000, "f" * 10_000, '"' * 10_000, "é" * 10_000, "٣", "½", "\ud800",
)  # fmt: skip


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_that_is_typed_makes_a_search_fail(words):
    an_old_recommendation(title="Fair fees")
    found(words)
    ids = matching(words, "recommendation")
    assert ids is None or db.session.scalars(ids).all() is not None


@pytest.mark.parametrize("words", ["fees*", "-fees", "NOT: fees?", "fees\0", "^fees", "{fees}", "fees " * 5_000])
def test_signs_mean_nothing(words):
    an_old_recommendation(title="Fair fees: do not wait")
    assert found(words) == ["Fair fees: do not wait"]


def test_words_of_other_alphabets_are_found_too():
    a_text_in("en", "Привет из Гента", "Καλημέρα", 1)
    assert found("привет") == found("ГЕНТА") == found("καλημερα") == ["Привет из Гента"]


def test_a_title_goes_before_many_times_in_a_text():
    a_text_in("en", "A guide", "Once.", 1)
    a_text_in("en", "Another", "guide guide guide guide", 2)
    a_text_in("en", "A third", "guide guide", 3)
    assert found("guide") == ["A guide", "Another", "A third"]


def test_a_thing_in_three_languages_is_found_once_and_shown_in_the_readers(app):
    recommendation = an_old_recommendation(title="The pilot")
    a_translation(recommendation, "nl", "Het pilootproject")
    a_translation(recommendation, "fr", "Le projet pilote")
    db.session.commit()
    for code, title in (("en", "The pilot"), ("fr", "Le projet pilote"), ("nl", "Het pilootproject")):
        with app.test_request_context(), in_language(code):
            assert [hit.title.striptags() for hit in search("pilo").hits] == [title]
    assert found("projet pilote") == ["Le projet pilote"]
    assert found("pilo", language="nl") == ["Het pilootproject"]
    assert found("projet", language="nl") == []


def test_only_the_kinds_that_are_asked():
    a_theme(an_edition(), "Fair fees")
    an_old_recommendation(title="Fair fees too")
    assert found("fees", kinds=["theme"]) == ["Fair fees"]
    assert len(found("fees")) == 2
    ids = matching("fees", "recommendation")
    assert len(db.session.scalars(ids).all()) == 1


def test_pages_follow_each_other_and_the_last_is_followed_by_none():
    for number in range(1, PER_PAGE + 4):
        an_old_recommendation(number=number, title=f"Fair fees {number}")
    first, second, third = found("fees"), found("fees", page=2), found("fees", page=3)
    assert (len(first), len(second), third) == (PER_PAGE, 3, [])
    assert len({*first, *second}) == PER_PAGE + 3
    assert (search("fees").total, search("fees").pages) == (PER_PAGE + 3, 2)


def test_hits_are_marked_and_everything_else_is_escaped():
    an_old_recommendation(title="<b>Fees</b>", text="x & <script>alert(1)</script> the **fees** [here](https://x.y)")
    db.session.commit()
    hit = search("fee").hits[0]
    assert hit.title == "&lt;b&gt;<mark>Fees</mark>&lt;/b&gt;"
    assert "<script" not in hit.excerpt and "the <mark>fees</mark> here" in hit.excerpt
    assert "x &amp; " in hit.excerpt


def test_an_excerpt_stands_around_the_word():
    an_old_recommendation(title="Long", text=f"{'before ' * 400}needle{' after' * 400}")
    db.session.commit()
    excerpt = search("needle").hits[0].excerpt
    assert "<mark>needle</mark>" in excerpt and len(excerpt.striptags()) < 300
    assert excerpt.startswith("… before") and excerpt.endswith("after …")


def test_a_search_takes_one_query():
    for number in range(1, 12):
        an_old_recommendation(number=number, title=f"Fair fees {number}")
    db.session.commit()
    with counted() as seen:
        search('"fair fees" guide theatre')
        search("fees")
    assert len([statement for statement in seen if statement.startswith("SELECT")]) == 2


# --- In step ------------------------------------------------------------------------------------------


def test_withdrawn_and_declined_themes_are_not_found():
    theme = a_theme(an_edition(), "Fair fees")
    assert found("fees") == ["Fair fees"]
    theme.declined_at, theme.decline_reason = now(), "Twice the same."
    assert found("fees") == []
    theme.declined_at = theme.decline_reason = None
    assert found("fees") == ["Fair fees"]
    theme.withdrawn_at = now()
    assert found("fees") == []


def test_a_draft_is_found_once_it_is_published_and_no_more_when_it_is_withdrawn():
    draft = a_draft(a_group(an_edition()))
    recommendation = a_recommendation(draft, "Fair fees")
    assert found("fees") == []
    draft.published_at, draft.remarks_until = now(), now().replace(year=now().year + 1)
    assert found("fees") == ["Fair fees"]
    recommendation.withdrawn_at = now()
    assert found("fees") == []


def test_a_decision_is_found_once_it_is_published():
    decision = a_decision(an_old_recommendation(title="Fair fees"), published=False)
    decision.texts[0].reasons = "Kangaroos"
    assert found("kangaroo") == []
    decision.decided_on, decision.published_at = now().date(), now()
    assert found("kangaroo") == found("fees", kinds=["decision"]) == ["Fair fees"]
    decision.recommendation.withdrawn_at = now()
    assert found("kangaroo") == []


def test_words_that_were_replaced_or_changed_are_not_found():
    recommendation = an_old_recommendation(title="Fair fees")
    decision = a_decision(recommendation)
    assert len(found("fees")) == 2
    old = recommendation.versions[0]
    old.replaced_at = now()
    db.session.flush()
    new = {"title": "Clear prices", "text": "Yes.", "why": "", "for_whom": "", "written_at": now()}
    recommendation.versions.append(RecommendationText(language="en", version=2, **new))
    assert (found("fees"), found("prices")) == ([], ["Clear prices", "Clear prices"])
    db.session.delete(decision)
    assert found("prices") == ["Clear prices"]


def test_statements_are_followed_too():
    draft = a_draft(a_group(an_edition()), published=True)
    ids = [a_recommendation(draft, f"Fees {n}").id for n in range(3)]
    assert len(found("fees")) == 3
    withdrawal = update(Recommendation).where(Recommendation.id == ids[0]).values(withdrawn_at=now())
    db.session.execute(withdrawal)
    assert len(found("fees")) == 2
    db.session.execute(update(Draft).where(Draft.id == draft.id).values(published_at=None, remarks_until=None))
    assert found("fees") == []
    db.session.execute(update(Recommendation).values(number=Recommendation.id, withdrawn_at=None))
    assert len(found("fees")) == 3
    db.session.execute(delete(RecommendationText).where(RecommendationText.recommendation_id == ids[1]))
    assert len(found("fees")) == 2
    rest = {"language": "nl", "title": "Honoraria", "question": "?", "why": "", "change": "", "written_at": now()}
    theme_id = draft.theme_id
    db.session.execute(insert(ThemeText).values(theme_id=theme_id, **rest))
    assert found("honorarium") == [] and found("honoraria") == ["Honoraria"]


def test_rows_that_a_statement_adds_are_found():
    facts = {"year": 2015, "position": 0, "theme_name": "", "group_name": "", "original": "en", "created_at": now()}
    db.session.execute(insert(Recommendation), [{**facts, "number": n} for n in (1, 2)])
    ids = db.session.scalars(select(Recommendation.id)).all()
    words = {"language": "en", "version": 1, "text": "Yes.", "why": "", "for_whom": "", "written_at": now()}
    rows = [{"recommendation_id": id, "title": f"Fees {id}", **words} for id in ids]
    db.session.execute(insert(RecommendationText), rows)
    assert len(found("fees")) == 2


def test_what_is_rolled_back_is_not_found():
    theme = a_theme(an_edition(), "Fair fees")
    db.session.commit()
    theme.withdrawn_at = now()
    db.session.flush()
    db.session.rollback()
    assert found("fees") == ["Fair fees"]


def test_a_savepoint_that_fails_leaves_the_index_as_it_was():
    theme = a_theme(an_edition(), "Fair fees")
    db.session.commit()
    nested = db.session.begin_nested()
    theme.withdrawn_at = now()
    db.session.flush()
    nested.rollback()
    with db.session.begin_nested():
        theme.texts[0].title = "Clear prices"
    assert (found("fees title"), found("prices")) == ([], ["Clear prices"])


def test_the_index_can_be_made_anew():
    theme = a_theme(an_edition(), "Fair fees")
    an_old_recommendation(title="Fees of old")
    db.session.commit()
    with db.engine.begin() as past_the_session:
        past_the_session.execute(update(ThemeText.__table__).values(title="Clear prices", question="Which?"))
        past_the_session.execute(delete(RecommendationText.__table__))
        past_the_session.execute(delete(Recommendation.__table__))
    assert len(found("fees")) == 2
    db.session.expire_all()
    assert finds.rebuild() == 1
    assert (found("fair fees"), found("prices")) == ([], ["Clear prices"])
    db.session.delete(theme)
    assert found("prices") == []


def test_nothing_is_in_the_index_that_is_not_found_by_the_rooms():
    an_edition()
    theme = db.session.get(Theme, a_theme(an_edition(year=2027), "Fees").id)
    theme.withdrawn_at = now()
    a_decision(an_old_recommendation(title="Fees"), published=False)
    db.session.commit()
    assert db.session.scalars(select(SearchText.kind)).all() == ["recommendation"]
    assert db.session.scalar(select(Decision.id)) is not None


def test_of_a_word_that_stands_everywhere_the_newest_are_compared(app, monkeypatch):
    monkeypatch.setattr(searching, "MOST_RANKED", 3)
    for number in range(1, 6):
        an_old_recommendation(number=number, title=f"Fees {number}")
        db.session.commit()  # what is written together has no order
    few, all_ = search("fees"), search('"fees 2"')
    assert [hit.title.striptags() for hit in few.hits] == ["Fees 5", "Fees 4", "Fees 3"] and few.is_cut
    assert all_.total == 1 and not all_.is_cut


# --- Stems --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("en", "fee fees"), ("en", "city cities"), ("en", "box boxes"), ("en", "process processes"),
        ("nl", "vennoot vennoten"), ("nl", "werkgroep werkgroepen"), ("nl", "brief brieven"), ("nl", "huis huizen"),
        ("nl", "jaar jaren"), ("nl", "mogelijkheid mogelijkheden"), ("nl", "stemming stemmingen"),
        ("nl", "stem stemmen"), ("nl", "thema themas thema's"),
        ("fr", "local locaux locale locales"), ("fr", "groupe groupes"), ("fr", "bureau bureaux"),
        ("fr", "coopératif coopérative coopératives"), ("fr", "professionnel professionnelle professionnelles"),
    ],
)  # fmt: skip
def test_forms_of_a_word_have_one_stem(language, forms):
    assert len({stems.stem(word.folded, language) for word in stems.words(forms)}) == 1


@pytest.mark.parametrize(("one", "other"), [("bus", "bu"), ("glass", "glas")])
def test_what_is_no_plural_stays(one, other):
    assert stems.stem(one, "en") == one != other


def test_words_are_spelled_so_that_every_database_cuts_them_alike():
    spelled = [word.folded for word in stems.words("L’œuvre d'Été: 2020-21, foto's it’s snake_case Straße ½ привет")]
    assert all(word.isascii() and word.isalnum() and word[0].isalpha() for word in spelled)
    assert spelled[:6] == ["oeuvre", "ete", "n2020", "n21", "foto", "it"]
