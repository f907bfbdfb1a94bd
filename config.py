"""Configuration, read once from the environment (`SIPVOTE_*`); the README has the table.

Production is the default, and refuses to start when a secret or an address is missing:
a forgotten setting must be a sentence at start-up, never a hole found in June.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
MODES = ("production", "demo", "test")
LOGS = ("text", "json")
# In demo and test the keys are public on purpose; production refuses them.
PLAY_SECRET = "not-a-secret-only-for-demo-and-tests"  # noqa: S105
PLAY_SIGNING_KEY = "5e" * 32
PLAY_FACTOR_KEY = "fa" * 32


# What no installation changes: sessions, and how much a visitor may send.
FIXED: dict[str, Any] = {
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "SESSION_COOKIE_PATH": "/",
    "PERMANENT_SESSION_LIFETIME": 12 * 3600,
    "SESSION_REFRESH_EACH_REQUEST": False,  # a session lasts 12 hours from signing in, whatever one does
    "MAX_CONTENT_LENGTH": 20 * 1024 * 1024,
    "MAX_FORM_MEMORY_SIZE": 1024 * 1024,
    "WTF_CSRF_TIME_LIMIT": None,  # lives as long as the session: a form left open is never lost
}


class BadConfig(ValueError):
    """One or more settings are missing or wrong; the text says which and how to mend them."""


def load(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Give Flask's configuration for the mode in SIPVOTE_MODE; raise BadConfig in full sentences."""

    def get(name: str, default: str = "") -> str:
        return environ.get(f"SIPVOTE_{name}", default).strip()

    def whole(name: str, default: int) -> int:
        try:
            return int(get(name) or default)
        except ValueError:
            raise BadConfig(f"SIPVOTE_{name} is '{get(name)}'; give a whole number.") from None

    mode = get("MODE", "production")
    instance = Path(get("INSTANCE", str(ROOT / "instance"))).resolve()
    play = mode in ("demo", "test")
    base_url = get("BASE_URL", "http://127.0.0.1:8000" if play else "").rstrip("/")
    config: dict[str, Any] = {
        "MODE": mode,
        "DEMO": mode == "demo",
        "TESTING": mode == "test",
        "INSTANCE": instance,
        "SECRET_KEY": get("SECRET_KEY", PLAY_SECRET if play else ""),
        "SIGNING_KEY": get("SIGNING_KEY", PLAY_SIGNING_KEY if play else ""),
        "FACTOR_KEY": get("FACTOR_KEY", PLAY_FACTOR_KEY if play else ""),
        # "strict": officials prove themselves twice and act by two; "easy" is for demonstrations and tests.
        "OFFICIALS": get("OFFICIALS", "easy" if play else "strict"),
        "BASE_URL": base_url,
        "TRUSTED_HOSTS": [h for h in get("TRUSTED_HOSTS", "127.0.0.1,localhost" if play else "").split(",") if h],
        "LOG": get("LOG", "text"),
        "PROXIES": whole("PROXIES", 0),
        **_service(get, whole, instance),
        **_operation(get),
        **_mail(get, whole, mode),
        # The identity provider of the cooperative, where members may sign in with their account (members/sso.py).
        "OIDC_ISSUER": get("OIDC_ISSUER"),
        "OIDC_CLIENT_ID": get("OIDC_CLIENT_ID"),
        "OIDC_CLIENT_SECRET": get("OIDC_CLIENT_SECRET"),
        "OIDC_MEMBER_CLAIM": get("OIDC_MEMBER_CLAIM", "member_number"),
        "SOURCE_URL": get("SOURCE_URL") or None,
        "CONTACT": get("CONTACT", "smartinprogress@example.org" if play else ""),
        "SESSION_COOKIE_NAME": "__Host-sipvote" if base_url.startswith("https:") else "sipvote",
        "SESSION_COOKIE_SECURE": base_url.startswith("https:"),
        **FIXED,
    }
    problems = _problems(config)
    if problems:
        raise BadConfig("\n".join(problems))
    return config


def _service(get: Callable[..., str], whole: Callable[[str, int], int], instance: Path) -> dict[str, Any]:
    """Where the data is, and how many processes and threads serve it."""
    database = get("DATABASE_URL") or f"sqlite:///{instance / 'sipvote.db'}"
    return {
        "SQLALCHEMY_DATABASE_URI": database,
        "JOBS_URL": get("JOBS_URL"),
        # How long a vote may be contested; a lawyer must check it. Then roll and envelopes are destroyed.
        "CONTEST_DAYS": whole("CONTEST_DAYS", 183),
        "WORKERS": whole("WORKERS", 2),
        # Those who wait for SQLite's disk share one flush; PostgreSQL has processes of its own to keep busy.
        "THREADS": whole("THREADS", 10 if database.startswith("sqlite") else 4),
    }


def _operation(get: Callable[..., str]) -> dict[str, Any]:
    """How the service is watched and guarded."""
    return {
        # "strict": no real vote opens on an installation that would break a promise. "warn" is for machines that play.
        "READINESS": get("READINESS", "strict"),
        "METRICS_TOKEN": get("METRICS_TOKEN"),
        "LIMITS_URL": get("LIMITS_URL"),
        "ASKS_PER_NETWORK": 5000,  # sign-ins asked for from one address within ten minutes: no hall comes near
    }


def _mail(get: Callable[..., str], whole: Callable[[str, int], int], mode: str) -> dict[str, Any]:
    """How mail leaves, as Flask-Mailman wants to know it."""
    return {
        # Demo mode cannot send real mail, whatever the environment says.
        "MAIL_BACKEND": "dummy"
        if mode == "demo"
        else get("MAIL_BACKEND", "smtp" if mode == "production" else "locmem"),
        "MAIL_SERVER": get("MAIL_SERVER"),
        "MAIL_PORT": whole("MAIL_PORT", 587),
        "MAIL_USERNAME": get("MAIL_USERNAME") or None,
        "MAIL_PASSWORD": get("MAIL_PASSWORD") or None,
        "MAIL_USE_TLS": get("MAIL_TLS", "yes") == "yes",
        "MAIL_TIMEOUT": 30,
        "MAIL_DEFAULT_SENDER": get("MAIL_FROM", "sipvote@example.org" if mode != "production" else ""),
    }


def _problems(config: dict[str, Any]) -> list[str]:
    if config["MODE"] not in MODES:
        return [f"SIPVOTE_MODE is '{config['MODE']}'; choose production, demo or test."]
    if config["LOG"] not in LOGS:
        return [f"SIPVOTE_LOG is '{config['LOG']}'; choose text or json."]
    if config["OFFICIALS"] not in ("strict", "easy"):
        return [f"SIPVOTE_OFFICIALS is '{config['OFFICIALS']}'; choose strict or easy."]
    if config["MODE"] != "production":
        return []
    checks = [
        (
            len(config["SECRET_KEY"]) >= 32 and config["SECRET_KEY"] != PLAY_SECRET,
            "SIPVOTE_SECRET_KEY is missing or short; give at least 32 random characters "
            "(python3 -c 'import secrets; print(secrets.token_hex(32))').",
        ),
        (
            _is_key(config["SIGNING_KEY"]) and config["SIGNING_KEY"] != PLAY_SIGNING_KEY,
            "SIPVOTE_SIGNING_KEY is missing; give 64 hexadecimal digits, made as the secret key, and keep it for ever.",
        ),
        (
            _is_key(config["FACTOR_KEY"]) and config["FACTOR_KEY"] != PLAY_FACTOR_KEY,
            "SIPVOTE_FACTOR_KEY is missing; give 64 hexadecimal digits, made as the secret key: it locks away what "
            "officials prove themselves with.",
        ),
        (config["TRUSTED_HOSTS"], "SIPVOTE_TRUSTED_HOSTS is missing; name the hosts that members use, with commas."),
        (
            config["BASE_URL"].startswith("https://"),
            "SIPVOTE_BASE_URL is missing or not https; give the address that links in mails begin with.",
        ),
        (
            config["MAIL_SERVER"] or config["MAIL_BACKEND"] != "smtp",
            "SIPVOTE_MAIL_SERVER is missing; name the SMTP server, or nobody can sign in.",
        ),
        (config["MAIL_DEFAULT_SENDER"], "SIPVOTE_MAIL_FROM is missing; give the address that mails come from."),
        (config["CONTACT"], "SIPVOTE_CONTACT is missing; give the address that members may write to."),
        (config["READINESS"] in ("strict", "warn"), "SIPVOTE_READINESS is neither strict nor warn."),
        (
            not config["METRICS_TOKEN"] or len(config["METRICS_TOKEN"]) >= 20,
            "SIPVOTE_METRICS_TOKEN is short; give at least 20 random characters, or none to close the page.",
        ),
        (
            not config["OIDC_ISSUER"] or config["OIDC_ISSUER"].startswith("https://"),
            "SIPVOTE_OIDC_ISSUER is not https; give the provider's own address, or nothing to do without.",
        ),
        (
            bool(config["OIDC_ISSUER"]) == bool(config["OIDC_CLIENT_ID"]) == bool(config["OIDC_CLIENT_SECRET"]),
            "SIPVOTE_OIDC_ISSUER, _CLIENT_ID and _CLIENT_SECRET belong together; give all three, or none.",
        ),
    ]
    return [sentence for fine, sentence in checks if not fine]


def _is_key(text: str) -> bool:
    return len(text) == 64 and all(c in "0123456789abcdef" for c in text.lower())
