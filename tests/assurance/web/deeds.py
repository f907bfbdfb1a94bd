"""What is sent where no page of the world holds the form: it stands on a page that another form leads to."""

from typing import Any

from tests.assurance.web.addresses import address, place_of
from tests.assurance.web.forms import Fields
from tests.assurance.web.world import World

Y = "/<int:year>"
# These forms send what the form before them sends.
AS = {
    f"{Y}/vote/ballot": f"{Y}/vote/check",
    f"{Y}/vote/send": f"{Y}/vote/check",
    f"{Y}/vote/for/<int:proxy_id>/ballot": f"{Y}/vote/for/<int:proxy_id>/check",
    f"{Y}/vote/for/<int:proxy_id>/send": f"{Y}/vote/for/<int:proxy_id>/check",
    f"{Y}/themes/propose": f"{Y}/themes/new",
    f"{Y}/facilitate/<int:group_id>/write/send": f"{Y}/facilitate/<int:group_id>/write",
    f"{Y}/facilitate/<int:group_id>/write/again": f"{Y}/facilitate/<int:group_id>/write",
    f"{Y}/drafts/<int:draft_id>/keep": f"{Y}/drafts/<int:draft_id>/add",
}
# Names in braces are ids of the season.
BODIES: dict[str, dict[str, Any]] = {
    # No rehearsal: scrutineers are asked for the vote itself.
    f"{Y}/election/prepare": {"rule": "approval", "custody": "scrutineers"},
    f"{Y}/groups/<int:group_id>/join": {"date": "{dates}"},
    f"{Y}/groups/<int:group_id>/confirm": {"date": "{offered_dates}"},
    f"{Y}/assembly/proxy/give": {"number": "{to_number}", "name": "{to_name}"},
    f"{Y}/assembly/proxies/enter": {"giver": "{from_number}", "holder": "{to_number}"},
    f"{Y}/drafts/<int:draft_id>/extend": {"until": "{until}"},
    f"{Y}/groups/wishes/groups": {"wish_1": "{other}", "wish_2": "", "wish_3": ""},
    f"{Y}/groups/<int:group_id>/inside/steps/<int:step_id>/not-done": {},
    "/asked/<int:asked_id>/refuse": {"why": "Not decided yet."},
    "/recoveries/<int:recovery_id>/refuse": {"why": "It was not them."},
    "/me/language": {"language": "fr"},
    f"{Y}/groups/plan/<int:group_id>/slots/copy": {"source": "{into}"},
    f"{Y}/groups/assignment/<int:group_id>/merge": {"into": "{into}"},
    f"{Y}/groups/assignment/<int:group_id>/mode": {"mode": "online"},
    "/recommendations/desk/large-themes/<int:theme_id>/merge": {"into": "{into}"},
}


def body(world: World, rule: str, found: dict[str, Fields]) -> Fields:
    """What a form sends to a rule: as it is told here, or as it stands on a page; else it is only a button."""
    if rule in BODIES:
        ids = {**world.ids[0], **world.ids[place_of(rule)[0]]}
        return {name: _told(value, ids) for name, value in BODIES[rule].items()}
    return found.get(address(world, AS.get(rule, rule)), {})


def _told(value: str, ids: dict[str, Any]) -> list[str]:
    known = ids[value.strip("{}")] if value.startswith("{") else value
    return [str(each) for each in (known if isinstance(known, list) else [known])]
