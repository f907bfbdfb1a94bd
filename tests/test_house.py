"""The rules of the house, as tests: order of the rooms, closed doors, letters, translations, sizes."""

import ast
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from flask import Flask
from jinja2 import meta

from sipvote import acts, catalogs
from sipvote.db import db
from sipvote.i18n import LANGUAGES
from sipvote.schema import is_ours
from sipvote.voting.models import OpenedBallot
from tests.logged import LOGGED, NOT_EACH_TIME
from tests.routes import ROUTES

ROOT = Path(__file__).parent.parent
CODE = ROOT / "sipvote"
PYTHON = sorted(CODE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
LETTERS = ROOT / "templates" / "mail"

# Who may know whom: a room imports only what stands to its left.
ORDER = [
    "members", "editions", "themes", "assembly", "voting", "workgroups",
    "recommendations", "decisions", "stocktake", "threads", "oversight",
]  # fmt: skip
# app.py puts the rooms together; these stand to the right of all rooms.
RIGHTMOST = [
    "today_card", "today_groups", "today_decisions", "today_drafts", "today",
    "retention", "pages", "cli", "worker", "demo", "rehearsal", "faults", "redteam",
    "trial", "ready", "navigation", "app", "server",
]  # fmt: skip
# Functions over 40 lines and files over 350, each argued for in a line.
LONG_FUNCTIONS: dict[str, str] = {}
LONG_FILES: dict[str, str] = {"verify.py": "one file by design: scrutineers carry it to another machine"}
LONG_TEMPLATES: dict[str, str] = {}


def place(path: Path) -> str:
    """The room, or the module of the infrastructure, that a file belongs to."""
    first = path.relative_to(CODE).parts[0]
    return first.removesuffix(".py")


def rank(name: str) -> int:
    """0 for infrastructure, then the rooms in order, then what knows them all."""
    if name in ORDER:
        return 1 + ORDER.index(name)
    return 100 if name in RIGHTMOST else 0


def own_imports(path: Path, top_level_only: bool = False) -> set[str]:
    """The rooms and modules of sipvote that a file imports."""
    found = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = ("sipvote", *path.relative_to(CODE).parts[:-1])
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) + 1 - node.level]) if node.level else ""
            names = [".".join(filter(None, (base, node.module, alias.name))) for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("sipvote.") and "." in name}
    return found


@pytest.mark.parametrize("path", PYTHON, ids=lambda p: str(p.relative_to(CODE)))
def test_imports_follow_the_order_of_the_rooms(path):
    here = place(path)
    if rank(here) == 100 or (path.parent == CODE and here in ("__init__", "__main__", "boot", "checks")):
        return
    top_level = own_imports(path, top_level_only=here == "jobs")  # jobs meets the worker only inside it
    assert [name for name in top_level if rank(name) > rank(here)] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_colon_after_words_asks_the_language(path):
    """French puts a blank before it: `{{ colon() }}` knows. In <code> stands what machines say."""
    text = path.read_text(encoding="utf-8")
    bare = re.findall(r"\n.*(?:\}\}(?:</\w+>)*|\%\}|<span[^>]*>): .*", text)
    assert [line.strip() for line in bare if "<code>{{ name }}: " not in line] == []


PURE = {
    "rules", "tally", "seal", "board", "jsonfile",
    "rows", "statuses", "large_themes", "duplicates", "feeds", "sheet", "reading", "importing", "applying",
    "planning", "search", "dates", "assignment", "seating", "equals", "mixing", "wishes", "hiding", "commitment",
    "pledges", "choosing", "placing", "merging", "reasons", "telling",
    "offers", "waiting", "engagements", "moving", "coming", "seats", "late", "reminding", "feed",
    "ways", "wished", "wishing", "wish_slots", "slots", "slot_marks", "free_days",
    "remarks", "hearing", "moderating", "remark_news", "remark_letters", "adopting", "notes", "wording",
    "insiders", "attending", "steps", "group_mail", "group_letters", "pool", "city_figures", "news",
    "decisions/finding", "owners", "publishing", "following",
    "writers", "drafts", "writing", "unsaved", "differences", "versions", "joining", "translating",
    "stems", "searching", "finds", "found", "paragraphs", "bundling", "bundle_content", "bundle_text", "bundled",
    "stations", "mine",
    "chain", "heads", "oversight/reading",
    "stocktake/figures", "stocktake/report", "answering",
    "erasing",
    "scrutineers", "naming",
}  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [p for p in PYTHON if p.stem in PURE or f"{p.parent.name}/{p.stem}" in PURE],
    ids=lambda p: str(p.relative_to(CODE)),
)
def test_rules_do_not_know_the_web(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"^\s*(from|import) flask( |$|\.)", text, re.M)
    assert not re.search(r"flask_login|flask_wtf|werkzeug", text)


MAY_COMMIT = (
    "views",
    "step_views",
    "passkey_views",
    "asked_views",
    "recovery_views",
    "desk",
    "ceremony_desk",
    "hours_desk",
    "naming_desk",
    "checkin",
    "proxy_views",
    "proxy_desk",
    "pages",
    "facilitate",
    "planning_desk",
    "assignment_desk",
    "confirm_views",
    "moving_desk",
    "feed_views",
    "slots_desk",
    "wish_views",
    "attendance_desk",
    "group_post",
    "inside",
    "minutes_room",
    "remarks_views",
    "remarks_desk",
    "adoption_views",
    "pool_desk",
    "write_views",
    "version_views",
    "joining_views",
    "bundle_views",
    "keeping_views",
    "card_views",
    "card_desk",
    "kiosk",
    "paper_desk",
    "post",
    "entrance",
    "drafting_desk",
    "publishing_desk",
    "following_desk",
    "cli",
    "backups/words",
    "retention/words",
    "worker",
    "mail",
    "import_desk",
    "box",
    "run",
    "seed",
    "year",
    "rehearsal",
)


@pytest.mark.parametrize("path", PYTHON, ids=lambda p: str(p.relative_to(CODE)))
def test_only_views_the_command_line_and_the_worker_commit(path):
    may = path.stem in MAY_COMMIT or f"{path.parent.name}/{path.stem}" in MAY_COMMIT
    if not may and place(path) not in ("demo", "rehearsal", "faults", "redteam"):
        assert ".commit()" not in path.read_text(encoding="utf-8")


def door_of(app: Flask, endpoint: str) -> str:
    route = app.view_functions[endpoint]
    if getattr(route, "is_public", False) or endpoint == "static":
        return "public"
    return getattr(route, "requires", "member")


def test_every_route_stands_in_the_table_with_its_door(app):
    doors = {
        f"{'/'.join(sorted(rule.methods - {'HEAD', 'OPTIONS'}))} {rule.rule}": door_of(app, rule.endpoint)
        for rule in app.url_map.iter_rules()
    }
    assert doors == ROUTES


def test_every_form_of_officials_stands_in_the_table_with_the_acts_it_writes(app):
    forms = {
        f"POST {rule.rule}"
        for rule in app.url_map.iter_rules()
        if "POST" in rule.methods and hasattr(app.view_functions[rule.endpoint], "requires")
    }
    assert forms == set(LOGGED) and forms >= NOT_EACH_TIME
    assert {act for logged in LOGGED.values() if not isinstance(logged, str) for act in logged} <= set(acts.ACTS)


def test_a_form_that_changes_data_unseen_is_caught(app, browser_of, monkeypatch):
    """The watch over all other tests can fail: see tests/watching.py."""
    from tests.factories import an_edition, an_organiser

    an_edition(year=2026)
    browser = browser_of(an_organiser())
    monkeypatch.setattr("sipvote.members.roll.audit.record", lambda *_given, **_facts: None)
    with pytest.raises(AssertionError, match="the audit log does not know"):
        browser.post("/en/members/import", data={"roll": (io.BytesIO(b"number"), "roll.csv")})


def closed_routes() -> list[tuple[str, str, str]]:
    return [(*route.split(" ", 1), door) for route, door in ROUTES.items() if door != "public"]


@pytest.mark.parametrize(("methods", "rule", "door"), closed_routes())
def test_no_stranger_and_no_simple_member_gets_through_a_closed_door(client, browser_of, methods, rule, door):
    from tests.factories import a_member, an_edition

    an_edition(year=2026)
    path = re.sub(r"<(?:int:)?year>", "2026", rule)
    path = re.sub(r"<any\((\w+)[^>]*>", r"\1", path)
    path = re.sub(r"<int:[^>]+>", "1", re.sub(r"<(?!int)[^>]+>", "x", path))
    member = browser_of(a_member())
    for method in methods.split("/"):
        wall = client.open(f"/en{path}", method=method)
        assert wall.status_code == 302 and "/sign-in" in wall.headers["Location"]
        if door != "member":
            assert member.open(f"/en{path}", method=method).status_code == 403


LETTER_NAMES = sorted({p.name.split(".")[0] for p in LETTERS.glob("*.txt")})


@pytest.mark.parametrize("name", LETTER_NAMES)
def test_every_letter_exists_in_every_language_and_uses_the_same_facts(app, name):
    facts = {}
    for code in LANGUAGES:
        source = (LETTERS / f"{name}.{code}.txt").read_text(encoding="utf-8")
        tree = app.jinja_env.parse(source)
        facts[code] = meta.find_undeclared_variables(tree) - {"_", "ngettext"}
        assert set(re.findall(r"{% block (\w+)", source)) == {"subject", "body"}
    assert facts["nl"] == facts["fr"] == facts["en"]


def test_every_string_is_translated_into_every_language():
    assert catalogs.gaps() == []


STRAIGHT = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|<[^>]*>|(')", re.S)


@pytest.mark.parametrize("code", catalogs.LANGUAGES)
def test_dutch_and_french_have_one_apostrophe(code):
    """The typographic one: thema’s, l’urne. Code inside a text and HTML keep theirs."""
    with catalogs.po_path(code).open("rb") as file:
        said = [text for message in read_po(file, locale=code) if message.id for text in said_by(message)]
    said += [path.read_text(encoding="utf-8") for path in LETTERS.glob(f"*.{code}.txt")]
    assert [text for text in said if any(STRAIGHT.findall(text))] == []


def said_by(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def test_no_string_for_translators_hides_in_an_f_string():
    """Python 3.11 does not find it there, 3.12 does: the catalogues would differ."""
    hidden = re.compile(r"""\bf(["'])[^\n]*\{[^}\n]*\b_l?\(["']""")
    assert [str(p) for p in PYTHON if hidden.search(p.read_text(encoding="utf-8"))] == []


# SQL that is put together, each with what makes it safe: only words of our own go in.
BUILT_SQL = {
    "demo/run.py": "the number of a version",
    "assembly/links.py": "one of two conditions of the module",
    "db.py": "pragmas that stand beside it",
    "backups/manifest.py": "names of our tables and columns",
    "backups/sqlite.py": "names of our tables",
    "retention/rules.py": "a pragma with a number",
    "readiness/facts.py": "names of pragmas of the module",
    "redteam/attacks.py": "names of tables and columns, by an attacker of a staged database",
    "redteam/naive.py": "the same, of a design that is attacked to see that the attacks work",
}
ASKS = ("text", "execute", "exec_driver_sql", "executescript", "executemany")


def is_built(node: ast.expr) -> bool:
    """Whether a text is put together when the program runs: f-string, %, + or format."""
    is_format = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"
    return is_format or (isinstance(node, (ast.JoinedStr, ast.BinOp)) and not is_literal(node))


def is_literal(node: ast.AST) -> bool:
    names = (ast.Name, ast.Attribute, ast.Call)
    return not any(isinstance(part, names) and not getattr(part, "id", "X").isupper() for part in ast.walk(node))


def built_sql(path: Path) -> list[int]:
    """The lines on which SQL is handed over that was put together."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    asked = [c for c in calls if getattr(c.func, "attr", getattr(c.func, "id", "")) in ASKS and c.args]
    return [c.lineno for c in asked if is_built(c.args[0])]


def test_no_sql_is_put_together_from_what_somebody_sent():
    """Values go in as parameters; what is put together stands in BUILT_SQL with its reason, and nowhere else."""
    assert {str(path.relative_to(CODE)) for path in PYTHON if built_sql(path)} == set(BUILT_SQL)


def test_the_opened_box_knows_no_member_no_time_and_no_sequence():
    columns = set(OpenedBallot.__table__.columns.keys())
    assert columns == {"election_id", "choices", "times"}


def test_the_models_equal_the_migrations(app, database):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_ours})
        assert compare_metadata(context, db.metadata) == []


def functions(path: Path) -> list[tuple[str, int]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = [node for node in ast.walk(tree) if isinstance(node, kinds)]
    return [(f"{path.relative_to(CODE)}:{node.name}", node.end_lineno - node.lineno + 1) for node in found]


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_functions_and_files_stay_small():
    sizes = [size for path in PYTHON for size in functions(path)]
    assert [name for name, size in sizes if size > 40 and name not in LONG_FUNCTIONS] == []
    assert [str(p) for p in PYTHON if lines(p) > 350 and p.name not in LONG_FILES] == []
    assert [str(p) for p in TEMPLATES if lines(p) > 200 and p.name not in LONG_TEMPLATES] == []
    short = sum(size < 25 for _name, size in sizes)
    assert short / len(sizes) >= 0.95


def runs_when_read(node: ast.AST) -> Iterator[ast.AST]:
    """What runs while a module is read: all but the bodies of its functions."""
    if isinstance(node, ast.Lambda):
        return
    yield node
    parts = ast.iter_child_nodes(node)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        parts = iter([*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)])
    for part in parts:
        yield from runs_when_read(part)


def clocks(source: str) -> list[str]:
    calls = [node.func for node in runs_when_read(ast.parse(source)) if isinstance(node, ast.Call)]
    return [name for name in map(ast.unparse, calls) if name.split(".")[-1] in ("now", "today", "utcnow")]


def test_nobody_reads_the_clock_when_a_module_is_read():
    """What was "today" then is yesterday after midnight, in a service as in a long run of tests."""
    assert [str(p) for p in (*PYTHON, *TESTS) if clocks(p.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    "source",
    [
        "TODAY = days.today()",
        "def f(on=now()): ...",
        "@given(date.today())\ndef f(): ...",
        "class A:\n    at = [now()]",
    ],
)
def test_a_clock_that_is_read_too_early_is_caught(source):
    assert clocks(source) and not clocks("def f(on=lambda: now()):\n    return today()")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT)))
def test_templates_carry_no_style_and_no_script(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"""\sstyle\s*=|\son[a-z]+\s*=\s*["']|<script(?![^>]*\ssrc=)""", text)
