"""A world in which every text that people write is hostile: it would run, or be worked out, wherever it came bare."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, String, Table, Text, case, update

from sipvote import finds
from sipvote.db import Base, db

# As HTML, as a template of six kinds, as Typst; "zq…qz" tells our words from others. Worked out it says 147613086.
SIGNS = "zq{{79198765+68414321}}{%x%}${79198765+68414321}#{79198765+68414321}<%=79198765+68414321%>#read(x)$y$@h\\qz"
MARKUP = "zq\"'><zqtag onclick=x>{{79198765+68414321}}</textarea></title><!--qz"
LOOSE = {
    "name",
    "title",
    "question",
    "theme_name",
    "group_name",
    "owner_name",
    "place",
    "chair",
    "secretary",
    "what",
    "lead",
    "venue",
    "for_whom",
    "training",
    "access_needs",
    "filename",
    "reason",
    "hidden_reason",
    "subject",
    "name_nl",
    "name_fr",
}
# Read by the service itself, or by machines. A letter to many is left out: words in braces that nobody knows are
# refused as it is typed.
READ_BY_US = {"content", "former", "withdrawn", "body", "choices", "calendar"}
OURS = {"search_text", "letter", "city", "audit_entry", "audit_head"}
JSON = {
    "option": ("texts", ("title", "question", "why", "change")),
    "question": ("texts", ("title", "text")),
}


def written(table: Table) -> Iterator[Column[Any]]:
    """The columns of a table that hold what people write."""
    for column in table.columns if table.name not in OURS else ():
        is_prose = isinstance(column.type, Text) or (isinstance(column.type, String) and column.name in LOOSE)
        is_key = column.primary_key or column.foreign_keys or column.unique
        if is_prose and not is_key and column.name not in READ_BY_US:
            yield column


def fill(text: str) -> int:
    """Put the text into every such column; gives how many there are. What is kept as JSON has its own form."""
    filled = 0
    for table in Base.metadata.sorted_tables:
        # Only what was written is written over: many a table says when a text must be there, and when it must not.
        values: dict[str, Any] = {
            each.name: case((each.is_not(None), text[: getattr(each.type, "length", None)])) for each in written(table)
        }
        if table.name in JSON:
            column, words = JSON[table.name]
            values[column] = {code: dict.fromkeys(words, text) for code in ("en", "nl", "fr")}
        if table.name == "assembly":
            values["agenda"] = {code: [text, text] for code in ("en", "nl", "fr")}
        if values:
            filled += len(values)
            db.session.execute(update(table).values(values))
    db.session.commit()
    finds.rebuild()
    db.session.commit()
    return filled
