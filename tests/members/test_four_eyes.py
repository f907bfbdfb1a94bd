"""What takes two: one asks, another one confirms or refuses; never one person in two sessions, and never twice."""

import threading
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from sipvote.access import Role
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.errors import Refused
from sipvote.mail import Letter
from sipvote.members import four_eyes
from sipvote.members.models import Grant, Member
from sipvote.members.step_models import AskedAct
from tests.factories import a_board_member, a_member, a_scrutineer, an_organiser

ORGANISER = frozenset({Role.ORGANISER})


def asked_role(by: Member, whom: Member, role: str = "board") -> AskedAct:
    facts = {"member": whom.number, "role": role, "city": 0}
    return four_eyes.ask("grant", f"member {whom.number}", by.id, **facts)


@pytest.mark.usefixtures("database")
class TestRules:
    def test_another_one_confirms_and_it_is_done(self):
        dre, hugo, ada = an_organiser(), an_organiser(), a_member()
        four_eyes.confirm(asked_role(dre, ada), hugo.id, ORGANISER)
        assert [g.role for g in ada.grants] == [Role.BOARD]
        assert [e.act for e in db.session.scalars(select(Entry).order_by(Entry.id))] == [
            "ask for act", "confirm act", "grant"
        ]  # fmt: skip

    def test_who_asked_does_not_confirm(self):
        dre, _hugo, ada = an_organiser(), an_organiser(), a_member()
        asked = asked_role(dre, ada)
        with pytest.raises(Refused, match="yourself"):
            four_eyes.confirm(asked, dre.id, ORGANISER)
        assert ada.grants == []

    def test_who_has_not_the_role_does_not_confirm(self):
        dre, _hugo, ada = an_organiser(), an_organiser(), a_member()
        asked = asked_role(dre, ada)
        for roles in (frozenset(), frozenset({Role.BOARD}), frozenset({Role.SCRUTINEER})):
            with pytest.raises(Refused, match="role"):
                four_eyes.confirm(asked, a_board_member().id, roles)

    def test_it_is_confirmed_once(self):
        dre, hugo, ada = an_organiser(), an_organiser(), a_member()
        asked = asked_role(dre, ada)
        four_eyes.confirm(asked, hugo.id, ORGANISER)
        with pytest.raises(Refused, match="no longer"):
            four_eyes.confirm(asked, hugo.id, ORGANISER)

    def test_it_lapses_after_a_day_and_can_be_asked_again(self):
        dre, hugo, ada = an_organiser(), an_organiser(), a_member()
        asked = asked_role(dre, ada)
        with time_machine.travel(now() + four_eyes.LIVES + timedelta(minutes=1)):
            with pytest.raises(Refused, match="too long ago"):
                four_eyes.confirm(asked, hugo.id, ORGANISER)
            assert four_eyes.standing(ORGANISER) == []
            four_eyes.confirm(asked_role(dre, ada), hugo.id, ORGANISER)
        assert len(ada.grants) == 1

    def test_it_is_asked_once_at_a_time(self):
        dre, hugo, ada = an_organiser(), an_organiser(), a_member()
        asked_role(dre, ada)
        with pytest.raises(Refused, match="asked already"):
            asked_role(hugo, ada)

    def test_alone_nobody_asks(self):
        with pytest.raises(Refused, match="nobody else"):
            asked_role(an_organiser(), a_member())

    def test_who_is_no_longer_a_member_does_not_count_as_the_other(self):
        an_organiser(left=now().date())
        with pytest.raises(Refused, match="nobody else"):
            asked_role(an_organiser(), a_member())

    def test_who_refuses_says_why(self):
        dre, hugo, ada = an_organiser(), an_organiser(), a_member()
        asked = asked_role(dre, ada)
        with pytest.raises(Refused, match="reason"):
            four_eyes.refuse(asked, hugo.id, ORGANISER, "  ")
        four_eyes.refuse(asked, hugo.id, ORGANISER, "Not decided yet")
        assert (asked.outcome, asked.why, ada.grants) == ("refused", "Not decided yet", [])
        letter = db.session.scalars(select(Letter).where(Letter.name == "refused_act")).one()
        assert letter.member_id == dre.id and "Not decided yet" in letter.body

    def test_who_asked_withdraws_it(self):
        dre, hugo, ada = an_organiser(), an_organiser(), a_member()
        asked = asked_role(dre, ada)
        four_eyes.refuse(asked, dre.id, ORGANISER, "")
        assert asked.outcome == "withdrawn"
        with pytest.raises(Refused):
            four_eyes.confirm(asked, hugo.id, ORGANISER)

    def test_the_others_hear_of_it_and_nobody_else(self):
        dre, hugo, ada = an_organiser(), an_organiser(), a_member()
        a_board_member()
        a_scrutineer()
        asked_role(dre, ada)
        assert db.session.scalars(select(Letter.member_id)).all() == [hugo.id]

    @pytest.mark.parametrize(
        "word", ["grant", "publish result", "publish decisions", "publish stocktake", "send mailing"]
    )
    def test_each_weighty_act_is_known(self, word):
        assert word in four_eyes.ACTS


def test_of_many_confirmers_at_once_one_does_it(app, database):
    dre, ada = an_organiser(), a_member()
    others = [an_organiser().id for _n in range(4)]
    asked_id, ada_id = asked_role(dre, ada).id, ada.id
    db.session.commit()
    done, barrier = [], threading.Barrier(len(others))

    def confirm(by: int) -> None:
        with app.app_context():
            barrier.wait()
            try:
                four_eyes.confirm(db.session.get(AskedAct, asked_id), by, ORGANISER)
                db.session.commit()
                done.append(by)
            except Refused:
                db.session.rollback()

    threads = [threading.Thread(target=confirm, args=(by,)) for by in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
    assert len(db.session.scalars(select(Grant).where(Grant.member_id == ada_id)).all()) == 1


@pytest.mark.usefixtures("database")
class TestNames:
    def test_what_is_kept_names_nobody(self):
        dre, hugo, ada = an_organiser(), an_organiser(), a_member("Ada Janssens")
        asked = asked_role(dre, ada)
        assert four_eyes.about(asked) == "Ada Janssens, Board member"
        four_eyes.refuse(asked, hugo.id, ORGANISER, "Not decided yet")
        kept = [str(asked.facts), *(str(entry.facts) for entry in db.session.scalars(select(Entry)))]
        assert not any("Ada" in each or dre.name in each for each in kept)

    def test_a_letter_says_it_in_its_own_language(self):
        dre, ada = an_organiser(), a_member("Ada Janssens")
        an_organiser(language="fr")
        asked_role(dre, ada)
        letter = db.session.scalars(select(Letter).where(Letter.name == "asked_act")).one()
        assert "(Ada Janssens, Membre du conseil d’administration)" in letter.body

    @pytest.mark.parametrize("end", ["confirm", "refuse"])
    def test_the_log_has_the_number_of_who_asked(self, end):
        dre, hugo, ada = an_organiser(number="1984"), an_organiser(), a_member()
        asked = asked_role(dre, ada)
        if end == "confirm":
            four_eyes.confirm(asked, hugo.id, ORGANISER)
        else:
            four_eyes.refuse(asked, hugo.id, ORGANISER, "Not decided yet")
        entry = db.session.scalars(select(Entry).where(Entry.act == f"{end} act")).one()
        assert entry.facts["asked_by"] == "1984"

    def test_who_has_left_gets_no_role(self):
        dre, hugo, ada = an_organiser(), an_organiser(), a_member()
        asked = asked_role(dre, ada)
        ada.left = now().date()
        with pytest.raises(Refused, match="no longer a member"):
            four_eyes.confirm(asked, hugo.id, ORGANISER)
        db.session.rollback()

    @pytest.mark.parametrize(
        ("word", "facts", "about"),
        [
            ("publish decisions", {"chosen": [1, 2]}, "2 decisions"),
            ("publish stocktake", {"day": "2015-03-01"}, "1 March 2015"),
            ("publish result", {"election": 999}, "–"),
            ("import roll", {"upload": 999}, "–"),
            ("grant", {"member": "none", "role": "board"}, "none, Board member"),
        ],
    )
    def test_words_are_made_when_they_are_read(self, word, facts, about):
        assert four_eyes.about(AskedAct(act=word, facts=facts)) == about


@pytest.mark.usefixtures("strict")
class TestLabels:
    def test_a_button_promises_to_ask_and_says_who_confirms(self, proved):
        dre, ada = an_organiser(), a_member()
        page = proved(dre).get(f"/en/members/{ada.id}").text
        assert "Ask to give this role" in page and "another organiser confirms it within a day" in page
        assert ">Give this role" not in page

    def test_easy_mode_is_not_loud_where_it_is_off(self, proved):
        assert "Easy mode" not in proved(an_organiser()).get("/en/members/").text


class TestEasyMode:
    def test_each_desk_says_so_and_members_do_not_read_it(self, browser_of):
        dre = browser_of(an_organiser())
        assert "Easy mode" in dre.get("/en/members/").text
        assert "Easy mode" not in dre.get("/en/").text

    def test_a_button_promises_what_it_does(self, browser_of):
        page = browser_of(an_organiser()).get(f"/en/members/{a_member().id}").text
        assert ">Give this role" in page and "takes two people" not in page


@pytest.mark.usefixtures("strict")
class TestPages:
    def test_a_role_takes_two_people(self, proved):
        dre, hugo, ada = an_organiser(), an_organiser(), a_member()
        first, again, second = proved(dre), proved(dre), proved(hugo)
        assert "/asked" in first.post(f"/en/members/{ada.id}", data={"role": "board", "city": 0}).headers["Location"]
        assert ada.grants == []
        url = f"/en/asked/{db.session.scalars(select(AskedAct.id)).one()}/confirm"
        again.post(url)  # the same person in another session
        db.session.expire_all()
        assert ada.grants == []
        assert "Somebody asks for your word" not in first.get("/en/").text
        assert f"{ada.name}, Board member" in second.get("/en/").text
        assert ada.name in second.get("/en/asked").text
        second.post(url)
        db.session.expire_all()
        assert [g.role for g in ada.grants] == [Role.BOARD]

    def test_taking_one_back_takes_two(self, proved):
        dre, hugo, chloe = an_organiser(), an_organiser(), a_board_member()
        proved(dre).post(f"/en/members/{chloe.id}/roles/{chloe.grants[0].id}/revoke")
        db.session.expire_all()
        assert len(chloe.grants) == 1
        proved(hugo).post(f"/en/asked/{db.session.scalars(select(AskedAct.id)).one()}/confirm")
        db.session.expire_all()
        assert chloe.grants == []

    def test_a_proof_of_long_ago_does_not_confirm(self, proved):
        dre, hugo, ada = an_organiser(), an_organiser(), a_member()
        asked_role(dre, ada)
        second = proved(hugo)
        with time_machine.travel(now() + timedelta(minutes=6)):
            second.post(f"/en/asked/{db.session.scalars(select(AskedAct.id)).one()}/confirm")
        assert ada.grants == []

    @pytest.mark.parametrize("make", [a_member, a_scrutineer])
    def test_members_and_scrutineers_see_nothing_of_it(self, proved, make):
        assert proved(make()).get("/en/asked").status_code == 403


def test_where_it_is_easy_one_person_does_it(browser_of):
    ada = a_member()
    browser_of(an_organiser()).post(f"/en/members/{ada.id}", data={"role": "board", "city": 0})
    assert [g.role for g in ada.grants] == [Role.BOARD]
