"""The press: `python -m sipvote.press` reads a document as JSON and writes it as PDF or DOCX.

It runs in a process of its own (documents.py says why), and imports nothing of ours.
"""

import io
import json
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

# What the fonts that come with Typst can draw for certain: Latin with its accents, and our own signs.
_SAFE = re.compile("[\n\u0020-\u017f\u0192\u0218-\u021b\u2010-\u2026\u202f\u2030\u20ac\u2068\u2069\ufffd]")

_LINE = 166  # mm between the margins
_SHORT, _LONGEST = 9, 30  # letters: a cell that is not broken, a word that may be
FIELDS = {"{n}": "PAGE", "{all}": "NUMPAGES"}  # what documents.py calls PAGE and PAGES

# --- PDF --------------------------------------------------------------------------------------------


def pdf(document: dict[str, Any], template: str) -> bytes:
    """Set the document with Typst. PDF/UA wants every sign drawn: what no font can draw is written as its number."""
    import typst

    try:
        return _typeset(document, template)
    except typst.TypstError as fault:
        unusual = {c for text in _strings(document["blocks"]) for c in text if not _SAFE.match(c)}
        if not unusual:
            raise
        lacking = _undrawn(str(getattr(fault, "diagnostic", fault)), unusual)
    try:
        return _typeset(_spelled(document, lacking), template)
    except typst.TypstError:
        # Signs that can be drawn one by one, but not together: then none of them.
        return _typeset(_spelled(document, unusual), template)


def _typeset(document: dict[str, Any], template: str) -> bytes:
    import typst

    # Only the fonts that come with it: the same PDF on every machine. Data is handed over, never written into code.
    made: bytes = typst.compile(
        template.encode(),
        sys_inputs={"document": json.dumps(document)},
        pdf_standards="ua-1",
        ignore_system_fonts=True,
    )
    return made


def _undrawn(diagnostic: str, unusual: Iterable[str]) -> set[str]:
    """The signs that Typst says it cannot draw; it names some of them by their number."""
    named = "".join(re.findall(r'the text `"(.*?)"` could not', diagnostic))
    return {c for c in unusual if c in named or f"\\u{{{ord(c):x}}}" in named}


def _spelled(document: dict[str, Any], signs: set[str]) -> dict[str, Any]:
    """The document with each of these signs as its number in Unicode, such as [U+1F389]."""
    numbers = str.maketrans({c: f"[U+{ord(c):04X}]" for c in signs})

    def spell(fact: Any) -> Any:
        if isinstance(fact, str):
            return fact.translate(numbers)
        if isinstance(fact, dict):
            return {name: each if name == "kind" else spell(each) for name, each in fact.items()}
        return [spell(each) for each in fact] if isinstance(fact, list) else fact

    return {**document, "title": spell(document["title"]), "blocks": spell(document["blocks"]), "spelled": True}


def _strings(fact: Any) -> Iterable[str]:
    if isinstance(fact, str):
        yield fact
    elif isinstance(fact, dict | list):
        for each in fact.values() if isinstance(fact, dict) else fact:
            yield from _strings(each)


# --- DOCX -------------------------------------------------------------------------------------------


def docx(document: dict[str, Any]) -> bytes:
    """Write the document with the styles that every word processor knows: titles, lists, tables with a header."""
    from docx import Document

    paper = Document()
    _prepare(paper, document)
    _foot(paper, document)
    paper.add_heading(document["title"], level=1)
    listed = 0
    for block in document["blocks"]:
        if block["kind"] == "contents":
            _contents(paper, block, listed)
            continue
        _WRITERS[block["kind"]](paper, block)
        if block["kind"] == "heading" and block["listed"]:
            listed += 1
            _bookmark(paper.paragraphs[-1], listed)
    buffer = io.BytesIO()
    paper.save(buffer)
    return buffer.getvalue()


def _prepare(paper: Any, document: dict[str, Any]) -> None:
    """Size, language and properties; the template of the library is American and in English."""
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt, RGBColor

    page = paper.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Mm(22)
    facts = paper.core_properties
    facts.title, facts.language, facts.author = document["title"], document["language"], document["author"]
    facts.comments, facts.created, facts.modified = "", datetime.now(UTC), datetime.now(UTC)
    paper.styles["Normal"].font.size = Pt(11)
    languages = paper.styles.element.find(".//" + qn("w:rPrDefault")).find(".//" + qn("w:lang"))
    languages.set(qn("w:val"), document["language"])
    for name in ("Heading 1", "Heading 2", "Heading 3", "Caption"):
        paper.styles[name].font.color.rgb = RGBColor(0, 0, 0)
    for name in ("Normal", "Heading 1", "Heading 2", "Heading 3"):
        _in_arial(paper.styles[name])


def _in_arial(style: Any) -> None:
    """Arial, or what has its widths: every word processor has it; those of the template few have outside Word."""
    from docx.oxml.ns import qn

    style.font.name = "Arial"
    fonts = style.element.rPr.rFonts
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.attrib.pop(qn(f"w:{script}Theme"), None)  # it would outweigh the name


def _foot(paper: Any, document: dict[str, Any]) -> None:
    """The title, and the page with the number of pages, at the foot of each page."""
    from docx.enum.text import WD_TAB_ALIGNMENT
    from docx.shared import Mm, Pt

    foot = paper.sections[0].footer.paragraphs[0]
    for stop in paper.styles["Footer"].paragraph_format.tab_stops:
        foot.paragraph_format.tab_stops.add_tab_stop(stop.position, WD_TAB_ALIGNMENT.CLEAR)
    foot.paragraph_format.tab_stops.add_tab_stop(Mm(_LINE), WD_TAB_ALIGNMENT.RIGHT)
    paper.styles["Footer"].font.size = Pt(9)
    foot.add_run(f"{document['title']}\t")
    for part in re.split(r"(\{n\}|\{all\})", document["page"]):
        if part in FIELDS:
            _field(foot, FIELDS[part], "1")
        elif part:
            foot.add_run(part)


def _field(paragraph: Any, instruction: str, meanwhile: str = "") -> None:
    """A number that the word processor works out, such as that of the page; until then it stands as `meanwhile`."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), instruction)
    field.append(paragraph.add_run(meanwhile)._r)
    paragraph._p.append(field)


def _contents(paper: Any, block: dict[str, Any], before: int) -> None:
    """The headings that follow: each a link to its bookmark, with a field for its page."""
    from docx.enum.text import WD_TAB_ALIGNMENT
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    paper.add_heading(block["title"], level=2)
    for number, (text, level) in enumerate(block["entries"], start=before + 1):
        line = paper.add_paragraph()
        line.paragraph_format.left_indent, line.paragraph_format.right_indent = Mm(6 * (level - 1)), Mm(12)
        line.paragraph_format.space_after = Pt(2)
        line.paragraph_format.tab_stops.add_tab_stop(Mm(_LINE), WD_TAB_ALIGNMENT.RIGHT)
        link = OxmlElement("w:hyperlink")
        link.set(qn("w:anchor"), f"part{number}")
        link.append(line.add_run(text)._r)
        line._p.append(link)
        line.add_run("\t")
        _field(line, f"PAGEREF part{number} \\h")


def _bookmark(heading: Any, number: int) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    begin, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
    begin.set(qn("w:id"), str(number))
    begin.set(qn("w:name"), f"part{number}")
    end.set(qn("w:id"), str(number))
    heading._p.insert(1, begin)
    heading._p.append(end)


def _heading(paper: Any, block: dict[str, Any]) -> None:
    made = paper.add_heading(block["text"], level=block["level"] + 1)
    made.paragraph_format.page_break_before = block["new_page"]


def _text(paper: Any, block: dict[str, Any]) -> None:
    paper.add_paragraph(block["text"])


def _quote(paper: Any, block: dict[str, Any]) -> None:
    paper.add_paragraph(block["text"], style="Quote")


def _notice(paper: Any, block: dict[str, Any]) -> None:
    paper.add_paragraph(block["text"], style="Intense Quote")


def _items(paper: Any, block: dict[str, Any]) -> None:
    # Numbers are written out: the library's own lists count on through the whole document.
    for number, item in enumerate(block["items"], start=1):
        if block["numbered"]:
            paper.add_paragraph(f"{number}. {item}")
        else:
            paper.add_paragraph(item, style="List Bullet")


def _table(paper: Any, block: dict[str, Any]) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Mm

    caption = paper.add_paragraph(block["caption"], style="Caption")
    caption.paragraph_format.keep_with_next = True
    table = paper.add_table(rows=1, cols=len(block["headings"]), style="Table Grid")
    about = OxmlElement("w:tblCaption")
    about.set(qn("w:val"), block["caption"])
    table._tbl.tblPr.append(about)
    table.autofit = False
    _room_in_cells(table)
    for column, width in zip(table.columns, _widths(block), strict=True):
        column.width = column.cells[0].width = Mm(width)
    _row(table.rows[0], block["headings"], block["numbers"], bold=True)
    # The row is repeated on each page, and read out as the heading of its columns.
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for cells in block["rows"]:
        _row(table.add_row(), cells, block["numbers"])
    paper.add_paragraph()


def _widths(block: dict[str, Any]) -> list[float]:
    """The width of each column in mm: its longest word fits, and what is left goes to the wide ones."""
    columns = zip(block["headings"], *block["rows"], strict=True)
    needed = [
        5 + max([2.4 * _longest(heading), *(2.1 * _longest(cell) for cell in cells)]) for heading, *cells in columns
    ]
    left = _LINE - sum(needed)
    if left < 0:
        return [width * _LINE / sum(needed) for width in needed]
    wide = block["wide"] or range(len(needed))
    return [width + left / len(wide) * (number in wide) for number, width in enumerate(needed)]


def _longest(cell: str) -> int:
    """The letters that must stand in one line: the longest word, or all of a short cell such as "3,8 %"."""
    if len(cell) <= _SHORT:
        return len(cell)
    return min(max(len(word) for word in re.split("[ \n]", cell)), _LONGEST)


def _room_in_cells(table: Any) -> None:
    """Text keeps away from the lines above and below it."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    margins = OxmlElement("w:tblCellMar")
    for side in ("top", "bottom"):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), "40")  # twentieths of a point
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    table._tbl.tblPr.find(qn("w:tblLook")).addprevious(margins)


def _row(row: Any, cells: list[str], numbers: list[int], bold: bool = False) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    for column, (cell, text) in enumerate(zip(row.cells, cells, strict=True)):
        paragraph = cell.paragraphs[0]
        paragraph.add_run(text).bold = bold or None
        paragraph.paragraph_format.keep_with_next = bold or None  # headings do not stay behind alone
        if column in numbers:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _codes(paper: Any, block: dict[str, Any]) -> None:
    from docx.shared import Pt

    for name, value in block["pairs"]:
        paragraph = paper.add_paragraph(name)
        paragraph.add_run().add_break()
        run = paragraph.add_run(value)
        run.font.name, run.font.size = "Courier New", Pt(8)


def _signatures(paper: Any, block: dict[str, Any]) -> None:
    from docx.enum.text import WD_TAB_ALIGNMENT, WD_TAB_LEADER
    from docx.shared import Mm, Pt

    for line in block["lines"]:
        paragraph = paper.add_paragraph(f"{line}\t")
        paragraph.paragraph_format.space_before = Pt(30)
        paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(_LINE), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.LINES)


_WRITERS = {
    "heading": _heading,
    "text": _text,
    "quote": _quote,
    "notice": _notice,
    "items": _items,
    "table": _table,
    "codes": _codes,
    "signatures": _signatures,
}


def main() -> None:
    """Read an order from the standard input, write the file to the standard output."""
    order = json.load(sys.stdin.buffer)
    made = pdf(order["document"], order["template"]) if order["kind"] == "pdf" else docx(order["document"])
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
