"""Every act that takes two, through the pages, where officials are strict: a row an act, and the same tests for all.

A row brings the service to the point at which the act is possible, and says how it is asked for, what is otherwise
once it is done, and how somebody changes it underneath meanwhile. An act without a row fails the first test.
"""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from sipvote.access import MAY, Role
from sipvote.assembly import mailings
from sipvote.assembly.models import Mailing
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.decisions import publishing as decisions
from sipvote.decisions.models import Decision, Outcome
from sipvote.editions.models import Phase
from sipvote.i18n import ZONE
from sipvote.mail import Letter
from sipvote.members import four_eyes, roll, rules
from sipvote.members.models import Grant, Member, RollUpload
from sipvote.members.step_models import AskedAct
from sipvote.stocktake import publishing as stocktake
from sipvote.stocktake.models import PublishedStocktake, Status
from sipvote.voting import hours, result, second_word
from sipvote.voting.models import Custody, Election
from tests import factories as make
from tests import outcomes
from tests.assurance.web.forms import Form, forms_of

pytestmark = pytest.mark.usefixtures("strict")
HEAD = "number;name;email;language;country;city;profile;joined;left\n"
DESK, ASKED = "/en/2026/election/", "/en/asked"


@dataclass(frozen=True)
class Point:
    """The service, brought so far that the act can be asked for; `state` is something else once it is done."""

    url: str
    state: Callable[[], Any]
    underneath: Callable[[], Any]  # somebody changes what was looked at
    sent: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """An act: what brings the service to its point, the line of the log when it is done, and the refusal of who
    confirms what is not any more as it was."""

    name: str
    begin: Callable[[Member], Point]
    done: str
    refusal: str
    may: str
    page: str = ASKED  # where the other official sees it
    lives: timedelta = four_eyes.LIVES


# --- The table --------------------------------------------------------------------------------------


def _roles() -> list[tuple[int, str]]:
    return [(each.member_id, each.role) for each in db.session.scalars(select(Grant).order_by(Grant.id))]


def _grant(_dre: Member) -> Point:
    ada = make.a_member()
    sent = {"role": "board", "city": 0}
    return Point(f"/en/members/{ada.id}", _roles, lambda: rules.grant(ada, Role.BOARD, None, None), sent)


def _revoke(_dre: Member) -> Point:
    lena = make.a_member("Lena", "gent", Role.BOARD)
    given = lena.grants[0]
    url = f"/en/members/{lena.id}/roles/{given.id}/revoke"
    return Point(url, _roles, lambda: rules.revoke(given, None))


def _roll_of_today() -> list[str]:
    return sorted(db.session.scalars(select(Member.number).where(Member.left.is_(None))))


def _import(dre: Member) -> Point:
    people = db.session.scalars(select(Member).order_by(Member.id)).all()
    lines = [f"{m.number};{m.name};{m.email};{m.language};{m.country};{m.city.slug};user;2019-03-01;\n" for m in people]
    kept = roll.keep("roll.csv", (HEAD + "".join(lines) + "7;Zoé;;fr;BE;Gent;user;2020-01-01;\n").encode(), dre.id)
    db.session.flush()
    return Point(f"/en/members/import/{kept.id}", _roll_of_today, lambda: make.a_member("Nova"))


def _publish_result(_dre: Member) -> Point:
    election = make.a_counted_election((0,), (0, 1), (2,))
    make.in_phase(election.edition, Phase.COUNT)
    return Point(
        f"{DESK}publish",
        lambda: db.session.scalar(select(Election.published_at)),
        lambda: result.publish(election, None),
    )


def _publish_decisions(_dre: Member) -> Point:
    edition = make.an_edition(Phase.DECISIONS)
    group = make.a_met_group(make.a_member(), edition=edition)
    drafted = outcomes.a_decision(outcomes.some_recommendations(group)[0], Outcome.REJECTED, published=False)

    def write() -> None:
        drafted.drafted_at = now()
        drafted.texts[0].reasons = "On second thought."

    seal, chosen = decisions.preview().seal, [drafted.id]
    sent = {"seen": seal, "chosen": chosen, "decided_on": now().astimezone(ZONE).date().isoformat()}
    return Point("/en/board/publish", lambda: db.session.scalar(select(Decision.published_at)), write, sent)


def _publish_stocktake(_dre: Member) -> Point:
    old = outcomes.an_old_recommendation()
    db.session.commit()
    sent = {"day": (now() - timedelta(days=2)).date().isoformat(), "looked_at": stocktake.looked_at()}
    return Point(
        "/en/stocktake/publish", lambda: db.session.scalar(select(PublishedStocktake.day)),
        lambda: outcomes.a_status(old, Status.DONE, date(2019, 1, 1)), sent,
    )  # fmt: skip


def _send_mailing(dre: Member) -> Point:
    edition, what = (
        make.an_assembly(make.an_edition(Phase.VOTE), starts_in=24 * 20).edition,
        mailings.KINDS["convocation"],
    )
    mailings.try_out(edition, what, dre)
    text = mailings.text_in(edition, what, "en")
    return Point(
        "/en/2026/mailings/convocation/send", lambda: db.session.scalar(select(Mailing.begun_at)),
        lambda: mailings.write(edition, what, "en", "Other words", text["body"], None), {"per_minute": 600, "at": ""},
    )  # fmt: skip


def _opened() -> Any:
    return db.session.execute(select(Election.opened_at, Election.closed_at, Election.closes_at)).one()


def _open(_dre: Member) -> Point:
    election, _lists = make.a_frozen_election(custody=Custody.SERVER)
    return Point(f"{DESK}open", _opened, lambda: hours.open_(election, None))


def _close(_dre: Member) -> Point:
    election = make.an_election()
    return Point(f"{DESK}close", _opened, lambda: hours.close(election, None), {"reason": "The agenda is finished."})


def _extend(_dre: Member) -> Point:
    election = make.an_election()
    until = (election.closes_at + timedelta(minutes=30)).astimezone(ZONE)
    sent = {"until": f"{until:%Y-%m-%dT%H:%M}", "reason": "The wifi went down."}
    return Point(f"{DESK}extend", _opened, lambda: hours.close(election, None), sent)


_AT_THE_DESK: dict[str, Any] = {
    "refusal": "no longer asked", "may": "voting.run", "page": DESK, "lives": second_word.LIVES,
}  # fmt: skip
ROWS = [
    Row("grant", _grant, "grant", "has this role already", "members.grant"),
    Row("revoke", _revoke, "revoke", "taken back already", "members.grant"),
    Row("import roll", _import, "import roll", "no longer those", "members.import"),
    Row("publish result", _publish_result, "publish result", "published already", "voting.run"),
    Row("publish decisions", _publish_decisions, "publish decisions", "Something changed", "decisions.decide"),
    Row("publish stocktake", _publish_stocktake, "publish stocktake", "Something changed", "stocktake.keep"),
    Row("send mailing", _send_mailing, "send mailing", "text was changed", "assembly.mail"),
    Row("open", _open, "open vote", **_AT_THE_DESK),
    Row("close", _close, "close vote", **_AT_THE_DESK),
    Row("extend", _extend, "extend vote", **_AT_THE_DESK),
]


def test_every_act_that_takes_two_has_a_row():
    assert sorted(row.name for row in ROWS) == sorted([*four_eyes.ACTS, *second_word.ACTS])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_says_who_may(row):
    assert row.may == (four_eyes.ACTS[row.name].may if row.name in four_eyes.ACTS else "voting.run")


# --- Playing ----------------------------------------------------------------------------------------


class Scene:
    """An act that one official has asked for, and everybody around it."""

    def __init__(self, row: Row, proved: Callable[[Member], FlaskClient]) -> None:
        self.row, self.proved = row, proved
        self.dre, self.hugo = make.an_organiser(), make.a_member("Hugo Claes", "gent", Role.ORGANISER)
        self.lea = make.a_member("Lea Janssens", "gent", Role.ORGANISER)
        self.others = [make.a_member(), make.a_facilitator(), make.a_scrutineer(), make.a_board_member()]
        self.point = row.begin(self.dre)
        db.session.commit()
        self.first, self.second = proved(self.dre), proved(self.hugo)
        self.before = self.state()
        self.begun = self.lines()
        self.answer = self.first.post(self.point.url, data=self.point.sent)

    def state(self) -> Any:
        db.session.rollback()
        return self.point.state()

    def lines(self) -> list[Entry]:
        """The audit log since it was asked."""
        db.session.rollback()
        return list(db.session.scalars(select(Entry).order_by(Entry.id)))[len(getattr(self, "begun", [])) :]

    def done(self) -> list[Entry]:
        return [line for line in self.lines() if line.act == self.row.done]

    def forms(self, browser: FlaskClient, button: str) -> list[Form]:
        """The forms of a button on the page where the act waits."""
        page = browser.get(self.row.page).text
        return [form for form in forms_of(self.row.page, page) if re.search(button, urlsplit(form.action).path)]

    def form(self, button: str) -> Form:
        """What the other official sees and presses."""
        [form] = self.forms(self.second, button)
        return form

    def press(self, browser: FlaskClient, form: Form, **typed: str) -> Any:
        return browser.post(form.action, data={**form.fields, **typed})


CONFIRM, REFUSE = r"/confirm(/|$)", r"/(refuse|withdraw)(/|$)"


@pytest.fixture(params=ROWS, ids=lambda row: row.name)
def scene(request, strict, proved):
    return Scene(request.param, proved)


@pytest.fixture
def scene_of(strict, proved):
    return lambda name: Scene(next(row for row in ROWS if row.name == name), proved)


def said(answer: Any) -> str:
    """The words of an answer that stands alone."""
    return " ".join(re.sub(r"<[^>]*>", " ", answer.text).split())


# --- One asks ---------------------------------------------------------------------------------------


def test_who_asks_changes_nothing(scene):
    assert scene.answer.status_code == 303 and urlsplit(scene.answer.location).path == scene.row.page
    assert scene.state() == scene.before
    [line] = scene.lines()
    assert line.act.startswith("ask ") and line.actor == scene.dre.number


def test_the_others_hear_of_it_and_see_it_with_its_button(scene):
    told = set(db.session.scalars(select(Letter.member_id).where(Letter.name.in_(("asked_act", "second_word")))))
    assert {scene.hugo.id, scene.lea.id} <= told
    assert told.isdisjoint({scene.dre.id, *(m.id for m in scene.others[:3])})
    assert scene.dre.name in scene.second.get(scene.row.page).text
    assert len(scene.forms(scene.second, CONFIRM)) == 1


@pytest.mark.parametrize("name", sorted(four_eyes.ACTS))
def test_the_others_can_look_at_what_it_is_about(scene_of, name):
    second = scene_of(name).second
    links = re.findall(r'<a href="([^"]+)">See what it is about</a>', second.get(ASKED).text)
    if name in ("grant", "revoke"):
        assert links == []  # person and role stand there
    else:
        [link] = links
        assert second.get(link).status_code == 200


def test_who_asked_confirms_it_in_no_session(scene):
    again, form = scene.proved(scene.dre), scene.form(CONFIRM)
    for browser in (scene.first, again):
        assert scene.forms(browser, CONFIRM) == []
        assert "You asked for this yourself" in said(scene.press(browser, form))
    assert scene.state() == scene.before and scene.done() == []


def test_it_is_asked_once_at_a_time(scene):
    scene.proved(scene.lea).post(scene.point.url, data=scene.point.sent)
    assert len(scene.lines()) == 1 and len(scene.forms(scene.second, CONFIRM)) == 1


# --- Another one confirms ---------------------------------------------------------------------------


def test_another_one_confirms_and_it_is_done_once(scene):
    form = scene.form(CONFIRM)
    assert scene.press(scene.second, form).status_code == 303
    after = scene.state()
    assert after != scene.before
    [line] = scene.done()
    assert line.actor == scene.hugo.number
    assert {each.facts.get("asked_by") for each in scene.lines() if each.actor == scene.hugo.number} >= {
        scene.dre.number
    }
    for browser in (scene.second, scene.proved(scene.lea)):
        assert "no longer asked" in said(scene.press(browser, form))
    assert scene.state() == after and len(scene.done()) == 1


def test_two_who_confirm_at_once_do_it_once(scene):
    form, barrier, codes = scene.form(CONFIRM), threading.Barrier(2), []
    browsers = [scene.second, scene.proved(scene.lea)]
    db.session.rollback()

    def press(browser: FlaskClient) -> None:
        barrier.wait(10)
        # As strangers to this thread's database session, which the browser of tests commits before each request.
        codes.append(FlaskClient.open(browser, form.action, method="POST", data=form.fields, buffered=True).status_code)

    threads = [threading.Thread(target=press, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [303, 409]
    assert scene.state() != scene.before and len(scene.done()) == 1


def test_a_second_step_of_long_ago_does_not_confirm(scene):
    form = scene.form(CONFIRM)
    with time_machine.travel(now() + timedelta(minutes=6)):
        assert "/second-step" in scene.press(scene.second, form).location
    assert scene.state() == scene.before and scene.done() == []


def test_nobody_without_the_right_confirms(scene):
    form = scene.form(CONFIRM)
    strangers = [m for m in scene.others if not {Role(g.role) for g in m.grants} & MAY[scene.row.may]]
    for browser in map(scene.proved, strangers):
        answer = scene.press(browser, form)
        assert answer.status_code == 403 or "Your role does not allow this" in said(answer)
    assert len(strangers) >= 3 and scene.state() == scene.before and scene.done() == []


# --- Nobody does ------------------------------------------------------------------------------------


def test_it_can_be_refused_and_is_asked_no_longer(scene):
    form, no = scene.form(CONFIRM), scene.form(REFUSE)
    assert scene.press(scene.second, no, why="Not before the meeting").status_code == 303
    if scene.row.page == ASKED:
        letter = db.session.scalars(select(Letter).where(Letter.name == "refused_act")).one()
        assert letter.member_id == scene.dre.id and "Not before the meeting" in letter.body
    assert [line.actor for line in scene.lines()] == [scene.dre.number, scene.hugo.number]
    assert "no longer asked" in said(scene.press(scene.second, form))
    assert scene.state() == scene.before and scene.done() == []


def test_it_lapses(scene):
    form = scene.form(CONFIRM)
    with time_machine.travel(now() + scene.row.lives + timedelta(minutes=1)):
        late = scene.proved(scene.hugo)
        assert scene.forms(late, CONFIRM) == []
        assert "no longer asked" in said(scene.press(late, form))
    assert scene.state() == scene.before and scene.done() == []


def test_what_changed_underneath_is_refused_with_a_sentence(scene):
    form = scene.form(CONFIRM)
    scene.point.underneath()
    db.session.commit()
    now_so, lines = scene.state(), scene.lines()
    assert scene.row.refusal in said(scene.press(scene.second, form))
    assert scene.state() == now_so and len(scene.lines()) == len(lines)


def test_the_word_of_who_lost_the_right_since_counts_no_more(scene):
    form = scene.form(CONFIRM)
    scene.dre.left = now().date() - timedelta(days=1)
    db.session.commit()
    before = scene.state()
    assert scene.forms(scene.second, CONFIRM) == [] and len(scene.forms(scene.second, REFUSE)) == 1
    assert "may no longer do it" in said(scene.press(scene.second, form))
    assert scene.state() == before and scene.done() == []


# --- What is looked at before anybody is asked ------------------------------------------------------


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.name not in ("grant", "revoke", "import roll", "send mailing")],
    ids=lambda row: row.name,
)  # fmt: skip
def test_what_can_not_be_is_not_asked(row, proved):
    """Where the second person would be refused, the first one is."""
    dre, _hugo = make.an_organiser(), make.an_organiser()
    point = row.begin(dre)
    point.underneath()
    db.session.commit()
    answer = proved(dre).post(point.url, data=point.sent)
    assert ASKED not in answer.headers.get("Location", "") and answer.status_code in (200, 303, 409)
    assert not db.session.scalars(select(Entry).where(Entry.act.startswith("ask "))).all()


def test_a_role_that_somebody_has_is_not_asked_for(proved):
    dre, hugo = make.an_organiser(), make.an_organiser()
    page = proved(dre).post(f"/en/members/{hugo.id}", data={"role": "organiser", "city": 0})
    assert "has this role already" in page.text and proved(hugo).get(ASKED).text.count("/confirm") == 0


def test_a_roll_with_faults_is_not_asked_for(proved):
    dre, _hugo = make.an_organiser(), make.an_organiser()
    kept = roll.keep("roll.csv", (HEAD + "1;Ada;no address;nl;BE;Gent;user;2019-03-01;\n").encode(), dre.id)
    db.session.flush()
    assert "has faults" in said(proved(dre).post(f"/en/members/import/{kept.id}"))


def test_the_number_of_a_role_that_went_takes_no_other_role(proved):
    """SQLite gives the number of a row that went to the next one."""
    dre, hugo, lena = make.an_organiser(), make.an_organiser(), make.a_member("Lena", "gent", Role.BOARD)
    given = lena.grants[0]
    second = proved(hugo)
    proved(dre).post(f"/en/members/{lena.id}/roles/{given.id}/revoke")
    number = given.id
    rules.revoke(given, None)
    db.session.flush()
    nova = make.a_member("Nova")
    make.kept(Grant(id=number, member=nova, role=Role.BOARD, granted_at=now()))
    [form] = [form for form in forms_of(ASKED, second.get(ASKED).text) if form.action.endswith("/confirm")]
    assert "taken back already" in said(second.post(form.action))
    assert [g.role for g in nova.grants] == [Role.BOARD]


def test_a_file_that_was_thrown_away_is_not_imported(scene_of):
    scene = scene_of("import roll")
    form = scene.form(CONFIRM)
    roll.discard(db.session.scalars(select(RollUpload)).one(), scene.dre.id)
    assert "thrown away" in said(scene.press(scene.second, form))
    assert scene.state() == scene.before


def test_a_language_that_a_member_changed_meanwhile_is_no_reason_to_ask_again(scene_of):
    scene = scene_of("import roll")
    form = scene.form(CONFIRM)
    scene.others[0].language = "fr"
    assert scene.press(scene.second, form).status_code == 303
    assert scene.state() != scene.before


def test_a_result_that_was_swept_away_is_not_published(scene_of):
    scene = scene_of("publish result")
    form = scene.form(CONFIRM)
    asked = db.session.scalars(select(AskedAct)).one()
    asked.facts = {**asked.facts, "election": 999}
    assert "See what it is about" not in scene.second.get(ASKED).text
    assert "not the count" in said(scene.press(scene.second, form))
    assert scene.state() == scene.before


def test_letters_leave_as_soon_as_they_are_confirmed(scene_of, monkeypatch):
    told = []
    scene = scene_of("send mailing")
    monkeypatch.setitem(scene.second.application.extensions, "sipvote.run", told.append)
    scene.press(scene.second, scene.form(CONFIRM))
    assert told == ["mailings"]
