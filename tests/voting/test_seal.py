"""The sealed envelope: one length for every choice, opened by two of three, never in an order that tells."""

import random
from dataclasses import replace
from hashlib import sha256
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shamir_mnemonic import generate_mnemonics
from shamir_mnemonic.share import Share

from sipvote.voting import seal
from sipvote.voting.seal import SpoiltBallot, WrongWords

SEED = bytes(range(16))
SHAPE = (4, 3)
PLAIN = b'{"v":1,"q":[[0,3],[]]}         '


def subsets(options: int) -> list[tuple[int, ...]]:
    return [chosen for size in range(options + 1) for chosen in combinations(range(options), size)]


ALL = list(product(subsets(4), subsets(3)))


def sealed(choices: Any, shape: seal.Shape = SHAPE, seed: bytes = SEED) -> bytes:
    return seal.seal(seal.write(choices, shape), seal.public_key(seed))


# Ballots


def test_a_ballot_is_readable_and_filled_up_with_spaces() -> None:
    assert seal.write(((0, 3), ()), SHAPE) == PLAIN
    assert seal.read(PLAIN, SHAPE) == ((0, 3), ())


def test_all_choices_give_envelopes_of_one_length() -> None:
    assert len(ALL) == 128
    assert {len(sealed(choices)) for choices in ALL} == {len(PLAIN) + 48}


@given(st.lists(st.integers(1, 25), min_size=1, max_size=4), st.randoms())
def test_all_ballots_are_read_as_they_were_written(options: list[int], chance: Any) -> None:
    shape = tuple(options)
    choices = tuple(tuple(sorted(chance.sample(range(n), chance.randint(0, n)))) for n in shape)
    plain = seal.write(choices, shape)
    assert seal.read(plain, shape) == choices
    assert len(plain) == len(seal.write(tuple(() for _ in shape), shape))


@pytest.mark.parametrize(
    "choices", [((0,),), ((0,), (), ()), ((4,), ()), ((-1,), ()), ((1, 0), ()), ((1, 1), ()), ((True,), ())]
)
def test_choices_that_do_not_fit_are_not_written(choices: Any) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        seal.write(choices, SHAPE)


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b" " * 31,
        b"[" * 100_000,
        b'{"v":1,"q":[[0,3],[]]}',  # too short
        b'{"v":1,"q":[[0,3],[]]}          ',  # too long
        b' {"v":1,"q":[[0,3],[]]}        ',  # spaces elsewhere
        b'{"v":1,"q":[[0, 3],[]]}        ',
        b'{"q":[[0,3],[]],"v":1}         ',
        b'{"v":2,"q":[[0,3],[]]}         ',
        b'{"v":1,"q":[[3,0],[]]}         ',  # out of order
        b'{"v":1,"q":[[3,3],[]]}         ',
        b'{"v":1,"q":[[0,4],[]]}         ',  # no such option
        b'{"v":1,"q":[[-1],[]]}          ',
        b'{"v":1,"q":[[0.0],[]]}         ',
        b'{"v":1,"q":[[true],[]]}        ',
        b'{"v":1,"q":[["0"],[]]}         ',
        b'{"v":1,"q":[[0,3]]}            ',  # a question left out
        b'{"v":1,"q":[[0,3],[],[]]}      ',
        b'{"v":1,"q":[0,3]}              ',
        b'{"v":1,"q":{"0":0}}            ',
        b'{"v":1,"r":[[0,3],[]]}         ',
        b'{"v":1,"q":[[0,3],[]],"n":1}   ',
        b'{"v":1,"q":[[0,3],[]]}        \xff',
    ],
)
def test_a_ballot_that_is_not_written_in_the_one_way_is_spoilt(plain: bytes) -> None:
    with pytest.raises(SpoiltBallot):
        seal.read(plain, SHAPE)


# Envelopes


def test_an_envelope_opens_with_its_own_key_only() -> None:
    envelope = sealed(((0, 3), ()))
    assert seal.open_envelope(envelope, seal.private_key(SEED)) == PLAIN
    with pytest.raises(SpoiltBallot):
        seal.open_envelope(envelope, seal.private_key(seal.new_seed()))


def test_equal_ballots_make_different_envelopes() -> None:
    assert sealed(((0,), ())) != sealed(((0,), ()))


@pytest.mark.parametrize(
    "change", [lambda e: e[:-1], lambda e: e + b"0", lambda e: bytes([e[0] ^ 1]) + e[1:], lambda e: b""]
)
def test_an_envelope_that_was_touched_does_not_open(change: Any) -> None:
    with pytest.raises(SpoiltBallot):
        seal.open_envelope(change(sealed(((0,), ()))), seal.private_key(SEED))


def test_opening_the_box_gives_the_ballots_sorted_by_content() -> None:
    cast = [((2,), ()), ((0, 3), (1,)), ((), ()), ((2,), ()), ((2,), ())]
    box, spoilt = seal.open_box([sealed(choices) for choices in cast], seal.private_key(SEED), SHAPE)
    assert box == [(1, ((), ())), (1, ((0, 3), (1,))), (3, ((2,), ()))]
    assert spoilt == 0


def test_what_does_not_open_or_holds_no_ballot_is_spoilt() -> None:
    key = seal.public_key(SEED)
    envelopes = [
        sealed(((1,), ())),
        b"no envelope",
        seal.seal(b"no ballot", key),
        sealed(((1,), ()), seed=bytes(16)),
    ]
    assert seal.open_box(envelopes, seal.private_key(SEED), SHAPE) == ([(1, ((1,), ()))], 3)


def test_a_ballot_with_more_approvals_than_allowed_is_spoilt() -> None:
    envelopes = [sealed(((0, 1), (0, 1, 2))), sealed(((0, 1, 2), ())), sealed(((0,), ()))]
    box, spoilt = seal.open_box(envelopes, seal.private_key(SEED), SHAPE, limits=(2, None))
    assert box == [(1, ((0,), ())), (1, ((0, 1), (0, 1, 2)))]
    assert spoilt == 1


def test_envelopes_are_not_opened_in_the_order_in_which_they_came(monkeypatch: pytest.MonkeyPatch) -> None:
    envelopes = [sealed(((0,), ())) for _ in range(60)]
    opened: list[bytes] = []
    really = seal.open_envelope
    monkeypatch.setattr(seal, "open_envelope", lambda e, key: opened.append(e) or really(e, key))
    seal.open_box(envelopes, seal.private_key(SEED), SHAPE)
    assert sorted(opened) == sorted(envelopes)
    assert opened != envelopes


# Keys and word lists


def test_a_seed_gives_the_same_keys_today_and_in_ten_years() -> None:
    assert seal.public_key(SEED).hex() == ("2caa69c87838b916e2ebd9a5e15264e9c997ff528d3af3cb2bab3a0c891c5358")
    assert len(seal.new_seed()) == 16
    assert seal.new_seed() != seal.new_seed()


@pytest.mark.parametrize("seed", [b"", bytes(15), bytes(17)])
def test_a_seed_of_another_length_is_refused(seed: bytes) -> None:
    with pytest.raises(ValueError, match="A seed has 16 bytes"):
        seal.private_key(seed)


def test_any_two_of_three_word_lists_open_the_box() -> None:
    lists = seal.split(SEED)
    assert [len(words.split()) for words in lists] == [20, 20, 20]
    for one, two in combinations(lists, 2):
        assert seal.join([one, two]) == seal.join([two, one]) == SEED
    assert seal.join(lists) == SEED


def test_a_word_list_is_read_as_people_type_it() -> None:
    one, two, _three = seal.split(SEED)
    numbered = "\n".join(f"{n}. {word}" for n, word in enumerate(one.split(), start=1))
    loose = "  " + two.upper().replace(" ", " ,\t ") + ".\r\n\n"
    assert seal.join([numbered, "", loose]) == SEED
    assert seal.join([one.replace(" ", "\n7) "), two.replace("fi", "ﬁ")]) == SEED


def wrong(*lists: str) -> WrongWords:
    with pytest.raises(WrongWords) as fault:
        seal.join(lists)
    return fault.value


def test_one_list_is_not_enough() -> None:
    one = seal.split(SEED)[0]
    assert wrong(one).reason == wrong(one, " \n").reason == wrong().reason == "few"


def test_an_unknown_word_is_told_with_its_place() -> None:
    one, two, _three = seal.split(SEED)
    words = two.split()
    words[6] = "ballotbox"
    fault = wrong(one, "", " ".join(words))
    assert (fault.reason, fault.which, fault.place) == ("unknown", 3, 7)
    assert str(fault) == "Word 7 of list 3 is not one of the words used: check its spelling."


def test_a_word_too_few_or_too_many_is_told() -> None:
    one, two, _three = seal.split(SEED)
    assert (fault := wrong(one.rsplit(" ", 1)[0], two)).reason == "length"
    assert (str(fault), fault.which) == ("List 1 has 19 words instead of 20.", 1)
    assert wrong(one, two + " academic").which == 2


def test_a_wrong_word_or_two_that_changed_places_are_found() -> None:
    one, two, _three = seal.split(SEED)
    words = two.split()
    other = "academic" if words[9] != "academic" else "acid"
    fault = wrong(one, " ".join([*words[:9], other, *words[10:]]))
    assert (fault.reason, fault.which) == ("checksum", 2)
    assert str(fault) == "List 2 does not add up: a word is wrong, or two have changed places."
    at = next(n for n in range(19) if words[n] != words[n + 1])
    words[at], words[at + 1] = words[at + 1], words[at]
    assert wrong(one, " ".join(words)).reason == "checksum"


def test_the_same_list_twice_is_one_list() -> None:
    one, two, _three = seal.split(SEED)
    assert wrong(one, one.upper()).reason == wrong(one, two, one).reason == "same"


def test_lists_of_two_elections_do_not_open_either() -> None:
    fault = wrong(seal.split(SEED)[0], seal.split(bytes(16))[1])
    assert fault.reason == "different"
    assert str(fault) == "These word lists belong to different elections."


@pytest.mark.parametrize("groups", [[(3, 5)], [(1, 1)], [(2, 3), (2, 3)]])
def test_lists_for_another_number_of_people_are_refused(groups: Any) -> None:
    made = generate_mnemonics(1, groups, SEED)[0]
    assert wrong(made[0], made[-1]).reason == "different"


def test_lists_that_ask_for_minutes_of_computing_are_refused_at_once() -> None:
    shares = [Share.from_mnemonic(words) for words in seal.split(SEED)]
    one, two, _three = (replace(share, iteration_exponent=15).mnemonic() for share in shares)
    assert wrong(one, two).reason == "different"


def test_splitting_again_gives_other_lists() -> None:
    assert len({seal.split(SEED)[0] for _ in range(5)}) == 5


# Receipts


def test_a_tracker_is_the_hash_of_the_envelope() -> None:
    assert seal.tracker(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    ("tracker", "code"),
    [
        ("0" * 64, "0000-0000-0000"),
        ("f" * 64, "ZZZZ-ZZZZ-ZZZZ"),
        ("00443214c74254b" + "f" * 49, "0123-4567-89AB"),
    ],
)
def test_the_code_is_the_first_sixty_bits_in_letters_that_are_not_mistaken(tracker: str, code: str) -> None:
    assert seal.code(tracker) == code


@pytest.mark.parametrize("typed", ["0101-92QA-M4TD", "oiol92qam4td", " 0 1 0 1 9 2 q a m 4 t d ", "O1OI--92QA\nM4TD"])
def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    assert seal.normal_code(typed) == "0101-92QA-M4TD"


@pytest.mark.parametrize("typed", ["", "0101-92QA-M4T", "0101-92QA-M4TDE", "U101-92QA-M4TD", "é101-92QA-M4TD"])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert seal.normal_code(typed) is None


def test_every_code_reads_as_itself() -> None:
    for _ in range(100):
        code = seal.code(random.randbytes(32).hex())
        assert seal.normal_code(code.lower()) == code


def test_a_word_list_is_known_by_its_mark_however_it_is_typed() -> None:
    first, second, _third = seal.split(SEED)
    assert seal.mark(f"  {first.upper()} ") == seal.mark(first) != seal.mark(second)
    assert len(seal.mark(first)) == 64
    with pytest.raises(WrongWords):
        seal.mark("these are no words of a list")


def test_a_mark_is_that_of_the_words_in_small_letters_with_one_space_between() -> None:
    first = seal.split(SEED)[0]
    assert seal.mark("\n".join(f"{n}. {word}," for n, word in enumerate(first.split(), start=1))) == (
        sha256(" ".join(first.lower().split()).encode()).hexdigest()
    )


def test_who_waits_for_the_opening_hears_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[int] = []
    monkeypatch.setattr(seal, "TELL_EVERY", 2)
    seal.open_box([sealed(((), ()))] * 5, seal.private_key(SEED), SHAPE, (), heard.append)
    assert heard == [0, 2, 4]


@pytest.mark.parametrize("limits", [(2,), (2, None, 1)])
def test_a_limit_for_each_question_or_none_at_all(limits: Any) -> None:
    with pytest.raises(ValueError, match="zip"):
        seal.open_box([sealed(((0,), ()))], seal.private_key(SEED), SHAPE, limits)
