"""Checks of the machine: its disk, its memory, its clock, and who else can read the data."""

from flask_babel import gettext as _

from .facts import Facts

FEWEST_BYTES = 500_000_000
FEW_BYTES = 2_000_000_000


def why_not_disk(facts: Facts) -> str | None:
    """A full disk takes no votes."""
    if facts.free >= FEWEST_BYTES:
        return None
    return _("Only %(mb)s MB are free on the disk. Make room for at least 2 GB.", mb=facts.free // 1_000_000)


def why_not_private(facts: Facts) -> str | None:
    """The data are for the service's own user."""
    if not facts.readable:
        return None
    return _(
        "Other users of this machine can read the data: %(files)s. Run chmod 700 on the folder in SIPVOTE_INSTANCE.",
        files=", ".join(facts.readable),
    )


def why_not_coreless(facts: Facts) -> str | None:
    """A dump of the memory may hold ballots that are being cast."""
    if not facts.leaves_cores:
        return None
    return _("A crash would leave a core dump with what was in memory. Set LimitCORE=0, or run ulimit -c 0 before.")


def why_not_roomy(facts: Facts) -> str | None:
    """Room for the letters and the votes of a day."""
    if not FEWEST_BYTES <= facts.free < FEW_BYTES:
        return None
    return _("Only %(mb)s MB are free on the disk. Make room for at least 2 GB.", mb=facts.free // 1_000_000)


def why_not_swapless(facts: Facts) -> str | None:
    """What is in memory may be written to a swap in clear."""
    if not facts.swaps:
        return None
    return _("Memory is swapped out in clear to %(where)s. Encrypt it or run swapoff.", where=", ".join(facts.swaps))


def why_not_on_time(facts: Facts) -> str | None:
    """A clock that follows nobody drifts."""
    return _("The clock of this machine follows no time server. Switch NTP on.") if facts.ntp is False else None


MUST = (why_not_disk, why_not_private, why_not_coreless)
SHOULD = (why_not_roomy, why_not_swapless, why_not_on_time)
