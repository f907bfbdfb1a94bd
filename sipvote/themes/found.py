"""What is found of themes: those that are on the list and were not declined, in every language they have."""

from collections.abc import Collection, Iterator

from sqlalchemy import select

from ..db import db
from ..finds import Text, finds
from .models import Theme, ThemeText

PUBLIC = (Theme.withdrawn_at.is_(None), Theme.declined_at.is_(None))


def texts(ids: Collection[int]) -> Iterator[Text]:
    """The words of those among these themes that may be found."""
    words = (ThemeText.theme_id, ThemeText.language, ThemeText.title, ThemeText.question, ThemeText.why)
    rows = select(*words, ThemeText.change).join(Theme).where(Theme.id.in_(ids), *PUBLIC)
    for theme_id, language, title, *body in db.session.execute(rows):
        yield Text(theme_id, language, title, "\n\n".join(body))


finds("theme", Theme, texts, {Theme: ("id", None), ThemeText: ("theme_id", None)})
