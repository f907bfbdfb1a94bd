"""Checks of the settings in the environment. Also those that keep `serve` from starting: other servers may start."""

from flask_babel import gettext as _

import config

from .facts import Facts


def why_not_mode(facts: Facts) -> str | None:
    """Only production keeps promises: the demonstration signs in anybody."""
    if facts.config["MODE"] == "production" and not facts.config.get("DEBUG"):
        return None
    return _("This is not a real installation, or it is being debugged. Set SIPVOTE_MODE to production.")


def why_not_secret(facts: Facts) -> str | None:
    """A secret that others know signs sessions for them."""
    secret = facts.config["SECRET_KEY"]
    if len(secret) >= 32 and len(set(secret)) >= 10 and secret != config.PLAY_SECRET:
        return None
    return _("SIPVOTE_SECRET_KEY is short or easy to guess. Give at least 32 random characters.")


def why_not_signing_key(facts: Facts) -> str | None:
    """Checkpoints prove something only by a key of one's own."""
    key = facts.config["SIGNING_KEY"]
    if len(key) == 64 and len(set(key)) >= 6 and key != config.PLAY_SIGNING_KEY:
        return None
    return _("SIPVOTE_SIGNING_KEY is not random. Give 64 random hexadecimal digits, and keep them for ever.")


def why_not_https(facts: Facts) -> str | None:
    """Without TLS everybody on the way reads along."""
    if facts.config["BASE_URL"].startswith("https://") and facts.config["SESSION_COOKIE_SECURE"]:
        return None
    return _("SIPVOTE_BASE_URL does not begin with https://. Put a proxy with a certificate in front.")


def why_not_hosts(facts: Facts) -> str | None:
    """Links in mails and redirects lead only to hosts of ours."""
    hosts = facts.config["TRUSTED_HOSTS"]
    if hosts and not any(host.startswith(".") or "*" in host for host in hosts):
        return None
    return _("SIPVOTE_TRUSTED_HOSTS names no hosts, or whole domains. Name each host that members use.")


def why_not_proxies(facts: Facts) -> str | None:
    """The server itself speaks no TLS: who says https has a proxy in front, and must say so."""
    if facts.config["BASE_URL"].startswith("https://") and not facts.config["PROXIES"]:
        return _("SIPVOTE_PROXIES is 0, but only a proxy can speak TLS here. Give the number of proxies in front.")
    if facts.config["PROXIES"] and facts.came_by_tls is False:
        return _(
            "The proxy does not say that visitors come by https. Let it set X-Forwarded-Proto, "
            "and let SIPVOTE_PROXIES be the number of proxies."
        )
    return None


def why_not_officials(facts: Facts) -> str | None:
    """Whoever reads an official's mail must not be able to run the vote."""
    if facts.config.get("OFFICIALS", "strict") == "strict":
        return None
    return _("Officials sign in without a second step. Set SIPVOTE_OFFICIALS to strict.")


def why_not_strict(facts: Facts) -> str | None:
    """An installation that asks for no checks says so."""
    if facts.config["READINESS"] == "strict":
        return None
    return _("SIPVOTE_READINESS is warn: votes open whatever is wrong. Only machines that play may do so.")


MUST = (
    why_not_mode, why_not_secret, why_not_signing_key, why_not_https, why_not_hosts, why_not_proxies,
    why_not_officials,
)  # fmt: skip
SHOULD = (why_not_strict,)
