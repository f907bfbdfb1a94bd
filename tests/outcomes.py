"""What comes after the groups, for tests: drafts, recommendations, decisions, statuses; as factories.py does."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, text

from sipvote.db import db, now
from sipvote.decisions.models import Decision, DecisionText, Outcome
from sipvote.members.models import Member
from sipvote.recommendations import writers
from sipvote.recommendations.hearing_models import Remark
from sipvote.recommendations.models import Draft, LargeTheme, Recommendation, RecommendationText
from sipvote.stocktake.models import Status, StatusChange
from sipvote.workgroups.models import Workgroup
from tests.factories import kept


def a_draft(*groups: Workgroup, published: bool = False, adopted: bool = False, **values: Any) -> Draft:
    """The draft of these groups of one theme; open for remarks for two weeks more when it is published."""
    moment = now() - timedelta(days=7)
    if published or adopted:
        values = {"published_at": moment, "remarks_until": moment + timedelta(days=21), **values}
    if adopted:
        values = {"adopted_at": now() - timedelta(days=1), **values}
    theme = groups[0].theme
    defaults = {"edition": theme.edition, "theme": theme, "groups": list(groups), "created_at": moment}
    return kept(Draft(**{**defaults, **values}))


def a_recommendation(draft: Draft, title: str = "A guide for starters", **values: Any) -> Recommendation:
    """The next recommendation of a draft, by its groups, in English."""
    words = {key: values.pop(key) for key in ("text", "why", "for_whom") if key in values}
    recommendation = Recommendation(**{
        "draft": draft, "year": draft.edition.year, "theme": draft.theme, "original": "en", "created_at": now(),
        "position": 1 + len(draft.recommendations), "groups": list(draft.groups), **values,
    })  # fmt: skip
    return _written(recommendation, title, **words)


def an_old_recommendation(year: int = 2015, number: int = 1, title: str = "A shared workplace", **values: Any) -> Any:
    """One of before this service: with a number, without a draft."""
    words = {key: values.pop(key) for key in ("text", "why", "for_whom") if key in values}
    defaults = {"theme_name": "Shared spaces", "group_name": "Gent", "original": "en", "created_at": now()}
    return _written(Recommendation(year=year, number=number, **{**defaults, **values}), title, **words)


def _written(recommendation: Recommendation, title: str, text: str = "Write one.", **words: str) -> Recommendation:
    kept(recommendation)
    recommendation.versions.append(
        RecommendationText(language=recommendation.original, version=1, title=title, text=text, written_at=now(),
                           **{"why": "It helps.", "for_whom": "New members", **words})
    )  # fmt: skip
    kept(recommendation)
    _read_again(recommendation, recommendation.draft)
    return recommendation


def _read_again(*things: Any) -> None:
    """What was added on one side is seen on the other."""
    db.session.flush()
    for thing in filter(None, things):
        db.session.expire(thing)


def a_translation(recommendation: Recommendation, code: str, title: str) -> RecommendationText:
    """The text in another language."""
    words = {"text": f"{title}.", "why": "", "for_whom": ""}
    text = RecommendationText(recommendation_id=recommendation.id, language=code, version=1, title=title,
                              written_at=now(), **words)  # fmt: skip
    kept(text)
    _read_again(recommendation)
    return text


def a_heard_draft(*groups: Workgroup, **values: Any) -> Draft:
    """A draft whose remarks closed yesterday, with one recommendation."""
    since = {"published_at": now() - timedelta(days=15), "remarks_until": now() - timedelta(days=1)}
    draft = a_draft(*groups, **{**since, **values})
    a_recommendation(draft)
    return draft


def a_remark(draft: Draft, member: Member, text: str = "Say for whom.", **values: Any) -> Remark:
    """What a member said of a draft an hour ago; of one recommendation with about=…, as a reply with to=…."""
    about, to = values.pop("about", None), values.pop("to", None)
    if answer := values.pop("answer", None):
        said = {"answer": answer, "answered_at": now(), "answer_language": "en"}
        values = {"taken_up": True, **said, **values}
    place = {"recommendation_id": about.id if about else None, "parent_id": to.id if to else None}
    if to:
        place["recommendation_id"] = to.recommendation_id
    said_at = {"language": "en", "written_at": now() - timedelta(hours=1)}
    made = kept(Remark(draft_id=draft.id, member_id=member.id, text=text, **{**place, **said_at, **values}))
    _read_again(to)
    return made


def a_large_theme(
    en: str = "Working together", nl: str = "Samen werken", fr: str = "Travailler ensemble"
) -> LargeTheme:
    return kept(LargeTheme(name_en=en, name_nl=nl, name_fr=fr))


def a_decision(
    recommendation: Recommendation, outcome: Outcome = Outcome.ACCEPTED, published: bool = True, **values: Any
) -> Decision:
    """What the board decided, a month ago unless it is said, with reasons in English."""
    on = values.pop("decided_on", (now() - timedelta(days=30)).date())
    made = Decision(
        recommendation=recommendation, outcome=outcome, original="en", decided_on=on if published else None,
        drafted_at=now() - timedelta(days=40), published_at=_at(on) if published else None, **values,
    )  # fmt: skip
    made.texts.append(DecisionText(language="en", reasons="It is worth it.", written_at=now()))
    return kept(made)


def _at(day: date) -> datetime:
    return now().replace(year=day.year, month=day.month, day=day.day, hour=12)


def a_status(
    recommendation: Recommendation, status: Status = Status.ONGOING, since: date | None = None, **values: Any
) -> StatusChange:
    """From a day on (a week ago unless it is said) it has this status; noted now."""
    by: Member | None = values.pop("by", None)
    defaults = {"reason": "As planned.", "language": "en", "noted_at": now(), "author": by}
    since = since or (now() - timedelta(days=7)).date()
    return kept(StatusChange(recommendation=recommendation, status=status, since=since, **{**defaults, **values}))


def some_recommendations(group: Workgroup, count: int = 3) -> list[Recommendation]:
    """An adopted draft of a group with a few recommendations, numbered as in a bundle."""
    draft = a_draft(group, adopted=True)
    return [a_recommendation(draft, f"Recommendation {n}", number=n) for n in range(1, count + 1)]


def a_writer(member: Member, organises: bool = False) -> writers.Writer:
    """A member as they stand in all groups."""
    db.session.flush()
    return writers.known(member.id, organises)


def some_text(title: str = "A guide for starters", **values: str) -> dict[str, str]:
    """What the page of a recommendation sends, but for its language."""
    return {"title": title, "text": "Write one.", "why": "It helps.", "for_whom": "New members", **values}


def many_recommendations(count: int = 10_000) -> None:
    """So many of before this service, in three languages, decided and with two lines of history each; bulk inserts."""
    moment, statuses, outcomes = now() - timedelta(days=5), list(Status), list(Outcome)
    large = [a_large_theme(f"Large {n}", f"Groot {n}", f"Grand {n}") for n in range(8)]
    numbers = range(1, count + 1)
    db.session.execute(insert(Recommendation), [
        {"id": n, "year": 2015 + n % 10, "number": n, "theme_name": f"Theme {n % 40}", "group_name": f"Group {n % 60}",
         "large_theme_id": large[n % 8].id, "country": (None, "BE", "FR")[n % 3], "original": "fr",
         "created_at": moment} for n in numbers
    ])  # fmt: skip
    db.session.execute(insert(RecommendationText), [
        {"recommendation_id": n, "language": code, "version": 1, "title": f"Titre {code} {n}", "written_at": moment,
         "text": "Un texte assez long. " * 20, "why": "Parce que. " * 10, "for_whom": "Tous"}
        for n in numbers for code in ("nl", "fr", "en")
    ])  # fmt: skip
    db.session.execute(insert(Decision), [
        {"id": n, "recommendation_id": n, "outcome": outcomes[n % 4], "original": "fr", "drafted_at": moment,
         "published_at": moment, "decided_on": date(2017 + n % 9, 6, 1)} for n in numbers
    ])  # fmt: skip
    db.session.execute(insert(DecisionText), [
        {"decision_id": n, "language": "fr", "reasons": "Oui.", "written_at": moment} for n in numbers
    ])  # fmt: skip
    db.session.execute(insert(StatusChange), [
        {"recommendation_id": n, "status": statuses[(n + step) % 5], "since": date(2018 + n % 8, 1 + step, 1),
         "language": "fr", "reason": "Voilà.", "noted_at": moment} for n in numbers for step in (0, 1)
    ])  # fmt: skip
    if db.engine.dialect.name == "postgresql":
        # It remembers these as empty, and would plan for that.
        db.session.execute(text("ANALYZE recommendation, recommendation_text, decision, decision_text, status_change"))
