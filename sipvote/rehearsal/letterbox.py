"""Where all mails of a rehearsal arrive: a mail server of our own, which keeps what it is given."""

import email
import re
import threading
import time
from collections import defaultdict
from email.message import EmailMessage
from email.policy import default
from functools import cached_property
from typing import Any

from aiosmtpd.controller import Controller

from .browser import Broken

PATIENCE = 90  # seconds; the worker has a thousand other letters to send
CODE = re.compile(r"\b\d{6}\b")


class Letter:
    """One mail as it arrived."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    @cached_property
    def message(self) -> EmailMessage:
        return email.message_from_bytes(self.content, policy=default)

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @cached_property
    def text(self) -> str:
        """The words of the letter, on one line."""
        body = self.message.get_body(("plain",))
        return " ".join(str(body.get_content()).split()) if body else ""

    @cached_property
    def calendar(self) -> str:
        """The calendar file that came with it, or nothing."""
        parts = (p for p in self.message.walk() if p.get_content_type() == "text/calendar")
        return "".join(p.get_content() for p in parts)


class Letterbox:
    """Keeps the letters to every address, in the order in which they came."""

    def __init__(self, port: int) -> None:
        self._came = threading.Condition()
        self._letters: defaultdict[str, list[Letter]] = defaultdict(list)
        self._server = Controller(self, hostname="127.0.0.1", port=port)

    def __enter__(self) -> "Letterbox":
        self._server.start()
        return self

    def __exit__(self, *_fault: object) -> None:
        self._server.stop(no_assert=True)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        """Called by the mail server for every letter."""
        with self._came:
            for address in envelope.rcpt_tos:
                self._letters[address.lower()].append(Letter(bytes(envelope.content)))
            self._came.notify_all()
        return "250 Kept"

    def to(self, address: str) -> list[Letter]:
        """The letters to an address until now."""
        with self._came:
            return list(self._letters.get(address, ()))

    def everything(self) -> list[Letter]:
        """All letters until now."""
        with self._came:
            return [letter for letters in self._letters.values() for letter in letters]

    def counts(self) -> dict[str, int]:
        """How many letters came to each address until now."""
        with self._came:
            return {address: len(letters) for address, letters in self._letters.items()}

    def wait(self, address: str, after: int, wanted: str) -> Letter:
        """The first letter to an address, beyond the first `after`, in whose subject or text this pattern is found."""
        until, seen = time.monotonic() + PATIENCE, after
        while True:
            new = self._beyond(address, seen, until)
            for letter in new:
                if re.search(wanted, letter.subject) or re.search(wanted, letter.text):
                    return letter
            seen += len(new)
            if time.monotonic() >= until:
                raise Broken(f"no mail with “{wanted}” came to {address} in {PATIENCE} seconds")

    def _beyond(self, address: str, seen: int, until: float) -> list[Letter]:
        """The letters after the first `seen`; waits for one, but not longer than until then."""
        with self._came:
            self._came.wait_for(lambda: len(self._letters[address]) > seen, until - time.monotonic())
            return self._letters[address][seen:]
