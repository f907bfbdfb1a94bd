"""The letters about wishes: that they are in, and that they are not sent yet. The words are in templates/mail/."""

from collections.abc import Sequence
from typing import Any

from ..mail import queue
from .wish_models import WishList


def wishes_in(wishes: WishList, fits: Sequence[Any]) -> None:
    """Confirm what somebody wishes, with what they promised."""
    queue("wishes_in", wishes.member, edition=wishes.edition, fits=fits)


def key_of(wishes: WishList) -> str:
    """What makes the reminder of a list one that is never sent twice."""
    return f"wishes_reminder {wishes.id}"


def reminder(wishes: WishList) -> bool:
    """Remind somebody that what they wish is kept, and not sent; say whether a letter was written."""
    return queue("wishes_reminder", wishes.member, key=key_of(wishes), edition=wishes.edition) is not None
