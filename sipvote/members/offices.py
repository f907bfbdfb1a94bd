"""The offices of the cooperative: the cities that members belong to and workgroups meet in.

A new office is a line here; `python3 -m sipvote migrate` puts it in the database.
"""

from typing import NamedTuple

from sqlalchemy import select

from ..db import db
from .models import City


class Office(NamedTuple):
    """A city, and its names."""

    country: str
    nl: str
    fr: str
    en: str


OFFICES = {
    "antwerpen": Office("BE", "Antwerpen", "Anvers", "Antwerp"),
    "brussel": Office("BE", "Brussel", "Bruxelles", "Brussels"),
    "charleroi": Office("BE", "Charleroi", "Charleroi", "Charleroi"),
    "eupen": Office("BE", "Eupen", "Eupen", "Eupen"),
    "gent": Office("BE", "Gent", "Gand", "Ghent"),
    "liege": Office("BE", "Luik", "Liège", "Liège"),
    "louvain-la-neuve": Office("BE", "Louvain-la-Neuve", "Louvain-la-Neuve", "Louvain-la-Neuve"),
    "mons": Office("BE", "Bergen", "Mons", "Mons"),
    "namur": Office("BE", "Namen", "Namur", "Namur"),
    "clermont-ferrand": Office("FR", "Clermont-Ferrand", "Clermont-Ferrand", "Clermont-Ferrand"),
    "lille": Office("FR", "Rijsel", "Lille", "Lille"),
    "lyon": Office("FR", "Lyon", "Lyon", "Lyon"),
    "nantes": Office("FR", "Nantes", "Nantes", "Nantes"),
    "paris": Office("FR", "Parijs", "Paris", "Paris"),
    "rennes": Office("FR", "Rennes", "Rennes", "Rennes"),
}


def provide() -> dict[str, City]:
    """Add the offices that the database does not know yet; gives every city by its slug."""
    cities = {city.slug: city for city in db.session.scalars(select(City))}
    for slug, office in OFFICES.items():
        if slug not in cities:
            names = {"name_nl": office.nl, "name_fr": office.fr, "name_en": office.en}
            cities[slug] = City(slug=slug, country=office.country, **names)
            db.session.add(cities[slug])
    db.session.flush()
    return cities
