"""The interface in Dutch and French: compile, bring up to date, and find what is missing.

English is the source and lives in the code. A catalogue holds no dates and no line numbers, so that
a change in it is always a change of words. Letters are not here: each has a file per language.
"""

import contextlib
import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from .typography import french

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(__file__).resolve().parent / "translations"
LANGUAGES = ("nl", "fr")
KEYWORDS = ("_l", "lazy_gettext", "lazy_ngettext:1,2", "lazy_pgettext:1c,2")
# Babel heads a catalogue with dates and placeholders of its own; these lines are kept.
HEADERS = (b'"Language:', b'"Plural-Forms:', b'"MIME-Version:', b'"Content-')
PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]|\{(\w*)\}")


def compile_all() -> None:
    """Write the .mo beside each .po that changed since; they are not in git."""
    for po in FOLDER.glob("*/LC_MESSAGES/*.po"):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= max(po.stat().st_mtime, Path(__file__).stat().st_mtime):
            continue
        with po.open("rb") as source:
            catalog = read_po(source, locale=po.parent.parent.name)
        if po.parent.parent.name == "fr":
            for message in catalog:
                message.string = _typeset(message.string)
        with _replacing(mo) as target:
            write_mo(target, catalog)


def _typeset(text: Any) -> Any:
    if isinstance(text, tuple | list):
        return tuple(_typeset(form) for form in text)
    return french(text or "")


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that appears whole or not at all: two starts at once may write the same one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            yield file
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def extract() -> Catalog:
    """Read every string the code and the templates show; pyproject.toml says where they stand."""
    with tempfile.TemporaryDirectory() as folder:
        pot = Path(folder) / "messages.pot"
        options = ["--mapping", str(ROOT / "pyproject.toml"), "--output", str(pot)]
        keywords = [word for keyword in KEYWORDS for word in ("--keyword", keyword)]
        before = Path.cwd()
        os.chdir(ROOT)  # Babel's patterns are relative to where it stands
        try:
            CommandLineInterface().run(["pybabel", "-q", "extract", *options, *keywords, "."])
        finally:
            os.chdir(before)
        with pot.open("rb") as file:
            return read_po(file)


def po_path(language: str) -> Path:
    """Where a language keeps its catalogue."""
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


def updated(language: str, template: Catalog) -> Catalog:
    """The language's catalogue with the strings of today: known ones kept, gone ones dropped."""
    catalog = Catalog(locale=language)
    if po_path(language).exists():
        with po_path(language).open("rb") as file:
            catalog = read_po(file, locale=language)
    catalog.update(template, no_fuzzy_matching=True)
    catalog.header_comment = f"# The interface of sipvote in this language: {language}."
    catalog.fuzzy = False
    return catalog


def save(language: str, catalog: Catalog) -> None:
    """Write the catalogue sorted, without anything that changes by itself."""
    whole = io.BytesIO()
    write_po(whole, catalog, width=100, no_location=True, sort_output=True, ignore_obsolete=True)
    head, blank, messages = whole.getvalue().partition(b"\n\n")
    kept = b"\n".join(line for line in head.splitlines() if _kept(line))
    po_path(language).parent.mkdir(parents=True, exist_ok=True)
    with _replacing(po_path(language)) as file:
        file.write(kept + blank + messages)


def _kept(line: bytes) -> bool:
    """Whether a line of the head is a comment, the empty message, or a header we want."""
    return not line.startswith(b'"') or line.startswith(HEADERS)


def gaps() -> list[str]:
    """Everything that keeps a catalogue from being complete, one sentence each."""
    template = extract()
    found = []
    for language in LANGUAGES:
        for message in updated(language, template):
            fault = fault_of(message)
            if message.id and fault:
                first = message.id if isinstance(message.id, str) else message.id[0]
                found.append(f"{language}: {fault}: {first!r}")
    return found


def fault_of(message: Message) -> str | None:
    """Say what is wrong with one translation, or None."""
    ids, texts = _forms(message.id), _forms(message.string)
    if not all(texts):
        return "not translated"
    if message.fuzzy:
        return "marked fuzzy"
    known = set().union(*map(_placeholders, ids))
    # A plural form may leave the number out ("one theme"); a single form has to keep them all.
    same = all(_placeholders(t) == known or (len(ids) > 1 and _placeholders(t) < known) for t in texts)
    return None if same else "other placeholders than the source"


def _forms(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [text] if isinstance(text, str) else list(text or [""])


def _placeholders(text: str) -> set[str]:
    return {match.group(0) for match in PLACEHOLDER.finditer(text)}


def translate(_words: list[str]) -> int:
    """The word `translate`: update the catalogues, then list what still waits for a translator."""
    template = extract()
    for language in LANGUAGES:
        save(language, updated(language, template))
    compile_all()
    return report()


def report() -> int:
    """Print the gaps; 1 when there are any."""
    found = gaps()
    print("\n".join(found) or f"{' and '.join(LANGUAGES)} are complete.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(report())
