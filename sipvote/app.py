"""The application: configuration, extensions, rooms in the order of the year. One page."""

from importlib import import_module
from pathlib import Path
from typing import Any

from flask import Flask, current_app, g, request, url_for
from flask_login import current_user
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map

import config

from . import access, assets, cookies, errors, headers, i18n, jobs, limits, logs, mail, markdown, metrics, navigation
from .db import db, engine_options
from .editions import rules as editions

csrf = CSRFProtect()

# The blueprints, each with the module that brings all of its routes, in the order of the year.
ROOMS = (
    "members.step_views:members",
    "members.passkey_views:members",
    "members.asked_views:members",
    "members.recovery_views:members",
    "members.sso_views:members",
    "members.desk:desk",
    "editions.views:editions",
    "themes.views:themes",
    "themes.desk:desk",
    "assembly.views:assembly",
    "assembly.desk:desk",
    "assembly.checkin:checkin",
    "assembly.post:mailings",
    "assembly.entrance:links",
    "voting.publication:voting",
    "voting.for_another:voting",
    "voting.proxy_views:proxies",
    "voting.proxy_desk:desk",
    "voting.questions_desk:desk",
    "voting.naming_desk:desk",
    "voting.ceremony_desk:desk",
    "voting.hours_desk:desk",
    "voting.card_desk:desk",
    "voting.kiosk:kiosk",
    "voting.paper_desk:desk",
    "voting.minutes_views:minutes_room",
    "voting.screen:screen",
    "workgroups.views:workgroups",
    "workgroups.confirm_views:workgroups",
    "workgroups.desk:desk",
    "workgroups.planning_desk:desk",
    "workgroups.assignment_desk:desk",
    "workgroups.why_views:why",
    "workgroups.slots_desk:slots_desk",
    "workgroups.wish_views:wishes",
    "workgroups.pool_desk:desk",
    "workgroups.facilitate:facilitate",
    "workgroups.moving_desk:facilitate",
    "workgroups.attendance_desk:facilitate",
    "workgroups.group_post:facilitate",
    "workgroups.minutes_room:inside",
    "workgroups.feed_views:feed",
    "workgroups.figures:figures",
    "recommendations.views:drafts",
    "recommendations.write_views:drafts",
    "recommendations.version_views:drafts",
    "recommendations.joining_views:drafts",
    "recommendations.desk:desk",
    "recommendations.remarks_views:remarks_room",
    "recommendations.remarks_desk:desk",
    "recommendations.adoption_views:adoption",
    "decisions.views:decisions",
    "decisions.desk:board",
    "decisions.drafting_desk:board",
    "decisions.publishing_desk:board",
    "decisions.following_desk:board",
    "recommendations.bundle_views:bundle",
    "threads.views:threads",
    "threads.search_views:search",
    "stocktake.views:recommendations",
    "stocktake.import_desk:desk",
    "stocktake.keeping_views:stocktake",
    "oversight.views:oversight",
    "readiness.views:service",
    "retention.desk:desk",
    "pages:pages",
)
# Tables of rooms that have no page yet.
TABLES = (
    "recommendations.hearing_models",
    "searching",
)


class RowNumber(IntegerConverter):
    """A number in an address, as large as an id can be in the database: beyond that there is no such page."""

    def __init__(self, url_map: Map, max: int = 2**31 - 1, **options: Any) -> None:
        super().__init__(url_map, max=max, **options)


class Context(Flask.jinja_environment.context_class):  # type: ignore[name-defined]  # of Jinja
    """No template of ours has globals of its own, so no `import` in it need look for them: they are thirty a vote."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.globals_keys: set[str] = set()


class Sipvote(Flask):
    """Nothing of ours is async, so nobody need look, a hundred times a vote, whether this is."""

    def ensure_sync(self, func: Any) -> Any:
        return func


def create_app(**overrides: Any) -> Flask:
    """Make the application from the environment; `overrides` are for tests. Raises config.BadConfig."""
    app = Sipvote(
        "sipvote", template_folder=str(_beside("templates")), static_folder=str(Path(__file__).parent / "static")
    )
    app.config.from_mapping(config.load() | overrides)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(
        app.config["SQLALCHEMY_DATABASE_URI"], app.config["THREADS"]
    )
    app.config["INSTANCE"].mkdir(mode=0o700, parents=True, exist_ok=True)
    app.url_map.converters["int"] = RowNumber
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.context_class = Context
    db.init_app(app)
    csrf.init_app(app)
    mail.mailman.init_app(app)
    i18n.init_app(app)
    cookies.init_app(app)
    access.init_app(app)
    errors.init_app(app)
    jobs.init_app(app)
    markdown.init_app(app)
    limits.init_app(app)
    metrics.init_app(app)
    assets.init_app(app)
    headers.init_app(app)
    logs.init_app(app)
    _register_rooms(app)
    import_module(".members.sso", __package__).init_app(app)
    app.context_processor(_page_context)
    if app.config["PROXIES"]:
        hops = app.config["PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _beside(folder: str) -> Path:
    """A folder of the project: inside the package when installed from a wheel, beside it in a clone."""
    inside = Path(__file__).parent / folder
    return inside if inside.is_dir() else Path(__file__).parent.parent / folder


def _register_rooms(app: Flask) -> None:
    named = (name.split(":") for name in ROOMS)
    # All modules are there before the first blueprint is registered: several may add routes to one.
    blueprints = [getattr(import_module(f".{module}", __package__), name) for module, name in named]
    for blueprint in dict.fromkeys(blueprints):
        app.register_blueprint(blueprint)
    # The wall asks officials for their second step: the members' room knows how.
    access.second_step[:] = [import_module(".members.step_views", __package__).at_the_wall]
    # Who voted counts for the quorum: the assembly's room asks, the ballot box answers.
    import_module(".assembly.quorum", __package__).voted[:] = [import_module(".voting.box", __package__).who_voted]
    # What members have begun holds settings of their edition fast: the editions ask, the workgroups answer.
    editions.holding[:] = [import_module(".workgroups.wishing", __package__).why_not_settings]
    # A bundle stays submitted once the board works with it: the bundle asks, the decisions answer.
    bundling = import_module(".recommendations.bundling", __package__)
    bundling.holding[:] = [import_module(".decisions.bundled", __package__).why_not_take_back]
    # What is done is not late: the decisions ask, the stocktake answers.
    decided = import_module(".decisions.finding", __package__)
    decided.done[:] = [import_module(".stocktake.statuses", __package__).done]
    if app.config["DEMO"]:
        from .demo.mails import demo_mails
        from .demo.views import demo

        app.register_blueprint(demo)
        app.register_blueprint(demo_mails)
    for view in app.view_functions.values():
        if getattr(view, "checks_own_token", False):
            csrf.exempt(view)


def _way_in() -> str:
    """Where to sign in; it leads back to this page, unless this answers a form or belongs to signing in itself."""
    is_signing_in = (request.endpoint or "").startswith("members.")
    back = errors.this_page() if request.method == "GET" and not is_signing_in else None
    return url_for("members.sign_in", next=back)


def _is_easy_desk() -> bool:
    """Whether this is a page for officials who act alone, outside the demonstration, whose banner says so itself."""
    view = current_app.view_functions.get(request.endpoint or "")
    return hasattr(view, "requires") and not access.strict() and not current_app.config["DEMO"]


def _page_context() -> dict[str, Any]:
    """What base.html needs on every page; on an error page of ours, nothing that asks the database."""
    if g.get("broken"):
        return {"language": i18n.language(), "home_url": f"{request.script_root}/"}
    edition = g.get("edition") or editions.current()
    return {
        "home_url": navigation.address("pages.home"),
        "sign_in_url": None if current_user.is_authenticated else _way_in(),
        "me_url": navigation.address("pages.me"),
        "search_url": navigation.address("search.index"),
        "sign_out_url": navigation.address("members.sign_out"),
        "source_url": current_app.config["SOURCE_URL"],
        "language": i18n.language(),
        "languages": i18n.language_links(),
        "edition": edition,
        "year_line": editions.year_line,
        "shell": navigation.Shell(edition),
        "demo": current_app.config["DEMO"],
        "officials_alone": _is_easy_desk(),
    }
