"""The assembly's pages: for strangers, for members who check themselves in, for organisers."""

import json
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from sipvote.assembly import presence, rules
from sipvote.assembly.models import Assembly, Incident, Presence, Quorum, Way
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.fields import typed
from tests.factories import a_board_member, a_facilitator, a_member, an_assembly, an_edition, an_organiser

FOLLOWED = {"follow_url": "https://video.example.org/a"}
TYPED = "%Y-%m-%dT%H:%M"


def there():
    db.session.expire_all()
    return db.session.scalar(select(func.count()).select_from(Presence).where(Presence.left_at.is_(None)))


def sent(**values):
    """What the form of a plan sends."""
    starts = now() + timedelta(days=9)
    return {
        "starts_at": f"{starts:{TYPED}}", "ends_at": f"{starts + timedelta(hours=3):{TYPED}}", "place": "Flagey",
        "follow_url": "https://video.example.org/a", "agenda_nl": "Opening\n\n Stemming \n", "agenda_fr": "",
        "agenda_en": "", "quorum": "share", "quorum_value": "5", "counts": ["proxies", "votes"], "remote_vote": "y",
        "prior_vote": "y", "proxies_per_holder": "2", "chair": "Chloé", "secretary": "", **values,
    }  # fmt: skip


# --- For everybody ----------------------------------------------------------------------------------


def test_a_year_without_an_assembly_says_so(client):
    an_edition(year=2026)
    answer = client.get("/en/2026/assembly")
    assert answer.status_code == 200 and "not planned yet" in answer.text
    for gone in ("calendar.ics", "presence.json"):
        assert client.get(f"/en/2026/assembly/{gone}").status_code == 404


def test_a_stranger_reads_when_where_and_what_but_not_the_address_to_follow(client, browser_of):
    assembly = an_assembly(**FOLLOWED, agenda={"nl": ["Opening", "Stemming"]}, quorum=Quorum.NUMBER, quorum_value=200)
    page = client.get(f"/fr/{assembly.edition.year}/assembly").text
    assert "Flagey, Brussels" in page and "<li>Stemming</li>" in page and 'lang="nl"' in page
    assert "video.example.org" not in page and "200" in page
    assert "video.example.org" in browser_of(a_member()).get(f"/en/{assembly.edition.year}/assembly").text


def test_the_calendar_file_holds_the_assembly_and_no_address_for_members_only(client):
    assembly = an_assembly(**FOLLOWED)
    answer = client.get(f"/nl/{assembly.edition.year}/assembly/calendar.ics")
    text = answer.text.replace("\r\n ", "")
    assert answer.content_type.startswith("text/calendar")
    assert f"UID:assembly-{assembly.id}@" in text and "LOCATION:Flagey\\, Brussels" in text
    assert "video.example.org" not in text


def test_live_numbers_are_only_numbers_and_cost_nothing_while_nothing_changes(client):
    assembly = an_assembly(starts_in=-1, quorum=Quorum.NUMBER, quorum_value=2)
    url = f"/en/{assembly.edition.year}/assembly/presence.json"
    first = client.get(url)
    facts = json.loads(first.text)
    assert (facts["hall"], facts["counted"], facts["needed"], facts["reached"]) == ("0", "0", "2", False)
    assert client.get(url, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    for member in (a_member("Ada"), a_member("Lea")):
        presence.check_in(assembly, member, Way.HALL, None)
    with time_machine.travel(now() + timedelta(seconds=2), tick=False):
        later = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    facts = json.loads(later.text)
    assert (facts["hall"], facts["reached"]) == ("2", True) and "Ada" not in later.text


# --- Checking oneself in ----------------------------------------------------------------------------


def test_a_member_follows_from_elsewhere_with_one_button_and_leaves_again(browser_of):
    ada, assembly = a_member(), an_assembly(**FOLLOWED, starts_in=0)
    browser, page = browser_of(ada), f"/en/{assembly.edition.year}/assembly"
    assert "I follow from elsewhere" in browser.get(page).text
    for _click in range(2):
        assert browser.post(f"{page}/follow").status_code == 303
    assert there() == 1 and "You take part from elsewhere" in browser.get(page).text
    browser.post(f"{page}/leave")
    assert there() == 0 and "If you come back, check in again." in browser.get(page).text


def test_too_early_the_page_says_from_when_and_a_button_of_another_tab_is_refused(browser_of):
    assembly = an_assembly(**FOLLOWED, starts_in=30)
    browser, page = browser_of(a_member()), f"/en/{assembly.edition.year}/assembly"
    assert "can be checked in from" in browser.get(page).text
    assert browser.post(f"{page}/follow").status_code == 409
    assert "cannot check in now" in browser.get(f"{page}/here").text
    assert there() == 0


def test_a_member_checks_in_with_the_code_of_the_hall(browser_of):
    assembly = an_assembly(starts_in=0)
    browser, page = browser_of(a_member()), f"/en/{assembly.edition.year}/assembly"
    wrong = browser.post(f"{page}/here", data={"code": "abc"})
    assert wrong.status_code == 200 and "not the code that is shown" in wrong.text
    assert "Type the six digits" in browser.post(f"{page}/here", data={"code": " "}).text
    assert "at most 20" in browser.post(f"{page}/here", data={"code": "1" * 500}).text
    right = browser.post(f"{page}/here", data={"code": presence.hall_code(assembly, now())})
    assert right.status_code == 303 and there() == 1


def test_wrong_codes_are_counted_although_they_are_refused(browser_of):
    assembly = an_assembly(starts_in=0)
    browser, page = browser_of(a_member()), f"/en/{assembly.edition.year}/assembly"
    answers = [browser.post(f"{page}/here", data={"code": "x"}).text for _try in range(11)]
    assert "not the code" in answers[9] and "You tried ten codes" in answers[10]


def test_a_member_shows_a_qr_code_of_their_own(browser_of):
    ada, assembly = a_member(), an_assembly()
    browser, page = browser_of(ada), f"/en/{assembly.edition.year}/assembly"
    text = browser.get(f"{page}/my-code").text
    assert '<svg class="qr"' in text and ada.number in text
    assembly.opened_at = assembly.closed_at = now()
    assert browser.get(f"{page}/my-code").status_code == 302


# --- The desk of organisers -------------------------------------------------------------------------


def test_an_organiser_plans_the_assembly(browser_of):
    edition, browser = an_edition(Phase.REVIEW), browser_of(an_organiser())
    desk = f"/en/{edition.year}/assembly/desk"
    assert "Plan the assembly" in browser.get(f"{desk}/").text
    assert browser.get(f"{desk}/settings").status_code == 200
    assert browser.post(f"{desk}/settings", data=sent()).status_code == 303
    made = db.session.scalars(select(Assembly)).one()
    assert made.agenda == {"nl": ["Opening", "Stemming"]} and made.secretary is None
    assert (made.quorum, made.quorum_value, made.counts_remote, made.counts_votes) == (Quorum.SHARE, 5, False, True)
    again = browser.get(f"{desk}/settings").text
    assert "Opening\nStemming</textarea>" in again and "attend in person" in again


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"starts_at": "", "place": ""}, "Fill in the day and the time."),
        ({"starts_at": "tomorrow"}, "Write the day and the time like"),
        ({"place": "   "}, "Say where the assembly meets."),
        ({"place": "x" * 301}, "at most 300"),
        ({"follow_url": "http://x"}, "begins with https://"),
        ({"agenda_nl": "x" * 301}, "At most 50 items of 300"),
        ({"agenda_nl": "x\n" * 51}, "At most 50 items of 300"),
        ({"agenda_nl": " \n "}, "one language at least"),
        ({"quorum_value": ""}, "1 to 100"),
        ({"quorum_value": "many"}, "Give a whole number"),
        ({"quorum": "all"}, "Not a valid choice"),
        ({"proxies_per_holder": "51"}, "from 0 to 50"),
        ({"remote_vote": ""}, "Allow both, or neither."),
    ],
)
def test_a_plan_that_cannot_be_comes_back_with_what_was_typed(browser_of, values, why):
    edition, browser = an_edition(Phase.REVIEW), browser_of(an_organiser())
    data = sent(**values)
    if values.get("remote_vote") == "":
        del data["remote_vote"]
    answer = browser.post(f"/en/{edition.year}/assembly/desk/settings", data=data)
    assert answer.status_code == 200 and why in answer.text and "Chloé" in answer.text
    assert db.session.scalars(select(Assembly)).all() == []


def test_what_is_fixed_is_told_instead_of_asked(browser_of):
    edition = an_edition(Phase.REVIEW, themes_frozen_at=now())
    assembly = an_assembly(edition, proxies_per_holder=1)
    browser, page = browser_of(an_organiser()), f"/en/{edition.year}/assembly/desk/settings"
    text = browser.get(page).text
    assert 'name="prior_vote"' not in text and "A member may hold 1 proxy." in text
    # What is sent all the same, from a tab of before, changes nothing of it.
    assert browser.post(page, data=sent(proxies_per_holder="9", place="Vooruit", quorum="none")).status_code == 303
    db.session.refresh(assembly)
    assert (assembly.place, assembly.proxies_per_holder) == ("Vooruit", 1)


def test_a_plan_can_be_mended_while_the_assembly_is_open_but_not_its_quorum(browser_of):
    assembly = an_assembly(starts_in=0)
    rules.open_(assembly, None, 0)
    began, browser = assembly.starts_at, browser_of(an_organiser())
    page = f"/en/{assembly.edition.year}/assembly/desk/settings"
    text = browser.get(page).text
    assert 'name="quorum"' not in text and 'name="starts_at"' not in text and "The quorum is fixed" in text
    ends = (now() + timedelta(hours=9)).strftime(TYPED)
    assert browser.post(page, data=sent(ends_at=ends, chair="Eva Stone")).status_code == 303
    db.session.refresh(assembly)
    assert (assembly.chair, assembly.starts_at, assembly.quorum) == ("Eva Stone", began, Quorum.NONE)
    rules.close(assembly, None, 0)
    assert "can no longer change" in browser.get(page).text
    browser.post(page, data=sent(chair="Nobody"))
    db.session.refresh(assembly)
    assert assembly.chair == "Eva Stone"


def test_the_chair_opens_and_closes(browser_of):
    assembly, browser = an_assembly(starts_in=0), browser_of(an_organiser())
    desk = f"/en/{assembly.edition.year}/assembly/desk"
    assert "Yes, open the assembly" in browser.get(f"{desk}/").text
    assert browser.post(f"{desk}/open").status_code == 303
    assert browser.post(f"{desk}/open").status_code == 409
    assert "Yes, close the assembly" in browser.get(f"{desk}/").text
    assert browser.post(f"{desk}/close").status_code == 303
    assert "The assembly is over" in browser.get(f"/en/{assembly.edition.year}/assembly").text
    assert "was open from" in browser.get(f"{desk}/").text


def test_incidents_are_noted_and_removed_at_the_desk(browser_of):
    assembly, browser = an_assembly(starts_in=0), browser_of(an_organiser())
    page = f"/en/{assembly.edition.year}/assembly/desk/incidents"
    assert "No incident is noted." in browser.get(page).text
    when = now().strftime(TYPED)
    assert browser.post(page, data={"happened_at": when, "text": "The <b>sound</b> failed."}).status_code == 303
    assert "&lt;b&gt;sound" in browser.get(page).text
    assert "Say what happened." in browser.post(page, data={"happened_at": when, "text": " "}).text
    later = (now() + timedelta(days=2)).strftime(TYPED)
    assert "still to come" in browser.post(page, data={"happened_at": later, "text": "Soon."}).text
    noted = db.session.scalars(select(Incident)).one()
    for _click in range(2):
        assert browser.post(f"{page}/{noted.id}/remove").status_code == 303
    assert db.session.scalars(select(Incident)).all() == []


def test_the_chair_notes_from_when_to_when_and_what_was_done_and_takes_it_as_a_file(browser_of):
    assembly, chloe = an_assembly(starts_in=0), a_board_member()
    browser, page = browser_of(chloe), f"/en/{assembly.edition.year}/assembly/desk/incidents"
    hour = {"happened_at": typed(now() - timedelta(hours=1)), "until_at": typed(now() - timedelta(minutes=30))}
    said = {name: moment.strftime(TYPED) for name, moment in hour.items()} | {"text": "Dark.", "remedy": "=Candles."}
    assert browser.post(page, data=said).status_code == 303
    shown = browser.get(page).text
    assert "What was done" in shown and "=Candles." in shown and "/en/2026/minutes" in shown
    wrong = said | {"until_at": (hour["happened_at"] - timedelta(hours=1)).strftime(TYPED)}
    assert "before it began" in browser.post(page, data=wrong).text
    file = browser.get(f"{page}.csv").text.splitlines()
    noted = db.session.scalars(select(Incident)).one()
    assert file[0] == "\ufeffFrom;Until;What happened;What was done;Fingerprint"
    assert file[1].endswith(f";Dark.;'=Candles.;{rules.fingerprint(noted)}") and len(file) == 2
    assert browser.get(f"{page}.xlsx").status_code == 200
    assert browser.get(f"/en/{assembly.edition.year}/assembly/desk/").status_code == 403


def test_the_first_page_leads_to_the_assembly_and_officials_to_their_desk(client, browser_of):
    assembly = an_assembly(starts_in=30)
    assert "It meets on" in client.get("/en/").text
    assembly.starts_at = now() - timedelta(minutes=5)
    ada, bas = a_member(), a_facilitator()
    assert "It is today" in client.get("/en/").text and "The check-in desk" not in browser_of(ada).get("/en/").text
    assert "The check-in desk" in browser_of(bas).get("/en/").text
    presence.check_in(assembly, ada, Way.HALL, bas.id)
    assert "You are checked in." in browser_of(ada).get("/en/").text
    assembly.opened_at = assembly.closed_at = now()
    assert "The general assembly" not in client.get("/en/").text


def test_a_member_finds_their_presence_among_their_data(browser_of):
    ada, assembly = a_member(), an_assembly(starts_in=0)
    presence.check_in(assembly, ada, Way.HALL, None)
    facts = json.loads(browser_of(ada).get("/en/me/data.json").text)
    assert [row["how"] for row in facts["assemblies"]] == ["hall"]
