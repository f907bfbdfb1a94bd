"""Mails that come back: which of our letters a delivery status notification (RFC 3464) is about. Knows no room.

Our letters carry a Message-ID that nobody else can make (mail.message_id), so a forged notification marks nothing.
"""

import re
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from typing import NamedTuple

from .mail import letter_named

LONGEST = 5_000_000
ABOUT = ("Message-ID", "Original-Message-ID", "In-Reply-To", "References")


class Bounce(NamedTuple):
    """A letter that did not arrive, and the status code of why, such as 5.1.1."""

    letter_id: int
    status: str


def read(content: bytes) -> Bounce | None:
    """Read a mail; None when it does not say that a letter of ours failed."""
    message = message_from_bytes(content, policy=compat32)
    status = _failure(message)
    letter_id = _letter(message) if status else None
    return Bounce(letter_id, status) if letter_id and status else None


def _failure(message: Message) -> str | None:
    """The status of the first recipient that failed for good; a delay is no failure."""
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status" or not part.is_multipart():
            continue
        for recipient in part.get_payload():
            if not isinstance(recipient, Message):
                continue
            status = re.search(r"\b[245]\.\d{1,3}\.\d{1,3}\b", str(recipient.get("Status", "")))
            if str(recipient.get("Action", "")).strip().lower() == "failed":
                return status[0] if status else "5.0.0"
    return None


def _letter(message: Message) -> int | None:
    """The letter that it is about: from the headers that came back with it, else from those of the mail itself."""
    for part in reversed(list(message.walk())):
        text = str(part.get_payload()) if part.get_content_type() == "text/rfc822-headers" else ""
        said = [*(str(value) for name in ABOUT for value in part.get_all(name, [])), text]
        for place in said:
            if letter_id := letter_named(place):
                return letter_id
    return None
