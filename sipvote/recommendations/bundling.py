"""The bundle: adopted drafts of an edition in one document, submitted to the board once, and then frozen.

What is frozen is its content, as canonical JSON; the digest is the SHA-256 of exactly those bytes.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from .. import audit, mail
from ..access import Role
from ..db import db, now
from ..editions.models import Edition
from ..errors import Refused
from ..i18n import LANGUAGES, day
from ..members.models import Grant, Member
from . import bundle_content
from .hearing_models import Bundle
from .models import Draft, Recommendation

# What rooms to the right have begun with a bundle, so that it stays; the app puts their questions here.
holding: list[Callable[[Edition], str | None]] = []


def of_edition(edition: Edition) -> Bundle | None:
    """The bundle of an edition, as soon as somebody began it."""
    return db.session.get(Bundle, edition.id)


def canonical(content: dict[str, Any]) -> str:
    """The one way in which a content is written down."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(written: str) -> str:
    """The SHA-256 of a content as it is written down."""
    return hashlib.sha256(written.encode()).hexdigest()


def content(edition: Edition, bundle: Bundle | None) -> dict[str, Any]:
    """What was submitted; before that what would be."""
    if bundle and bundle.content is not None:
        kept: dict[str, Any] = json.loads(bundle.content)
        return kept
    return bundle_content.content_of(edition, bundle)


# --- The foreword -------------------------------------------------------------------------------------


def seen_of(bundle: Bundle | None) -> str:
    """Stands for the forewords as somebody has them before them: nobody writes over words that they have not seen."""
    return digest_of(canonical({code: getattr(bundle, f"foreword_{code}") if bundle else "" for code in LANGUAGES}))


def why_not_write(edition: Edition) -> str | None:
    """The foreword is written until the bundle is submitted."""
    bundle = of_edition(edition)
    if bundle and bundle.submitted_at:
        return _("The bundle was submitted on %(day)s: it no longer changes.", day=day(bundle.submitted_at))
    return None


def write_foreword(edition: Edition, words: dict[str, str], seen: str, by: int) -> None:
    """Keep the forewords, by language. Raises Refused."""
    bundle = _hold(edition)
    if why := why_not_write(edition):
        raise Refused(why)
    if seen_of(bundle) != seen:
        raise Refused(
            _("Somebody changed this text while you wrote. Yours is still here. Send it again to replace the other.")
        )
    changed = [code for code in LANGUAGES if getattr(bundle, f"foreword_{code}") != words[code]]
    for code in changed:
        setattr(bundle, f"foreword_{code}", words[code])
    if changed:
        audit.record("write foreword", _name(edition), by, languages=changed)


def _hold(edition: Edition) -> Bundle:
    """The bundle as it is now; whoever acts on it at the same moment waits for our commit."""
    if of_edition(edition) is None:
        try:
            with db.session.begin_nested():
                db.session.add(Bundle(edition_id=edition.id))
        except IntegrityError:
            pass  # somebody else began it a moment ago
    held = select(Bundle).where(Bundle.edition_id == edition.id).with_for_update()
    return db.session.scalars(held.execution_options(populate_existing=True)).one()


def _name(edition: Edition) -> str:
    return f"edition {edition.year}"


# --- Submitting ---------------------------------------------------------------------------------------


def why_not_submit(edition: Edition) -> str | None:
    """A bundle is submitted once, when there is something in it."""
    bundle = of_edition(edition)
    if bundle and bundle.submitted_at:
        return _("The bundle was submitted on %(day)s.", day=day(bundle.submitted_at))
    if not bundle_content.recommendations_of(bundle_content.drafts_of(edition)):
        return _("There is nothing to submit yet: no group has adopted its recommendations.")
    return None


def submit(edition: Edition, by: int) -> Bundle:
    """Number the recommendations, freeze the bundle, and tell the board. Raises Refused."""
    bundle = _hold(edition)
    _hold_drafts(edition)
    if why := why_not_submit(edition):
        raise Refused(why)
    _number(edition)
    moment = now()
    written = canonical(bundle_content.content_of(edition, bundle, moment))
    bundle.content, bundle.digest, bundle.submitted_at = written, digest_of(written), moment
    bundle.submitted_by_id = by
    db.session.flush()
    count = bundle_content.count(json.loads(written))
    audit.record("submit bundle", _name(edition), by, digest=bundle.digest, recommendations=count)
    for member in _board():
        key = f"bundle_submitted {edition.year} {bundle.digest[:16]} {member.id}"
        mail.queue("bundle_submitted", member, key=key, edition=edition, count=count, digest=bundle.digest)
    return bundle


def _hold_drafts(edition: Edition) -> None:
    """The drafts as they are now; whoever saves, adopts or opens one at the same moment waits for our commit."""
    held = select(Draft).where(Draft.edition_id == edition.id).order_by(Draft.id).with_for_update()
    db.session.scalars(held.execution_options(populate_existing=True)).all()


def _number(edition: Edition) -> None:
    own = bundle_content.recommendations_of(bundle_content.drafts_of(edition))
    first = bundle_content.first_number(edition, [each.id for each in own])
    try:
        with db.session.begin_nested():
            for number, each in enumerate(own, start=first):
                each.number = number
    except IntegrityError:
        why = _("Somebody added recommendations of that year at the same moment. Look again, then submit.")
        raise Refused(why) from None


def _board() -> Sequence[Member]:
    ids = select(Grant.member_id).where(Grant.role == Role.BOARD)
    return db.session.scalars(select(Member).where(Member.id.in_(ids)).order_by(Member.id)).all()


def why_not_take_back(edition: Edition) -> str | None:
    """A bundle is taken back as long as nobody has begun to decide about it."""
    bundle = of_edition(edition)
    if bundle is None or bundle.submitted_at is None:
        return _("The bundle is not submitted.")
    return next(filter(None, (held(edition) for held in holding)), None)


def take_back(edition: Edition, by: int) -> None:
    """Open a submitted bundle again; the numbers are free until it is submitted anew. Raises Refused."""
    bundle = _hold(edition)
    if why := why_not_take_back(edition):
        raise Refused(why)
    audit.record("take back bundle", _name(edition), by, digest=bundle.digest)
    kept = content(edition, bundle)
    ids = [each["id"] for theme in kept["themes"] for draft in theme["drafts"] for each in draft["recommendations"]]
    for each in db.session.scalars(select(Recommendation).where(Recommendation.id.in_(ids))):
        each.number = None
    bundle.content = bundle.digest = bundle.submitted_at = bundle.submitted_by_id = None
    db.session.flush()
