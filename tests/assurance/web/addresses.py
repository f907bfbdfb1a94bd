"""Where a rule's things are: which season serves it, and with which ids its address is filled in."""

import re
from typing import Any

from tests.assurance.web import seasons as s
from tests.assurance.web.world import World

Y = "/<int:year>"
# The first that fits decides: rules that begin so are asked in this season; names lead to other ids of that season.
PLACES: tuple[tuple[str, int, dict[str, str]], ...] = (
    (rf"{Y}/themes/review", s.REVIEW, {}),
    (rf"{Y}/themes/<int:theme_id>/take-back", s.IDEAS, {"theme_id": "supported"}),
    (rf"{Y}/themes/<int:theme_id>/restore", s.IDEAS, {"theme_id": "gone"}),
    (rf"{Y}/themes", s.IDEAS, {}),
    (rf"{Y}/(mailings|settings)", s.PLAN, {}),
    (rf"{Y}/election/scrutineers/<int:member_id>/name", s.PLAN, {"member_id": "other_scrutineer"}),
    (rf"{Y}/election/scrutineers/<int:member_id>/drop", s.PLAN, {"member_id": "asked_scrutineer"}),
    (rf"{Y}/election/scrutineer", s.PLAN, {}),
    (rf"{Y}/election/(questions|prepare|freeze|sweep|review)", s.PLAN, {}),
    (rf"{Y}/assembly/desk/open", s.PLAN, {}),
    (rf"{Y}/election/(count|prove)", s.CLOSED, {}),
    (rf"{Y}/vote/papers", s.CLOSED, {}),
    (rf"{Y}/election/(publish|package|settle)", s.COUNTED, {}),
    (rf"{Y}/minutes", s.COUNTED, {}),
    (rf"{Y}/assembly/proxy/<int:proxy_id>/(accept|decline)", s.VOTE, {"proxy_id": "offered"}),
    (rf"{Y}/vote/(results|explanation)", s.TOLD, {}),
    (rf"{Y}/(assembly|election|vote|screen)", s.VOTE, {}),
    (rf"{Y}/groups/assignment/outcome", s.TOLD, {}),
    (rf"{Y}/groups/plan/facilitators/<", s.JOIN, {"member_id": "leader"}),
    (rf"{Y}/groups/(assignment|dates|plan)", s.LOT, {}),
    (rf"{Y}/groups/wishes", s.WISHES, {}),
    (rf"{Y}/groups/<int:group_id>/dates", s.GROUP, {}),
    (rf"{Y}/groups/<int:group_id>/can", s.GROUP, {"meeting_id": "ahead"}),
    (rf"{Y}/groups/<int:group_id>/(inside|can-come|cannot-come|calendar)", s.GROUP, {}),
    (rf"{Y}/groups/<int:group_id>/(confirm|decline)", s.JOIN, {"group_id": "offered"}),
    (rf"{Y}/groups", s.JOIN, {}),
    (rf"{Y}/facilitate/<int:group_id>/move", s.GROUP, {"meeting_id": "ahead"}),
    (rf"{Y}/facilitate/.*(agenda)", s.GROUP, {"meeting_id": "ahead"}),
    (rf"{Y}/(facilitate|figures)", s.GROUP, {}),
    (rf"{Y}/drafts/<int:draft_id>/adoption/reopen", s.HEARD, {}),
    (rf"{Y}/drafts/<int:draft_id>/adoption", s.ADOPT, {}),
    (rf"{Y}/drafts/<int:draft_id>/(remarks|take-back|extend)", s.PUBLIC, {}),
    (rf"{Y}/drafts/<int:draft_id>/together/<int:group_id>", s.WRITE, {"group_id": "joining"}),
    (rf"{Y}/drafts/of/<int:group_id>/begin", s.WRITE, {"group_id": "fresh"}),
    (rf"{Y}/drafts", s.WRITE, {}),
    (rf"{Y}/remarks", s.PUBLIC, {"remark_id": "reported"}),
    (rf"{Y}/bundle/bundle.json", s.TOLD, {}),
    (rf"{Y}/bundle", s.HEARD, {}),
    (rf"{Y}/decisions", s.DECIDE, {}),
    ("/board/recommendations/<int:recommendation_id>/draft", s.DECIDE, {"recommendation_id": "drafted"}),
    ("/board", s.DECIDE, {}),
    ("/threads", s.DECIDE, {}),
    ("/recommendations/desk", 0, {"upload_id": "list_upload"}),
    ("/recommendations/<int", s.DECIDE, {}),
    ("/members/<int:member_id>/roles", 0, {"member_id": "grant_of"}),
    ("/calendar", s.GROUP, {}),
)  # fmt: skip
PLAIN = {"kind": "csv", "code": "nl", "token": "x", "said": "agree", "slug": "gent", "filename": "css/sipvote.css"}
PART = re.compile(r"<(?:(\w+)(?:\((.*?)\))?:)?(\w+)>")


def place_of(rule: str) -> tuple[int, dict[str, str]]:
    """The season that serves a rule, and which of its parts are told otherwise."""
    return next(((year, names) for begin, year, names in PLACES if re.match(begin, rule)), (0, {}))


def address(world: World, rule: str) -> str:
    """The address of the thing that a rule is about, in English."""
    year, names = place_of(rule)
    ids: dict[str, Any] = {**PLAIN, **world.ids[0], **world.ids[year], "year": year or s.DECIDE}

    def fill(part: re.Match[str]) -> str:
        _kind, choices, name = part.groups()
        if choices:
            return choices.split(",")[0].strip()
        return str(ids.get(names.get(name, name), 1))  # what the world has nothing of is not there: 404

    return "/en" + PART.sub(fill, rule)
