"""The letters about proxies: who gets which. The words are in templates/mail/."""

from typing import Any

from ..mail import queue
from ..members.models import Member
from .models import Proxy


def offered(proxy: Proxy) -> None:
    """Ask the holder to accept."""
    _write("proxy_offered", proxy.holder, proxy)


def entered(proxy: Proxy) -> None:
    """Tell both that a proxy on paper was entered at the desk: who gave none must hear of it."""
    _write("proxy_entered", proxy.giver, proxy)
    _write("proxy_entered", proxy.holder, proxy)


def accepted(proxy: Proxy) -> None:
    """Tell the giver that somebody votes for them."""
    _write("proxy_accepted", proxy.giver, proxy)


def declined(proxy: Proxy) -> None:
    """Tell the giver that they need somebody else."""
    _write("proxy_declined", proxy.giver, proxy)


def ended(proxy: Proxy, to: Member, reason: str = "") -> None:
    """Tell the other side that a proxy has ended, and why."""
    other = proxy.holder if to is proxy.giver else proxy.giver
    _write("proxy_ended", to, proxy, other=other, reason=reason)


def _write(name: str, to: Member, proxy: Proxy, **facts: Any) -> None:
    key = f"{name} {proxy.id} {to.id}"
    queue(name, to, key=key, proxy=proxy, edition=proxy.assembly.edition, **facts)
