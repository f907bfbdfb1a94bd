"""Files that are sent: whatever their name, kind and content, they are refused in words or kept as bytes."""

import io
import zipfile

import pytest
from sqlalchemy import select

from sipvote.db import db
from sipvote.workgroups.life_models import GroupFile
from tests.assurance.web.addresses import address
from tests.assurance.web.world import World

NAMES = (
    "../../../etc/passwd",
    "..\\..\\config.py",
    "/etc/cron.d/x.txt",
    "C:\\windows\\x.txt",
    "a" * 3000 + ".txt",
    "\x00.txt",
    "x.txt\x00.html",
    "x\r\nSet-Cookie: a=b.txt",
    "\u202etxt.exe",
    ".htaccess",
    "",
    ".",
    "..",
    "CON.txt",
    "x.txt;.html",
    'x".html".txt',
    "<img src=x onerror=alert(1)>.txt",
    "{{7*191}}.txt",
    "-rf.txt",
    "zoë 😀.txt",
    "x.html",
    "x.svg",
    "x.js",
    "x.txt/",
    "x.phtml.txt",
)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
CONTENTS = {
    "nothing": b"",
    "page": b"<!doctype html><script>alert(1)</script>",
    "picture": SVG,
    "program": b"\x7fELF" + b"\0" * 99,
    "jpeg": b"\xff\xd8\xff\xe0" + b"\0" * 99,
    "nul": b"\0" * 5000,
    "long line": b"a" * 400_000,
    "half": b"PK\x03\x04\x00",
}


def a_bomb(name: str = "xl/worksheets/sheet1.xml") -> bytes:
    """A small zip that would be large: 200 MB of one letter."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book, book.open(name, "w") as sheet:
        for _ in range(200):
            sheet.write(b"a" * 2**20)
    return out.getvalue()


def entities() -> bytes:
    """A workbook whose sheet would read a file of ours, or grow without end."""
    xml = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]><x>&b;&f;</x>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        for name in ("[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml", "_rels/.rels"):
            book.writestr(name, xml)
    return out.getvalue()


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:30])
def test_a_file_of_a_group_is_kept_under_a_harmless_name_and_only_downloaded(world: World, name: str) -> None:
    client = world.browser("owner")
    answer = client.post(
        address(world, "/<int:year>/groups/<int:group_id>/inside/files"), data={"file": (io.BytesIO(SVG), name)}
    )
    assert answer.status_code in (200, 303, 409)
    with world.app.app_context():
        kept = db.session.scalars(select(GroupFile).order_by(GroupFile.id.desc())).first()
    assert kept is not None
    assert not set(kept.name) & set("/\\\0\r\n") and len(kept.name) <= 200
    page = client.get(address(world, "/<int:year>/groups/<int:group_id>/inside/files"))
    assert "<img src=x" not in page.text and "1337" not in page.text
    got = client.get(address(world, "/<int:year>/groups/<int:group_id>/inside/files/") + str(kept.id))
    disposition = got.headers["Content-Disposition"]
    assert got.mimetype == "application/octet-stream" and disposition.startswith("attachment")
    assert "sandbox" in got.headers.getlist("Content-Security-Policy") and "a=b" not in got.headers.get(
        "Set-Cookie", ""
    )


@pytest.mark.parametrize("rule", ["/members/import", "/recommendations/desk/import"])
@pytest.mark.parametrize("kind", [*CONTENTS, "bomb", "entities"])
def test_what_is_no_list_is_refused_in_words(world: World, rule: str, kind: str) -> None:
    content = {"bomb": a_bomb, "entities": entities}[kind]() if kind not in CONTENTS else CONTENTS[kind]
    client, field = world.browser("organiser"), "roll" if "members" in rule else "file"
    for name in ("list.csv", "list.xlsx", "../../list.csv"):
        sent = {field: (io.BytesIO(content), name), "reason": "Taken over."}
        answer = client.post(address(world, rule), data=sent)
        assert answer.status_code in (200, 303), (kind, name)
        if answer.status_code == 303:
            shown = client.get(answer.headers["Location"])
            assert shown.status_code == 200 and "root:" not in shown.text
            assert 'role="alert"' in shown.text or "alert" in shown.text or "fault" in shown.text.lower()


def parts(fields: dict[str, str]) -> bytes:
    """A form of several parts, as bytes."""
    head = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    return "".join([head.format(*field) for field in fields.items()] + ["--x--\r\n"]).encode()


@pytest.mark.parametrize(
    "fields", [{f"f{n}": "x" for n in range(1200)}, {"ballot": "x" * 2**20 + "x"}], ids=["many", "long"]
)
def test_many_parts_and_long_forms_are_refused(world: World, fields: dict[str, str]) -> None:
    kind = "multipart/form-data; boundary=x"
    answer = world.browser("owner").post("/en/2027/vote/check", data=parts(fields), content_type=kind)
    assert answer.status_code == 413
    broken = world.browser("owner").post("/en/2027/vote/check", data=b"x", content_type="multipart/form-data")
    assert broken.status_code < 500
