"""Writing recommendations: adding, saving a version, the order, withdrawing. Versions are read in versions.py.

A version is never changed: saving makes the next one, and only when a word is different. Two who write at the same
time: the second is told (`seen`), and both texts are shown.
"""

from collections.abc import Mapping

from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from ..db import db, now
from ..editions import rules as editions
from ..errors import Refused
from . import drafts
from .models import Draft, Recommendation, RecommendationText
from .writers import Writer

# What a recommendation says in one language. All but title and for_whom are Markdown.
WORDS = ("title", "text", "why", "for_whom")
Words = Mapping[str, str]
MOST = 60  # in one draft: five cycles of all groups together gave 250


class Overtaken(Refused):
    """Somebody else saved since this page was opened: what they wrote stands, and nothing of either is lost."""

    def __init__(self, text: RecommendationText) -> None:
        who = text.author.name if text.author else _("Somebody")
        super().__init__(
            _("%(name)s saved this text while this page was open. Nothing is lost: both texts are below.", name=who)
        )
        self.text = text


def words_of(text: RecommendationText) -> dict[str, str]:
    """The words of a version."""
    return {name: getattr(text, name) for name in WORDS}


# --- May they? --------------------------------------------------------------------------------------


def why_settled(draft: Draft) -> str | None:
    """Why nobody changes this draft any more (or not yet), or None."""
    if draft.adopted_at:
        return _("This text was adopted: it no longer changes.")
    return editions.why_not_now(draft.edition, "write")


def why_not_write(draft: Draft, who: Writer) -> str | None:
    """Everybody in the groups writes, until the text is adopted."""
    if not who.is_in(draft):
        return _("The people in the group write its recommendations.")
    return why_settled(draft)


def why_not_arrange(draft: Draft, who: Writer) -> str | None:
    """Facilitators and the secretary decide on the order, and on what is withdrawn."""
    if not who.leads(draft):
        return _("The group’s facilitators and its secretary do this.")
    return why_settled(draft)


# --- Adding and saving ------------------------------------------------------------------------------


def add(draft: Draft, who: Writer, language: str, words: Words) -> Recommendation:
    """Write a new recommendation, the last of the draft. The same words sent twice are one. Raises Refused."""
    drafts.hold(draft)
    if why := why_not_write(draft, who):
        raise Refused(why)
    standing = drafts.standing(draft)
    for there in standing:
        if there.original == language and words_of(there.original_text) == dict(words):
            return there
    if len(standing) >= MOST:
        raise Refused(_("A draft has at most %(n)s recommendations.", n=MOST))
    group = who.group_in(draft)
    made = Recommendation(
        draft=draft, year=draft.edition.year, theme_id=draft.theme_id, original=language, created_at=now(),
        position=len(standing) + 1, groups=[group] if group else [],
    )  # fmt: skip
    made.versions.append(
        RecommendationText(
            language=language, version=1, author_id=who.member_id, workgroup=group, written_at=now(), **words
        )
    )
    db.session.add(made)
    db.session.flush()
    db.session.expire(made, ["texts"])
    return made


def save(
    recommendation: Recommendation, who: Writer, words: Words, seen: str, language: str | None = None
) -> RecommendationText:
    """Save the original words as the next version, in the name of the writer's group.

    `seen` is the number of the version that the writer had before them; `language` mends the language they are said to
    be in. The same words again change nothing. Raises Refused, and Overtaken when somebody else saved meanwhile.
    """
    draft = hold(recommendation)
    if why := why_not_save(recommendation, who):
        raise Refused(why)
    if language and language != recommendation.original:
        _mend_language(recommendation, language)
    group = who.group_in(draft)
    before = standing_text(recommendation, recommendation.original)
    after = put(recommendation, recommendation.original, words, seen, who.member_id, group.id if group else None)
    if after is not before and group is not None and group not in recommendation.groups:
        recommendation.groups.append(group)  # each recommendation says which groups wrote it
        db.session.flush()
    return after


def is_in_one_language(recommendation: Recommendation) -> bool:
    """Whether it has no translation yet: then the language it is said to be in can still be mended."""
    return len(recommendation.texts) == 1


def _mend_language(recommendation: Recommendation, language: str) -> None:
    """Somebody chose the wrong language when they began: every version is in the other one."""
    if not is_in_one_language(recommendation):
        raise Refused(_("This recommendation is translated already, so its language stays."))
    of_this = RecommendationText.recommendation_id == recommendation.id
    db.session.execute(update(RecommendationText).where(of_this).values(language=language))
    recommendation.original = language
    db.session.flush()
    db.session.expire(recommendation, ["texts", "versions"])


def why_not_save(recommendation: Recommendation, who: Writer) -> str | None:
    """The sentence why somebody cannot change this recommendation, or None."""
    if why := why_not_write(draft_of(recommendation), who):
        return why
    if recommendation.number:
        return _("This text was handed to the board: it no longer changes.")
    return _("This recommendation was withdrawn. Bring it back first.") if recommendation.withdrawn_at else None


def draft_of(recommendation: Recommendation) -> Draft:
    """The draft that it stands in. Raises Refused for one of before this service."""
    if recommendation.draft is None:
        raise Refused(_("This recommendation was not written here."))
    return recommendation.draft


def hold(recommendation: Recommendation) -> Draft:
    """Its draft, held: whoever adopts it or submits it to the board now waits for our commit. Raises Refused."""
    draft = draft_of(recommendation)
    drafts.hold(draft)
    db.session.refresh(recommendation, ["draft_id", "number", "withdrawn_at"])
    if recommendation.draft_id != draft.id:  # a group has left with it
        raise Refused(_("Reload the page and try again."))
    return draft


def standing_text(recommendation: Recommendation, language: str) -> RecommendationText | None:
    """The version that stands in a language, as it is in the database now."""
    wanted = select(RecommendationText).where(
        RecommendationText.recommendation_id == recommendation.id,
        RecommendationText.language == language,
        RecommendationText.replaced_at.is_(None),
    )
    return db.session.scalar(wanted.execution_options(populate_existing=True))


def put(
    recommendation: Recommendation, language: str, words: Words, seen: str, by: int | None,
    group_id: int | None = None, always: bool = False,
) -> RecommendationText:  # fmt: skip
    """Make the next version in a language, unless these words stand already. In a race the constraint decides.

    `always`: also with the same words, so that they count as written now.
    """
    stands = standing_text(recommendation, language)
    if stands and words_of(stands) == dict(words) and not always:
        return stands
    if seen != (str(stands.version) if stands else ""):
        raise _overtaken(recommendation, language)
    moment = now()
    made = RecommendationText(
        recommendation_id=recommendation.id, language=language, version=stands.version + 1 if stands else 1,
        author_id=by, workgroup_id=group_id, written_at=moment, **words,
    )  # fmt: skip
    try:
        with db.session.begin_nested():
            if stands:
                old = update(RecommendationText).where(RecommendationText.id == stands.id)
                db.session.execute(old.values(replaced_at=moment))
            db.session.add(made)
    except IntegrityError:
        raise _overtaken(recommendation, language) from None
    db.session.expire(recommendation, ["texts", "versions"])
    return made


def _overtaken(recommendation: Recommendation, language: str) -> Refused:
    stands = standing_text(recommendation, language)
    return Overtaken(stands) if stands else Refused(_("Reload the page and try again."))


# --- Order and withdrawing --------------------------------------------------------------------------


def move(recommendation: Recommendation, who: Writer, up: bool) -> None:
    """Put it one place earlier or later; at the end of the list nothing moves. Raises Refused."""
    draft = hold(recommendation)
    if why := why_not_arrange(draft, who):
        raise Refused(why)
    order = drafts.standing(draft)
    if recommendation not in order:
        raise Refused(_("This recommendation was withdrawn. Bring it back first."))
    here = order.index(recommendation)
    there = here + (-1 if up else 1)
    if 0 <= there < len(order):
        order[here], order[there] = order[there], order[here]
    _number(order)


def withdraw(recommendation: Recommendation, who: Writer) -> None:
    """Take it out of the draft; its words stay, and it may come back. Twice is once. Raises Refused."""
    draft = _to_arrange(recommendation, who)
    recommendation.withdrawn_at = recommendation.withdrawn_at or now()
    _number(drafts.standing(draft))


def bring_back(recommendation: Recommendation, who: Writer) -> None:
    """A withdrawn recommendation comes back as the last of the draft. Twice is once. Raises Refused."""
    draft = _to_arrange(recommendation, who)
    if recommendation.withdrawn_at is None:
        return
    order = drafts.standing(draft)
    if len(order) >= MOST:
        raise Refused(_("A draft has at most %(n)s recommendations.", n=MOST))
    recommendation.withdrawn_at = None
    _number([*order, recommendation])


def _to_arrange(recommendation: Recommendation, who: Writer) -> Draft:
    draft = hold(recommendation)
    if why := why_not_arrange(draft, who):
        raise Refused(why)
    if recommendation.number:
        raise Refused(_("This text was handed to the board: it no longer changes."))
    return draft


def _number(order: list[Recommendation]) -> None:
    for position, each in enumerate(order, start=1):
        each.position = position
    db.session.flush()
    for draft in {each.draft for each in order if each.draft}:
        db.session.expire(draft, ["recommendations"])
