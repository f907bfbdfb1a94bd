"""The word `check --deploy`: whether this installation can keep its promises, in sentences with what to do."""

import argparse

import config

from . import mail, processes
from .i18n import LANGUAGES, in_language


def main(args: list[str]) -> int:
    """Print what is not as it should be; 1 when a real vote would not open here."""
    asked = _arguments(args)
    from .app import create_app
    from .readiness import findings

    processes.leave_no_cores()  # as `serve` and `work` do
    try:
        app = create_app()
    except config.BadConfig as fault:
        print(*(f"✗ {line}" for line in str(fault).splitlines()), sep="\n")
        return 1
    with app.test_request_context(base_url=app.config["BASE_URL"]), in_language(asked.language):
        found = findings()
        refusal = mail.try_server(app.config["CONTACT"]) if asked.mail else ""
        bad = [finding for finding in found if finding.kind == "bad"]
        for finding in found:
            print(f"{'✗' if finding.kind == 'bad' else '!'} {finding.text}")
        if refusal:
            print(f"✗ {_refused(refusal)}")
    if not bad and not refusal:
        print("✓ A vote may open here.")
    return 1 if bad or refusal else 0


def _refused(fault: str) -> str:
    return f"The mail server did not take a letter to SIPVOTE_CONTACT ({fault}). Look at SIPVOTE_MAIL_SERVER."


def _arguments(args: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python3 -m sipvote check --deploy", description="Whether this installation can keep what it promises."
    )
    parser.add_argument("--deploy", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--no-mail", dest="mail", action="store_false", help="send no letter to SIPVOTE_CONTACT")
    parser.add_argument("--language", choices=LANGUAGES, default="en")
    return parser.parse_args(args)
