"""A small election that is over, with everything in it that can happen: the honest one that tests forge."""

from datetime import UTC, datetime, timedelta

from nacl.signing import SigningKey

from sipvote.voting import seal, tally
from sipvote.voting.board import Checkpoint, next_checkpoint
from sipvote.voting.package import Contents, Question

SEED = bytes(range(16))
KEY = SigningKey(b"k" * 32)
OPENED = datetime(2027, 6, 1, 8, 0, tzinfo=UTC)
CLOSED = datetime(2027, 6, 15, 18, 0, tzinfo=UTC)
ELECTION = "election 3"
SHAPE, LIMITS = (4, 3), (2, None)

# Eleven ballots: option 0 wins the first place of question 1, options 1 and 2 are tied for the second.
CAST = [
    ((0, 1), (0,)),
    ((0, 1), (0,)),
    ((0, 2), (0, 1, 2)),
    ((0, 2), (2,)),
    ((0,), (0, 1)),
    ((1,), ()),
    ((2,), ()),
    ((3,), (0,)),
    ((), ()),
    ((), ()),
    ((0, 3), (1,)),
]


def texts(title: str) -> dict[str, str]:
    return {"en": title, "fr": f"{title} (fr) é", "nl": f"{title} (nl)"}


QUESTIONS = (
    Question(texts("Themes"), "approval", 2, 2, [texts(f"Theme {n}") for n in range(4)]),
    Question(texts("Prolonged"), "approval", 1, None, [texts(f"Theme {n}") for n in range(3)]),
)


def sealed(choices: seal.Choices) -> bytes:
    return seal.seal(seal.write(choices, SHAPE), seal.public_key(SEED))


def chain(lists: list[list[str]], key: SigningKey = KEY) -> list[Checkpoint]:
    """A checkpoint for each list of trackers, the last one a minute after closing."""
    points: list[Checkpoint] = []
    for days, listed in enumerate(lists):
        at = CLOSED + timedelta(minutes=1) if days == len(lists) - 1 else OPENED + timedelta(days=days)
        before = points[-1] if points else None
        points.append(next_checkpoint(before, election=ELECTION, trackers=listed, at=at, key=key))
    return points


def a_closed_election() -> Contents:
    """Twelve envelopes of fifteen electors, one of them spoilt, one vote changed; three checkpoints."""
    envelopes = [sealed(choices) for choices in CAST] + [seal.seal(b"scribble", seal.public_key(SEED))]
    trackers = [seal.tracker(envelope) for envelope in envelopes]
    changed = seal.tracker(sealed(((3,), ())))
    lists = [[changed, *trackers[:2]], trackers[:8], trackers]
    box, spoilt = seal.open_box(envelopes, seal.private_key(SEED), SHAPE, LIMITS)
    reports = [
        tally.RULES[question.rule](tally.question(box, number), len(question.options), question.seats)
        for number, question in enumerate(QUESTIONS)
    ]
    return Contents(
        election=ELECTION,
        title=texts("Vote of 2027"),
        questions=QUESTIONS,
        public_key=seal.public_key(SEED),
        custody="scrutineers",
        roll_size=15,
        roll_hash="a" * 64,
        opened_at=OPENED,
        closed_at=CLOSED,
        checkpoints=chain(lists),
        lists=lists,
        replaced=[changed],
        envelopes=envelopes,
        ballots=box,
        spoilt=spoilt,
        reports=reports,
    )
