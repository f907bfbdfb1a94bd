"""The sealed envelope: how a ballot stays secret, also from those who keep the box.

Each election has a key pair, made from a seed of 128 bits. A ballot is written in one length for every
possible choice and sealed with the public key as it is cast; an envelope can then be stored beside its
voter, as with a vote by post. Only the seed opens it, and the seed is kept by nobody: three scrutineers
each hold a list of twenty words, and any two lists together give it back (Shamir's scheme, SLIP-39).
The seal is libsodium's sealed box: X25519, XSalsa20-Poly1305, a fresh key for every envelope.
"""

import json
import re
import secrets
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b, sha256

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from shamir_mnemonic import MnemonicError, combine_mnemonics, generate_mnemonics
from shamir_mnemonic.share import Share
from shamir_mnemonic.wordlist import WORD_INDEX_MAP

Choices = tuple[tuple[int, ...], ...]  # for each question the options approved of, sorted
Shape = tuple[int, ...]  # for each question how many options there are

SEED_BYTES = 16
PERSON = b"sipvote envelope"  # so that the same seed gives another key elsewhere
LISTS, NEEDED, WORDS = 3, 2, 20
TELL_EVERY = 200  # envelopes
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: nothing to mistake for 1 or 0


class SpoiltBallot(ValueError):
    """An envelope that does not open, or does not hold exactly one ballot of this election."""


class WrongWords(ValueError):
    """Word lists that do not give a seed; the message is one sentence.

    `reason` is a code for the page to translate: few, length, unknown, checksum, same or different.
    Where that helps, `which` says which list is meant, and `place` which of its words, counted from 1.
    The words themselves are never in here, for messages end up in logs.
    """

    def __init__(self, reason: str, message: str, which: int | None = None, place: int | None = None) -> None:
        super().__init__(message)
        self.reason, self.which, self.place = reason, which, place


# Keys


def new_seed() -> bytes:
    """Draw the 16 bytes that an election's keys are made from."""
    return secrets.token_bytes(SEED_BYTES)


def private_key(seed: bytes) -> PrivateKey:
    """The key that opens the envelopes."""
    if len(seed) != SEED_BYTES:
        raise ValueError(f"A seed has {SEED_BYTES} bytes, not {len(seed)}.")
    return PrivateKey(blake2b(seed, digest_size=32, person=PERSON).digest())


def public_key(seed: bytes) -> bytes:
    """The key that closes the envelopes: 32 bytes, for everyone to see."""
    return bytes(private_key(seed).public_key)


def split(seed: bytes) -> list[str]:
    """Write a seed as three lists of twenty words, of which any two give it back and one tells nothing."""
    # Stretching guards a passphrase, and there is none: so no more than the standard's least.
    lists: list[str] = generate_mnemonics(1, [(NEEDED, LISTS)], seed, iteration_exponent=0)[0]
    return lists


def join(lists: Sequence[str]) -> bytes:
    """Give the seed back from two or three word lists, as people type them; raise `WrongWords`.

    Capitals, numbering, commas and line breaks do not matter. Whether the seed is that of the election
    at hand is for the caller to see: compare `public_key(seed)`.
    """
    given = [(which, words) for which, text in enumerate(lists, start=1) if (words := _words(text))]
    if len(given) < NEEDED:
        raise WrongWords("few", "Two word lists are needed to open the ballot box.")
    shares = [_share(words, which) for which, words in given]
    if len({share.common_parameters() for share in shares}) > 1:
        raise WrongWords("different", "These word lists belong to different elections.")
    if len({share.index for share in shares}) < len(shares):
        raise WrongWords("same", "The same word list was given twice; two different ones are needed.")
    try:
        seed: bytes = combine_mnemonics([" ".join(words) for _which, words in given[:NEEDED]])
    except MnemonicError:
        raise WrongWords("different", "These word lists do not belong together.") from None
    return seed


def mark(text: str) -> str:
    """The SHA-256 of one word list, read as people type it; raise `WrongWords` when it is none."""
    words = _words(text)
    _share(words, 1)
    return sha256(" ".join(words).encode()).hexdigest()


def _words(text: str) -> list[str]:
    """Take the words out of what was typed or pasted, without numbering ('1. academic') or punctuation."""
    plain = unicodedata.normalize("NFKC", text).lower()  # a PDF may have joined letters, as in finance
    pieces = (re.sub(r"^[\W\d_]+|[\W\d_]+$", "", piece) for piece in re.split(r"[\s,;]+", plain))
    return [piece for piece in pieces if piece]


def _share(words: list[str], which: int) -> Share:
    """Read one list; `which` one it is stands in the fault."""
    for place, word in enumerate(words, start=1):
        if word not in WORD_INDEX_MAP:
            sentence = f"Word {place} of list {which} is not one of the words used: check its spelling."
            raise WrongWords("unknown", sentence, which, place)
    if len(words) != WORDS:
        raise WrongWords("length", f"List {which} has {len(words)} words instead of {WORDS}.", which)
    try:
        share = Share.from_mnemonic(" ".join(words))
    except MnemonicError:
        sentence = f"List {which} does not add up: a word is wrong, or two have changed places."
        raise WrongWords("checksum", sentence, which) from None
    # A list made elsewhere could ask for another number of lists, or for minutes of computing.
    if (share.group_count, share.member_threshold, share.iteration_exponent) != (1, NEEDED, 0):
        raise WrongWords("different", f"List {which} was not made for an election.", which)
    return share


# Ballots


def write(choices: Choices, shape: Shape) -> bytes:
    """Write a ballot: readable JSON, filled up with spaces to one length for every choice of this shape."""
    if not _fits(choices, shape):
        raise ValueError("These choices do not fit the questions.")
    fullest = tuple(tuple(range(options)) for options in shape)
    return _json(choices).ljust(len(_json(fullest)))


def read(plain: bytes, shape: Shape) -> Choices:
    """Read a ballot back; raise `SpoiltBallot` unless it is, to the byte, what `write` gives.

    As there is one way only to write a choice, nobody can mark a ballot so that it is recognised.
    """
    try:
        found = json.loads(plain)["q"]
        choices = tuple(tuple(chosen) for chosen in found)
        if write(choices, shape) == plain:
            return choices
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    raise SpoiltBallot("This is not a ballot of this election.")


def _json(choices: Choices) -> bytes:
    return json.dumps({"v": 1, "q": choices}, separators=(",", ":")).encode()


def _fits(choices: Choices, shape: Shape) -> bool:
    """Say whether there is one answer to each question, of whole numbers within range, sorted, none twice."""
    return len(choices) == len(shape) and all(
        all(type(option) is int and 0 <= option < options for option in chosen)  # True is no option
        and list(chosen) == sorted(set(chosen))
        for chosen, options in zip(choices, shape, strict=True)
    )


# Envelopes


def seal(plain: bytes, public_key: bytes) -> bytes:
    """Close a written ballot in an envelope: 48 bytes longer, and never twice the same."""
    return SealedBox(PublicKey(public_key)).encrypt(plain)


def open_envelope(envelope: bytes, private_key: PrivateKey) -> bytes:
    """Give the written ballot; raise `SpoiltBallot` when the envelope was not sealed for this key."""
    try:
        return SealedBox(private_key).decrypt(envelope)
    except CryptoError:
        raise SpoiltBallot("This envelope does not open.") from None


def open_box(
    envelopes: Iterable[bytes],
    private_key: PrivateKey,
    shape: Shape,
    limits: Sequence[int | None] = (),
    tell: Callable[[int], None] | None = None,
) -> tuple[list[tuple[int, Choices]], int]:
    """Open all envelopes: the ballots as sorted pairs (how many times, choices), and how many are spoilt.

    `limits` says for each question how many options a ballot may approve of, None for no limit; a
    ballot with more is spoilt. The envelopes are shuffled first and the ballots sorted by content:
    no order in the answer, nor on the way to it, tells who cast what. `tell` hears from time to time how
    many have been opened.
    """
    shuffled = list(envelopes)
    secrets.SystemRandom().shuffle(shuffled)
    box: Counter[Choices] = Counter()
    for number, envelope in enumerate(shuffled):
        if tell and number % TELL_EVERY == 0:
            tell(number)
        try:
            choices = read(open_envelope(envelope, private_key), shape)
        except SpoiltBallot:
            continue
        if _within(choices, limits):
            box[choices] += 1
    return [(box[choices], choices) for choices in sorted(box)], len(shuffled) - box.total()


def _within(choices: Choices, limits: Sequence[int | None]) -> bool:
    """Say whether no question has more approvals than its limit; without limits, any number will do."""
    pairs = zip(choices, limits, strict=True) if limits else ()
    return all(limit is None or len(chosen) <= limit for chosen, limit in pairs)


# Receipts


def tracker(envelope: bytes) -> str:
    """The public name of an envelope: its SHA-256 in hexadecimal. It says nothing about the content."""
    return sha256(envelope).hexdigest()


def code(tracker: str) -> str:
    """The short form that members see, the first 60 bits of a tracker, such as '7F3K-92QA-M4TD'."""
    bits = int(tracker[:15], 16)
    letters = "".join(CROCKFORD[bits >> shift & 31] for shift in range(55, -1, -5))
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def normal_code(text: str) -> str | None:
    """Read a code as people type it (small letters, spaces, O for 0, I or L for 1); None when it is none."""
    letters = re.sub(r"[\s-]+", "", text).upper().translate(str.maketrans("OIL", "011"))
    if len(letters) != 12 or not set(letters) <= set(CROCKFORD):
        return None
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"
