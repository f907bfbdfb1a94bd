"""Documents: three formats that say the same, and take no text for a command."""

import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from flask import render_template
from pypdf import PdfReader

from sipvote import documents
from sipvote.documents import (
    Codes,
    Contents,
    Document,
    Heading,
    Items,
    Notice,
    Quote,
    Signatures,
    Table,
    Text,
    plain,
    with_contents,
)
from tests.reading import bare, docx_text, html_text, pdf_text

TEMPLATE = Path(__file__).parent.parent / "templates" / "minutes" / "minutes.typ"
MARKUP = (
    "#panic() #set page(fill: red) $x^2$ @nobody <label> *bold* _slanted_ `raw` // said /* and not said */",
    "= No heading\n- no list\n+ no number\n/ term: none",
    "\\ #{ 1 + 1 } #import \"@preview/nothing:1.0.0\" #read(\"/etc/passwd\") \\u{41}",
    "<script>alert(1)</script> <b>bold</b> &amp; &#65; <!-- gone --> ]]> <w:t>",
    "{{ 7 * 7 }} {% include 'base.html' %} {# gone #} ${7*7} %(name)s %s %",
    "[link](javascript:alert(1)) **strong** ~~struck~~ ![x](http://example.org/x.png)",
    "=1+1 @SUM(A1) Élise “Œuvre” l’été € ½ — …",
)  # fmt: skip


def a_document(text: str = "Plain", **values: str) -> Document:
    """One block of each kind, each with the text in every place."""
    blocks = (
        Notice(text), Heading(text), Text(text), Heading(text, level=2), Quote(text), Items((text, "second")),
        Items((text, "second"), numbered=True),
        Table(text, (text, "B"), ((text, "1"), ("b", text)), numbers=(1,), wide=(0, 1)),
        Codes(((text, "0123456789abcdef" * 8),)), Signatures((text,)), Heading(text, new_page=True),
    )  # fmt: skip
    return Document(
        **{"title": text, "language": "fr", "blocks": blocks, "author": "Smart", "page": "page{n}/{all}", **values}
    )


def as_html(document: Document) -> bytes:
    return render_template("minutes/file.html", document=document).encode()


def without_feet(text: str, title: str) -> str:
    return re.sub(re.escape(bare(title)) + r"page\d+/\d+", "", text)


# --- Texts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", MARKUP)
def test_what_was_typed_stands_in_every_format_as_it_was_typed(app, text):
    document = a_document(plain(text), title="Title")
    document = replace(document, blocks=with_contents([Contents(plain(text)), *document.blocks]))
    wanted = [bare(each) for each in documents.texts(document)]
    with app.test_request_context():
        found = {
            "pdf": without_feet(pdf_text(documents.pdf(document, TEMPLATE)), "Title"),
            "docx": docx_text(documents.docx(document)),
            "html": html_text(as_html(document)),
        }
    for kind, said in found.items():
        place = 0
        for each in wanted:
            assert each in said[place:], (kind, each)
            place = said.index(each, place) + len(each)


def test_the_three_formats_say_nothing_but_the_texts(app):
    document = a_document("Words")
    with app.test_request_context():
        html = html_text(as_html(document).partition(b"<body>")[2])
    said = "".join(bare(each) for each in documents.texts(document))
    assert html == said
    numbered = said.replace("WordssecondWordssecond", "Wordssecond1.Words2.second")
    assert docx_text(documents.docx(document)) == numbered
    assert without_feet(pdf_text(documents.pdf(document, TEMPLATE)), "Words") == numbered


def test_what_no_font_can_draw_stands_in_the_pdf_by_its_number_and_is_told(app):
    document = a_document(plain("Fête 🎉 中"), spelled_note="Signs by number.")
    said = pdf_text(documents.pdf(document, TEMPLATE))
    assert "Fête[U+1F389][U+4E2D]" in said and said.count("Signsbynumber.") == 1
    assert "Fête🎉中" in docx_text(documents.docx(document))
    assert "Signsbynumber." not in pdf_text(documents.pdf(a_document(spelled_note="Signs by number."), TEMPLATE))


def test_hebrew_stays_hebrew_and_does_not_turn_its_sentence():
    assert plain("שלום") == "\u2068שלום\u2069"
    assert "שלום" in docx_text(documents.docx(a_document(plain("שלום"))))
    assert documents.pdf(a_document(plain("שלום مرحبا")), TEMPLATE).startswith(b"%PDF")


@pytest.mark.parametrize(
    "bad", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\ud800", "\ufffe", "\U0010ffff", "\u202e", "\u2066"]
)
def test_what_no_file_can_hold_becomes_a_mark(app, bad):
    assert plain(f"a{bad}b") == "a\ufffdb"
    document = a_document(plain(f"a{bad}b"))
    assert "a\ufffdb" in docx_text(documents.docx(document)) and "a\ufffdb" in pdf_text(
        documents.pdf(document, TEMPLATE)
    )


def test_lines_stay_lines():
    assert plain("a\r\nb\rc\u2028d\te") == "a\nb\nc\nd e"


def test_every_sign_of_unicode_gives_a_pdf():
    """Also those that can be drawn one by one, but not together."""
    hostile = "".join(map(chr, range(0x300, 0x370))) + "x\u0361y 👨‍👩‍👧 🇧🇪 e\ufe0f\u20e3 \u0378 \U000e0041 ﷽ क्षि"
    assert documents.pdf(a_document(plain(hostile)), TEMPLATE).startswith(b"%PDF")


# --- Forms ------------------------------------------------------------------------------------------


def test_the_pdf_says_that_it_is_accessible_and_in_which_language():
    content = documents.pdf(a_document("Notulen", language="nl"), TEMPLATE)
    reader = PdfReader(io.BytesIO(content))
    assert re.search(rb"<pdfuaid:part>1</pdfuaid:part>", content)
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "nl" and root["/MarkInfo"]["/Marked"] and root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == "Notulen" and reader.metadata.author == "Smart"
    assert {"/H1", "/H2", "/H3", "/Table", "/TH", "/TD", "/L", "/Caption"} <= tags(root["/StructTreeRoot"])


def tags(node) -> set[str]:
    node = node.get_object()
    if isinstance(node, list):
        return set().union(*map(tags, node))
    if not isinstance(node, dict):
        return set()
    mine = {str(node["/S"])} if "/S" in node else set()
    return mine | (tags(node["/K"]) if "/K" in node else set())


def test_the_docx_has_headings_header_rows_a_language_and_a_title():
    with zipfile.ZipFile(io.BytesIO(documents.docx(a_document("Verslag", language="nl")))) as archive:
        body, styles, core = (
            archive.read(name).decode() for name in ("word/document.xml", "word/styles.xml", "docProps/core.xml")
        )
    assert [body.count(f'w:val="Heading{n}"') for n in (1, 2, 3)] == [1, 2, 1]
    assert body.count("<w:tblHeader/>") == body.count("<w:tbl>") == 1
    assert 'w:lang w:val="nl"' in styles and "<dc:title>Verslag</dc:title>" in core and "<dc:language>nl<" in core


def test_a_table_of_the_docx_fills_the_line_and_gives_its_room_to_the_wide_columns():
    long = "a sentence of many short words that wants room"
    tables = (
        Table("Themes", ("Theme", "Votes", "Share"), ((long, "10", "4,1 %"),), numbers=(1, 2)),
        Table("Empty", ("Word", "Word"), ()),
        Table("Endless", ("Word", "Word"), (("x" * 500, "y" * 500), ("", ""))),
    )
    made = documents.docx(a_document(blocks=tables))
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        body = archive.read("word/document.xml").decode()
    for columns in (re.findall(r'<w:gridCol w:w="(\d+)"', grid) for grid in body.split("<w:tblGrid>")[1:]):
        widths = [int(width) for width in columns]
        assert abs(sum(widths) - 166 * 56.7) < 10, "twentieths of a point"
    first = [int(width) for width in re.findall(r'<w:gridCol w:w="(\d+)"', body)[:3]]
    assert first[0] > 5 * first[1] and first[1] == first[2]
    assert re.findall(r'<w:tcW w:type="dxa" w:w="(\d+)"', body)[:6] == [str(width) for width in first * 2]


def a_long_one() -> Document:
    blocks = [Heading("Before"), Contents("Contents"), Heading("Theme", new_page=True), Heading("Ask", level=2)]
    blocks += [Heading("Remarks", level=2, listed=False), Heading("Proof", new_page=True)]
    return a_document(title="Bundle", language="en", blocks=with_contents(blocks), page="Page {n} of {all}")


def test_contents_name_the_listed_headings_that_follow_them():
    contents = a_long_one().blocks[1]
    assert contents.entries == (("Theme", 1), ("Ask", 2), ("Proof", 1))


def test_the_contents_of_a_pdf_link_to_each_heading_and_tell_its_page():
    reader = PdfReader(io.BytesIO(documents.pdf(a_long_one(), TEMPLATE)))
    first = re.sub(r"[ .]+", " ", reader.pages[0].extract_text())
    assert "Theme 2\nAsk 2\nProof 3" in first and "Remarks" not in first and first.count("Before") == 1
    links = [note.get_object() for note in reader.pages[0]["/Annots"]]
    named = [note.get("/Dest") or note["/A"]["/D"] for note in links]
    assert len(named) >= 3 and all(named)


def test_each_page_of_a_pdf_says_which_of_how_many_it_is():
    reader = PdfReader(io.BytesIO(documents.pdf(a_long_one(), TEMPLATE)))
    feet = [re.findall(r"Bundle\s+(Page \d of \d)", page.extract_text()) for page in reader.pages]
    assert feet == [["Page 1 of 3"], ["Page 2 of 3"], ["Page 3 of 3"]]


def test_the_contents_of_a_page_lead_to_its_headings(app):
    with app.test_request_context():
        page = as_html(a_long_one()).decode()
    wanted = re.findall(r'<a href="#([\w-]+)">(\w+)</a>', page)
    assert [words for _id, words in wanted] == ["Theme", "Ask", "Proof"]
    assert all(re.search(rf'<h[23] id="{id}"[^>]*>{words}</h', page) for id, words in wanted)


def test_the_contents_of_a_docx_lead_to_its_headings_and_its_foot_counts_pages():
    with zipfile.ZipFile(io.BytesIO(documents.docx(a_long_one()))) as archive:
        body = archive.read("word/document.xml").decode()
        feet = "".join(archive.read(name).decode() for name in archive.namelist() if "footer" in name)
    links, marks = re.findall(r'w:anchor="(\w+)"', body), re.findall(r'<w:bookmarkStart [^>]*w:name="(\w+)"', body)
    assert links == marks[1:] and len(marks) == 4
    assert [f"PAGEREF {mark}" in body for mark in links] == [True] * 3
    assert "Bundle" in feet and 'w:instr="PAGE"' in feet and 'w:instr="NUMPAGES"' in feet


def test_the_page_needs_nothing_beside_itself(app):
    with app.test_request_context():
        page = as_html(a_document()).decode()
    assert not re.search(r"""<(script|link|img|iframe)|\bsrc=|url\(|@import""", page)
    assert '<html lang="fr">' in page


def test_a_fault_of_the_press_is_told_without_the_words_of_the_document(tmp_path):
    template = tmp_path / "broken.typ"
    template.write_text("#panic(json(bytes(sys.inputs.document)).title)")
    with pytest.raises(documents.PressFailed) as fault:
        documents.pdf(a_document("Secret words"), template)
    assert "Secret" not in str(fault.value) and "TypstError" in str(fault.value)


def test_two_tables_of_one_caption_have_different_names(app):
    """Each is a region that one can scroll, and regions are told apart by their names."""
    two = [Table("Who wrote this", ("Place", "People"), [("Gent", "4")], (1,)) for _n in range(2)]
    with app.test_request_context():
        page = as_html(a_document("text", blocks=two)).decode()
    assert re.findall(r'role="region" aria-label="([^"]*)"', page) == ["Who wrote this", "Who wrote this 2"]
