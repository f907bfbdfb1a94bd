"""The last look, behind the pages: what stands in the database, the logs and the letterbox at the end."""

import re
import time
from collections.abc import Sequence

from sqlalchemy import Engine, create_engine, text

from .ballots import Voter
from .cast import Way
from .groups import Group
from .planning import Day
from .play import NEXT, YEAR, Play

PATIENCE = 60  # seconds for the last letters to leave
FAULTS = re.compile(r"Traceback|\bERROR\b|\bCRITICAL\b")
ENVELOPES = """
    SELECT count(*), count(DISTINCT member_id) FROM envelope
    JOIN election ON election.id = envelope.election_id JOIN edition ON edition.id = election.edition_id
    WHERE edition.year = :year
"""
OVERSOLD = """
    SELECT workgroup.id FROM workgroup JOIN signup ON signup.workgroup_id = workgroup.id
    GROUP BY workgroup.id, workgroup.places HAVING count(signup.seat) > workgroup.places
"""
UNSENT = "SELECT count(*) FROM letter WHERE sent_at IS NULL"
SENT = "SELECT count(*) FROM letter"


def check(play: Play, voters: Sequence[Voter], groups: Sequence[Group], day: Day) -> None:
    """Look at the database as it is left behind; reading only."""
    engine = create_engine(play.stage.database_url)
    try:
        _check_tables(play, engine, voters, groups)
        _check_assembly(play, engine, day)
        _check_mails(play, engine)
    finally:
        engine.dispose()
    done = play.stage.word("audit")
    play.report.promise("the audit log is whole", done.code == 0 and "whole" in done.said, done.said)
    _check_logs(play, day)


def _check_tables(play: Play, engine: Engine, voters: Sequence[Voter], groups: Sequence[Group]) -> None:
    with engine.connect() as connection:
        envelopes = tuple(connection.execute(text(ENVELOPES), {"year": YEAR}).one())
        oversold = connection.execute(text(OVERSOLD)).all()
    n = len(voters)
    play.report.promise(f"the ballot box holds {n:,} envelopes of {n:,} members", envelopes == (n, n), envelopes)
    play.report.promise(f"no group of {len(groups)} has more seats taken than places", not oversold, oversold)


def _check_assembly(play: Play, engine: Engine, day: Day) -> None:
    """The box of the assembly: one envelope for each who voted and took no paper; one presence for each who came."""
    papers = len(day.cast.of(Way.PAPER))
    n = len(day.cast.everybody) - len(day.cast.of(Way.NOT)) - papers
    there = sum(part.in_hall or part.follows for part in day.cast.everybody)
    with engine.connect() as connection:
        envelopes = tuple(connection.execute(text(ENVELOPES), {"year": NEXT}).one())
        present = connection.execute(text("SELECT count(*) FROM presence")).scalar_one()
        cards = connection.execute(text("SELECT code_hash FROM voting_card")).scalars().all()
    text_ = f"the box of the assembly holds {n:,} envelopes of {n:,} members, and no paper’s taker has one"
    play.report.promise(text_, envelopes == (n, n), envelopes)
    play.report.promise(f"{there:,} stand in the presence list, once each", present == there, present)
    codes = {code.replace("-", "") for code in day.cards}
    kept = [code for code in cards if str(code) in codes]
    play.report.promise(f"no code of {len(cards)} cards is kept", len(cards) == len(codes) and not kept, len(kept))


def _check_mails(play: Play, engine: Engine) -> None:
    """Every letter has left, and none arrived twice."""
    until = time.monotonic() + PATIENCE
    while True:
        with engine.connect() as connection:
            unsent, written = (connection.execute(text(query)).scalar_one() for query in (UNSENT, SENT))
        if not unsent or time.monotonic() > until:
            break
        time.sleep(0.5)
    letters = play.stage.letters.everything()
    came = len(letters)
    play.report.promise(
        f"all {written:,} letters were sent, and arrived once", (unsent, came) == (0, written), (unsent, came)
    )
    play.report.figure("mails sent", came)
    play.report.figure("of them with a calendar file", sum(1 for letter in letters if letter.calendar))


def _check_logs(play: Play, day: Day) -> None:
    """Nothing went wrong unseen, and the logs name nobody."""
    told = {word: log.read_text(encoding="utf-8", errors="replace") for word, log in play.stage.logs.items()}
    faults = [line for log in told.values() for line in log.splitlines() if FAULTS.search(line)]
    play.report.promise("neither the server nor the worker logged a fault", not faults, faults[:3])
    named = [word for word, log in told.items() if re.search(r"@example\.|\b(q0|csrf_token)=", log)]
    play.report.promise("no address and no form stands in their logs", not named, named)
    secrets = [*day.cards, *(code.replace("-", "") for code in day.cards), "/assembly/link/"]
    seen = [secret for secret in secrets if any(secret in log for log in told.values())]
    play.report.promise("no card’s code and no personal link either", not seen, seen[:3])
