"""Languages: which one this page is in, and how dates, numbers and lists read in it.

The language stands first in the address (/nl/…, /fr/…, /en/…). A small WSGI layer moves it from the
path to SCRIPT_NAME, so that every route exists once and every url_for() keeps the page's language.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any
from unicodedata import combining, normalize
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_timedelta
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent
from flask import Flask, g, has_request_context, request, session
from flask_babel import Babel, Domain, force_locale, get_locale
from flask_login import current_user
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from .db import now

LANGUAGES = {"nl": "Nederlands", "fr": "Français", "en": "English"}
ZONE = ZoneInfo("Europe/Brussels")  # Paris keeps the same time
TIME = {"nl": "HH.mm 'uur'", "fr": "H 'h' mm", "en": "HH:mm"}
MOMENT = {"nl": "{day} om {time}", "fr": "{day} à {time}", "en": "{day} at {time}"}


class LanguagePrefix:
    """WSGI layer: /nl/themes becomes /themes under SCRIPT_NAME /nl."""

    def __init__(self, wsgi: Callable[..., Any]) -> None:
        self.wsgi = wsgi

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        path = environ.get("PATH_INFO", "")
        if path[1:3] in LANGUAGES and path[3:4] in ("", "/"):
            environ["sipvote.language"] = path[1:3]
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + path[:3]
            environ["PATH_INFO"] = path[3:] or "/"
        return self.wsgi(environ, start_response)


def choose_language() -> str:
    """The page's language: the address, else what was chosen before, else the member's, else the browser's."""
    if not has_request_context():
        return "en"
    chosen = request.environ.get("sipvote.language") or session.get("language")
    if chosen in LANGUAGES:
        return str(chosen)
    if current_user.is_authenticated:
        return str(current_user.language)
    return request.accept_languages.best_match(list(LANGUAGES)) or "nl"


def language() -> str:
    """The language in force, also inside in_language(): 'nl', 'fr' or 'en'.

    Asked a hundred times for a page, so it is kept: the library's own way there was a sixth of a page's time.
    """
    try:
        kept: str = g.language
    except (AttributeError, RuntimeError):  # not asked yet; not in an application
        found = get_locale()
        if found is None:
            return "en"
        kept = g.language = str(found.language)
    return kept


@contextmanager
def in_language(code: str) -> Iterator[None]:
    """Context in which sentences and dates come out in another member's language."""
    if not g:
        yield
        return
    before = language()
    with force_locale(code):
        g.language = code
        try:
            yield
        finally:
            g.language = before


class _Sentences(Domain):
    """The library's sentences, of the language in force as we keep it: it would look for it anew for each of them."""

    def get_translations(self) -> Any:
        code = language()
        if code not in self.cache:
            self.cache[code] = super().get_translations()
        return self.cache[code]

    @pass_context
    def say(self, context: Context, sentence: str, /, **words: Any) -> str:
        """A sentence in a template: what the template engine's own way gives, which is four calls deep, and a page
        has fifty of them.
        """
        said = str(self.get_translations().ugettext(sentence))
        if context.eval_ctx.autoescape:
            said = Markup(said)  # noqa: S704  (our own translations)
        return said % words if words or "%" in said else said


class _Babel(Babel):
    """The library, with these sentences."""

    @cached_property
    def domain_instance(self) -> _Sentences:
        return _Sentences(domain=self.domain)


def in_all_languages(sentence: Callable[[], Any]) -> dict[str, str]:
    """A sentence in every language: {language: sentence}."""
    texts = {}
    for code in LANGUAGES:
        with in_language(code):
            texts[code] = str(sentence())
    return texts


def language_links() -> list[dict[str, Any]]:
    """The same page in each language, with the query kept.

    A route that renders a page on POST answers GET too, so that the switch has somewhere to go.
    """
    query = "?" + request.query_string.decode("latin-1") if request.query_string else ""
    return [
        {"code": code, "name": name, "url": f"/{code}{request.path}{query}", "current": code == language()}
        for code, name in LANGUAGES.items()
    ]


def _local(value: datetime) -> datetime:
    return value.astimezone(ZONE)


@lru_cache(maxsize=5000)
def _written(day: date, pattern: str, code: str) -> str:
    """A date in a language; kept, because a page repeats the same few dates many times."""
    return str(format_date(day, pattern, locale=code))


def _as_date(at: date | datetime) -> date:
    return at.date() if isinstance(at, datetime) else at


def day(value: date | datetime, weekday: bool = True, with_year: bool = False) -> str:
    """'zaterdag 21 november 2026'; the year only when it is not this one, or `with_year`."""
    at = _local(value) if isinstance(value, datetime) else value
    is_told = with_year or at.year != _local(now()).year
    pattern = ("EEEE " if weekday else "") + "d MMMM" + (" y" if is_told else "")
    said = _written(_as_date(at), pattern, language())
    return said.replace("1 ", "1er ", 1) if language() == "fr" and at.day == 1 else said


def short_day(value: date | datetime) -> str:
    """'za 21 nov'."""
    at = _local(value) if isinstance(value, datetime) else value
    return _written(_as_date(at), "EEE d MMM", language()).replace(".", "")


def clock(value: datetime) -> str:
    """'17.00 uur', '17 h', '17:00', never broken over two lines: with no-break spaces."""
    at = _local(value)
    if language() == "fr":
        return f"{at.hour}\N{NO-BREAK SPACE}h" + (f"\N{NO-BREAK SPACE}{at.minute:02}" if at.minute else "")
    return at.strftime("%H.%M\N{NO-BREAK SPACE}uur" if language() == "nl" else "%H:%M")


def moment(value: datetime) -> str:
    """'zaterdag 21 november om 17.00 uur'."""
    return MOMENT[language()].format(day=day(value), time=clock(value))


def dated(value: datetime) -> str:
    """'zaterdag 21 november 2026 om 17.00 uur': with its year in every year, for what is kept."""
    return MOMENT[language()].format(day=day(value, with_year=True), time=clock(value))


def span(start: datetime, end: datetime) -> str:
    """'donderdag 12 november 2026, 18:00–21:00' as that language writes it."""
    first, last = clock(start), clock(end)
    if language() == "nl":
        first = first.removesuffix("\N{NO-BREAK SPACE}uur")
    return f"{day(start)}, {first}–{last}"


def month(value: date | datetime) -> str:
    """'november 2026'."""
    at = _local(value) if isinstance(value, datetime) else value
    return _written(_as_date(at), "LLLL y", language())


def number(value: float) -> str:
    """'30 000' as the language writes it."""
    return _decimal(value, language())


@lru_cache(maxsize=5000)
def _decimal(value: float, code: str) -> str:
    return format_decimal(value, locale=code)


def percent(value: float) -> str:
    """0.123 → '12,3 %'."""
    return _percent(value, language())


@lru_cache(maxsize=5000)
def _percent(value: float, code: str) -> str:
    return format_percent(value, format="#,##0.#%" if code == "en" else "#,##0.# %", locale=code)


def names(values: Iterable[Any]) -> str:
    """'Gent, Luik en Brussel'."""
    return format_list([str(v) for v in values], locale=language())


def colon() -> str:
    """':' as it follows a word: the French put a blank before it, which does not break."""
    return "\u00a0:" if language() == "fr" else ":"


def semicolon() -> str:
    """';' as it follows a word, in the same way."""
    return "\u00a0;" if language() == "fr" else ";"


def alphabetical(text: str) -> str:
    """A key to sort names by as people do: Liège before Lille, é beside e."""
    return "".join(c for c in normalize("NFKD", text) if not combining(c)).casefold()


def lasting(seconds: int) -> str:
    """'12 minuten', '90 seconden', '3 uur': how long something still lasts at least, in one unit."""
    unit = 86400 if seconds >= 2 * 86400 else 3600 if seconds >= 7200 else 60 if seconds >= 120 else 1
    whole = timedelta(seconds=seconds - seconds % unit)
    return format_timedelta(whole, granularity="second", threshold=2, locale=language())


def language_name(code: str) -> str:
    """'Dutch', 'Nederlands', 'néerlandais': what the page's language calls a language."""
    return str(Locale(language()).languages[code])


def country_name(code: str) -> str:
    """'France', 'Frankrijk': what the page's language calls a country, by its two letters."""
    return str(Locale(language()).territories[code])


def ago(value: datetime) -> str:
    """'3 dagen geleden', 'over 2 uur'."""
    return format_timedelta(value - now(), add_direction=True, locale=language())


FILTERS = (day, short_day, clock, moment, month, number, percent, names, ago, lasting, language_name, country_name)


def init_app(app: Flask) -> None:
    """Add the language to addresses, and the filters to templates."""
    babel = _Babel(app, locale_selector=choose_language, default_locale="en", default_timezone="Europe/Brussels")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda s: babel.domain_instance.get_translations().ugettext(s),
        ngettext=lambda s, p, n: babel.domain_instance.get_translations().ungettext(s, p, n),
        newstyle=True,
    )
    with app.app_context():
        app.jinja_env.globals["_"] = babel.domain_instance.say
    app.wsgi_app = LanguagePrefix(app.wsgi_app)  # type: ignore[method-assign]
    for each in FILTERS:
        app.jinja_env.filters[each.__name__] = each
    app.jinja_env.globals["span"] = span
    app.jinja_env.globals |= {"colon": colon, "semicolon": semicolon}

    @app.before_request
    def remember_language() -> None:
        chosen = request.environ.get("sipvote.language")
        if chosen and session.get("language") != chosen and request.endpoint not in ("static", None):
            session["language"] = chosen
