"""Reading back: texts of a PDF, a DOCX or an HTML file without any white space, rows of a CSV file, letters."""

import csv
import io
import re
import zipfile
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

from pypdf import PdfReader
from sqlalchemy import select

from sipvote.db import db
from sipvote.mail import Letter

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# White space, where lines were broken; marks of direction, and the bullets of lists.
LEFT_OUT = re.compile("[\\s\u2066-\u2069\u202a-\u202e•]+")


def bare(text: str) -> str:
    return LEFT_OUT.sub("", text)


def pdf_text(content: bytes) -> str:
    """All that stands on the pages but their feet."""
    pages = (page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    return bare("".join(pages))


def docx_text(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        body = ElementTree.fromstring(archive.read("word/document.xml"))  # noqa: S314  (our own)
    return bare("".join(node.text or "" for node in body.iter(f"{WORD}t")))


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def html_text(content: bytes) -> str:
    reader = _Texts()
    reader.feed(content.decode())
    return bare("".join(reader.found))


def rows(answer: Any) -> list[list[str]]:
    """The rows of a CSV file that was downloaded."""
    assert answer.mimetype == "text/csv"
    return list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig")), delimiter=";"))


def letters(name: str | None = None) -> list[Letter]:
    """The letters in the outbox in order, all or those of one name."""
    found = db.session.scalars(select(Letter).order_by(Letter.id))
    return [letter for letter in found if name in (None, letter.name)]
