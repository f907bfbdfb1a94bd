"""Who may do what: the login wall, the roles, and the one permission table.

Every route is closed unless it is marked `@public`. A route for officials says `@requires(act)`;
which roles may act stands in MAY and nowhere else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, has_request_context, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_login import LoginManager, UserMixin, current_user, user_logged_in
from sqlalchemy.exc import OperationalError

from .db import now
from .errors import Forbidden, Refused, this_page
from .fields import KeptForm

Route = TypeVar("Route", bound=Callable[..., Any])
login_manager = LoginManager()
# Sessions that a card began, on one's own phone or at the kiosk: with them one votes, and does nothing else.
HALL = ("card", "kiosk")
READS = ("GET", "HEAD", "OPTIONS")


class Role(StrEnum):
    """What a member may be beside a member. A facilitator's role may be limited to a city."""

    FACILITATOR = "facilitator"
    SCRUTINEER = "scrutineer"
    BOARD = "board"
    ORGANISER = "organiser"


# Roles that weigh: they sleep in a session until their holder has done the second step (docs/officials.md).
WEIGHTY = frozenset({Role.SCRUTINEER, Role.BOARD, Role.ORGANISER})
PROOF_LIVES = timedelta(minutes=5)  # for acts that cannot be undone
# Asks for the second step on the page where it is needed; None when the answer came along. The members' room knows.
second_step: list[Callable[[], Any]] = []

MAY: dict[str, frozenset[Role]] = {
    act: frozenset(roles)
    for act, roles in {
        "members.see": [Role.ORGANISER],
        "members.import": [Role.ORGANISER],
        "members.grant": [Role.ORGANISER],
        "editions.plan": [Role.ORGANISER],
        "themes.review": [Role.ORGANISER],
        "assembly.plan": [Role.ORGANISER],
        "assembly.check_in": [Role.FACILITATOR, Role.ORGANISER],
        "assembly.incidents": [Role.BOARD, Role.ORGANISER],
        "assembly.minutes": [Role.BOARD, Role.ORGANISER],
        "assembly.mail": [Role.ORGANISER],
        "voting.run": [Role.ORGANISER],
        "voting.cards": [Role.FACILITATOR, Role.ORGANISER],
        "voting.open_box": [Role.ORGANISER, Role.SCRUTINEER],
        "voting.papers": [Role.SCRUTINEER],
        "voting.scrutinise": [Role.SCRUTINEER],
        "voting.package": [Role.ORGANISER, Role.SCRUTINEER],
        "workgroups.plan": [Role.ORGANISER],
        "workgroups.facilitate": [Role.FACILITATOR, Role.ORGANISER],
        "recommendations.organise": [Role.ORGANISER],
        "decisions.decide": [Role.BOARD, Role.ORGANISER],
        "stocktake.keep": [Role.ORGANISER],
        "figures.see": [Role.BOARD, Role.ORGANISER],
        "acts.confirm": [Role.BOARD, Role.ORGANISER],
        "audit.read": [Role.BOARD, Role.ORGANISER, Role.SCRUTINEER],
        "service.watch": [Role.ORGANISER],
        "retention.see": [Role.BOARD, Role.ORGANISER],
        "members.erase": [Role.ORGANISER],
    }.items()
}


@dataclass(frozen=True)
class Visitor(UserMixin):
    """Who is signed in, as every request needs it: read in one query, without the ORM.

    `cities` are the city ids that a facilitator's role is limited to; empty means every city.
    """

    sign_in_id: int
    member_id: int
    name: str
    language: str
    country: str
    city_id: int
    roles: frozenset[Role] = frozenset()
    cities: frozenset[int] = frozenset()
    via: str = "mail"  # how the session began: members.models.SignIn
    asleep: frozenset[Role] = frozenset()  # held, but the second step is not done
    proved_at: datetime | None = None  # when the second step was last done in this session

    @property
    def is_in_hall(self) -> bool:
        """Whether the session began with a card that is handed out in the hall."""
        return self.via in HALL

    def get_id(self) -> str:
        return str(self.sign_in_id)

    def may(self, act: str) -> bool:
        """Say whether one of the visitor's roles allows the act (a key of MAY)."""
        return bool(self.roles & MAY[act])

    def must_prove(self, act: str | None, weighs: bool) -> bool:
        """Say whether the second step comes first: the role sleeps, or the act weighs and it was done long ago."""
        if act and not self.may(act):
            return bool(self.asleep & MAY[act])
        long_ago = self.proved_at is None or self.proved_at <= now() - PROOF_LIVES
        return weighs and strict() and bool(self.roles & WEIGHTY) and long_ago


def strict() -> bool:
    """Whether officials do a second step, and need each other, as SIPVOTE_OFFICIALS says."""
    return bool(current_app.config["OFFICIALS"] == "strict")


def awake(roles: frozenset[Role], proved: bool) -> tuple[frozenset[Role], frozenset[Role]]:
    """Which of somebody's roles a session has, and which sleep until the second step is done."""
    asleep = roles & WEIGHTY if strict() and not proved else frozenset()
    return roles - asleep, asleep


def may(act: str) -> bool:
    """Say whether the visitor of this request may do the act; templates ask it too."""
    visitor = current_user._get_current_object()  # once: a page asks of thirty acts
    return bool(visitor.is_authenticated and visitor.may(act))


def own_id() -> int | None:
    """The member who reads or acts here: nobody for a stranger, nor for who came with a card and may only vote."""
    return current_user.member_id if current_user.is_authenticated and not current_user.is_in_hall else None


def asks_as_member() -> int | None:
    """Who asks, where that is nobody with a role: a member's id, or 0 for a stranger.

    None for whoever organises, and for the service itself (worker, command line).
    """
    if not has_request_context() or (current_user.is_authenticated and current_user.roles):
        return None
    return current_user.member_id if current_user.is_authenticated else 0


def public(route: Route) -> Route:
    """Mark a route as open to visitors who have not signed in."""
    route.is_public = True  # type: ignore[attr-defined]
    return route


def checks_own_token(route: Route) -> Route:
    """Mark a route whose form checks the CSRF token itself, and so brings back what was typed when it expired."""
    route.checks_own_token = True  # type: ignore[attr-defined]
    return route


def stopped_at_the_door(form: KeptForm, why: str | None) -> Any:
    """Who opens a page in vain is sent on; who sends a text gets it back with the reason above it."""
    if not why:
        return None
    if request.method in ("GET", "HEAD"):
        if current_user.is_authenticated:
            raise Refused(why)
        return redirect(url_for("members.sign_in", next=this_page()))
    if not current_user.is_authenticated:
        why = _("You are no longer signed in. Sign in in another window, then send this text again: it is still here.")
    form.refuse(why)
    return None


def for_cards(route: Route) -> Route:
    """Mark a route as open to who came with a card: the ballot, and what belongs to it."""
    route.is_for_cards = True  # type: ignore[attr-defined]
    return route


def weighs(route: Route) -> Route:
    """Mark a route whose act cannot be undone: officials do their second step within five minutes before it."""
    route.weighs = True  # type: ignore[attr-defined]
    return route


def requires(act: str) -> Callable[[Route], Route]:
    """Mark a route as open only to the roles that MAY lists for the act."""
    if act not in MAY:
        raise KeyError(act)

    def mark(route: Route) -> Route:
        route.requires = act  # type: ignore[attr-defined]
        return route

    return mark


def _know_visitor() -> None:
    """Look up who is signed in before anything else happens in the request.

    Noting that an official is still here writes in a transaction of its own; on SQLite it would wait for
    ever for one that the request itself had begun before.
    """
    if request.endpoint == "static":
        return
    try:
        current_user._get_current_object()
    except OperationalError:
        g._login_user = login_manager.anonymous_user()  # so that the page that says so does not ask again
        raise


def _wall() -> Response | None:
    """Stop every request that its route does not let through; runs before each request."""
    route = current_app.view_functions.get(request.endpoint or "")
    if route is None or request.endpoint == "static":
        return None
    # Who is asking is read first, in a transaction of its own: later it would wait for the page's own lock.
    is_known = current_user.is_authenticated
    if getattr(route, "is_public", False):
        return None
    if not is_known:
        # Come back to a page that was asked for; an act (POST) begins again from its page.
        back = this_page() if request.method in ("GET", "HEAD") else None
        return redirect(url_for("members.sign_in", next=back))  # type: ignore[return-value]
    if current_user.is_in_hall and not getattr(route, "is_for_cards", False):
        raise Forbidden(_("With your card you can only vote. To do more, sign in with your e-mail address."))
    act = getattr(route, "requires", None)
    is_act = getattr(route, "weighs", False) and request.method not in ("GET", "HEAD")
    if current_user.must_prove(act, is_act) and (asked := second_step[0]()) is not None:
        return asked  # type: ignore[no-any-return]
    if act is not None and not current_user.may(act):
        if MAY[act] == {Role.SCRUTINEER}:
            raise Forbidden(_("This page is for the scrutineers of the vote."))
        raise Forbidden(_("This page is for the people who organise Smart in Progress."))
    return None


def _only_from_here() -> None:
    """Refuse an act that a page of another site sends, whatever token it carries: browsers tell where it stands."""
    origin = request.headers.get("Origin", "null")
    if request.method not in READS and origin != "null" and urlsplit(origin).netloc != request.host:
        raise Forbidden(_("This was sent from another site, so nothing was done."))


def _forget_where(*_args: object, **_facts: object) -> None:
    """For that watch the library keeps a hash of address and browser in the cookie: it has no business there."""
    del session["_id"]


def init_app(app: Flask) -> None:
    """Put up the wall, and let templates ask `may(act)`, and `takes_two()`: whether officials need each other."""
    login_manager.init_app(app)
    # It would watch the address and browser of a session, for acts that need a fresh one. We have none, and
    # in the hall phones go from one network to the other.
    login_manager.session_protection = None
    user_logged_in.connect_via(app)(_forget_where)
    app.before_request_funcs.setdefault(None, []).insert(0, _know_visitor)
    app.before_request(_only_from_here)
    app.before_request(_wall)
    app.jinja_env.globals["may"] = may
    app.jinja_env.globals["takes_two"] = strict
