"""The key ceremony at the election desk: the sheets with the word lists, their proof, and the opening of the box.

Word lists are shown once and typed back; they never stand in a session, a message or a log.
"""

from typing import Any

from flask import Response, redirect, render_template, url_for
from flask_babel import gettext as _

from .. import headers, qr
from ..access import requires, weighs
from ..db import db, now
from ..i18n import LANGUAGES, in_language, moment
from . import box, ceremony, counting, freezing, paper_ballots, progress, scrutineers
from .desk import asked_election, desk, done, refused, watched_election, who
from .forms import WordForm, WordsForm
from .models import Custody
from .seal import WrongWords

# --- Freezing ---------------------------------------------------------------------------------------


@desk.get("/freeze")
@requires("voting.run")
def frozen(year: int) -> Any:
    """The word lists were shown once; there is nothing to come back to."""
    return redirect(url_for(".index", year=year))


@desk.post("/freeze")
@requires("voting.run")
@weighs
def freeze(year: int) -> Any:
    """Freeze, and show the word lists: this once, on this page only."""
    election = asked_election(year)
    lists = freezing.freeze(election, who())
    if not lists:
        return done(year, _("The ballot, the roll and the key are frozen."))
    # Committed before the words are shown: words of a key that does not exist would be worse than none.
    db.session.commit()
    # In capitals a QR code needs less room; whoever reads the words knows no difference.
    sheets = [(words.split(), qr.svg(words.upper(), _("QR code of these words"))) for words in lists]
    return render_template(
        "voting_desk/words.html", election=election, sheets=sheets, today=now(), instructions=_instructions(),
        holders=scrutineers.ready(election),
    )  # fmt: skip


def _instructions() -> dict[str, list[str]]:
    """What a holder has to know, in each language: nobody knows yet who will hold which sheet."""
    said = {}
    for code in LANGUAGES:
        with in_language(code):
            said[code] = [
                _("Keep this sheet to yourself. Make no photo and no copy. The first four letters make a word unique."),
                _("Before the vote opens, type or scan this list at the election desk: so you prove that you have it."),
                _("Fold the sheet with the words inside. Put it in an envelope, and sign across the flap."),
                _("Bring it after closing. Two of the three lists open the ballot box, one alone opens nothing."),
                _("Lost? Tell the organisers at once, if possible before the vote opens."),
            ]
    return said


@desk.post("/unfreeze")
@requires("voting.run")
@weighs
def unfreeze(year: int) -> Any:
    freezing.unfreeze(asked_election(year), who())
    return done(year, _("The ballot is a draft again. The word lists of before are worth nothing."))


# --- The word lists ---------------------------------------------------------------------------------


@desk.route("/prove", methods=["GET", "POST"])
@requires("voting.open_box")
def prove(year: int) -> Any:
    """Each holder proves alone to have kept their list, by typing or scanning it."""
    election, form = asked_election(year), WordForm()
    if why := ceremony.why_not_prove(election) or scrutineers.why_not_watch(election, who()):
        return refused(year, why)
    if form.validate_on_submit():
        try:
            kept = ceremony.prove_list(election, form.words.data or "", who())
        except WrongWords as fault:
            form.show(fault)
        else:
            said = _("List %(n)d is right. It opens the ballot box together with another one.", n=kept.number)
            return done(year, said + (" " + _("All three are there now.") if election.proved_at else ""))
    page = render_template(
        "voting_desk/prove.html", election=election, form=form, key_lists=ceremony.key_lists(election)
    )
    return headers.with_camera(Response(page))


# --- Opening the box --------------------------------------------------------------------------------


@desk.route("/count", methods=["GET", "POST"])
@requires("voting.open_box")
@weighs
def count(year: int) -> Any:
    """Open the box with two word lists, or with the key that the server kept, and count."""
    election, form = asked_election(year), WordsForm()
    if why := counting.why_not_open_box(election, who()):
        return refused(year, why)
    if form.validate_on_submit():
        try:
            locked = counting.unlock(election, form.lists)
        except WrongWords as fault:
            form.show(fault)
        else:
            return _open(year, locked, form.lists)
    turnout, needs_words = box.turnout(election.id), election.custody == Custody.SCRUTINEERS
    shown = {"turnout": turnout, "needs_words": needs_words, "unpiled": paper_ballots.unpiled(election)}
    page = render_template("voting_desk/count.html", election=election, form=form, **shown)
    return headers.with_camera(Response(page))


def _open(year: int, locked: counting.Locked, lists: list[str]) -> Any:
    """Open the box, noting how far it has come for all who watch; then count, once."""
    db.session.rollback()  # nothing was written, and nothing may be held meanwhile
    opened = progress.open_box(locked)
    counting.count(asked_election(year), lists, who(), opened)
    return done(year, _("The ballot box was opened and the ballots are counted."))


@desk.get("/progress.json")
@requires("voting.open_box")
def opening(year: int) -> Any:
    """How far the opening of the box has come: what the bar asks for while it is opened."""
    election = watched_election(year)
    found = progress.of(election.id)
    is_counted = election.counted_at is not None
    return {
        "opened": found.opened if found else 0,
        "envelopes": found.envelopes if found else box.turnout(election.id),
        "counted": moment(election.counted_at) if is_counted and election.counted_at else None,
    }
