"""The list of earlier years comes in from files, changes in bulk, goes out and comes back; its figures are counted."""

from .seasons_cast import Company


def all_of(company: Company) -> None:
    """Later."""
