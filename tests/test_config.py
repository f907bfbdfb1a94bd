"""Settings: production refuses to start without secrets and addresses; demo cannot send real mail."""

import pytest

import config

FULL = {
    "SIPVOTE_SECRET_KEY": "s" * 40,
    "SIPVOTE_SIGNING_KEY": "ab" * 32,
    "SIPVOTE_FACTOR_KEY": "cd" * 32,
    "SIPVOTE_TRUSTED_HOSTS": "vote.example.org",
    "SIPVOTE_BASE_URL": "https://vote.example.org",
    "SIPVOTE_MAIL_SERVER": "mail.example.org",
    "SIPVOTE_MAIL_FROM": "sip@example.org",
    "SIPVOTE_CONTACT": "sip@example.org",
}


def test_production_is_the_default_and_starts_when_all_is_there():
    settings = config.load(FULL)
    assert settings["MODE"] == "production" and settings["SESSION_COOKIE_NAME"] == "__Host-sipvote"
    assert settings["SESSION_COOKIE_SECURE"] and settings["MAIL_BACKEND"] == "smtp"


@pytest.mark.parametrize("name", FULL)
def test_production_refuses_to_start_without(name):
    with pytest.raises(config.BadConfig, match=name):
        config.load({k: v for k, v in FULL.items() if k != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SIPVOTE_SECRET_KEY", "short"),
        ("SIPVOTE_SECRET_KEY", config.PLAY_SECRET),
        ("SIPVOTE_SIGNING_KEY", config.PLAY_SIGNING_KEY),
        ("SIPVOTE_SIGNING_KEY", "z" * 64),
        ("SIPVOTE_FACTOR_KEY", config.PLAY_FACTOR_KEY),
        ("SIPVOTE_FACTOR_KEY", "short"),
        ("SIPVOTE_OFFICIALS", "lax"),
        ("SIPVOTE_BASE_URL", "http://vote.example.org"),
        ("SIPVOTE_MODE", "debug"),
    ],
)
def test_production_refuses_weak_settings(name, value):
    with pytest.raises(config.BadConfig, match=name):
        config.load({**FULL, name: value})


@pytest.mark.parametrize("name", ["SIPVOTE_WORKERS", "SIPVOTE_THREADS", "SIPVOTE_PROXIES", "SIPVOTE_MAIL_PORT"])
def test_a_number_that_is_none_is_told_in_a_sentence(name):
    with pytest.raises(config.BadConfig, match=f"{name}.*whole number"):
        config.load({**FULL, name: "many"})


def test_every_missing_setting_is_told_at_once():
    with pytest.raises(config.BadConfig) as told:
        config.load({})
    assert all(name in str(told.value) for name in FULL)


def test_demo_mode_cannot_send_real_mail():
    assert config.load({**FULL, "SIPVOTE_MODE": "demo", "SIPVOTE_MAIL_BACKEND": "smtp"})["MAIL_BACKEND"] == "dummy"


@pytest.mark.parametrize(("url", "threads"), [("", 10), ("postgresql+psycopg://localhost/sipvote", 4)])
def test_threads_that_share_a_flush_to_disk_are_more(url, threads):
    assert config.load({"SIPVOTE_MODE": "test", "SIPVOTE_DATABASE_URL": url})["THREADS"] == threads
