"""The word table: what is replaced, what is masked, and that the wire's promises hold with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livecaption.core.captions import Delta, Final, Partial
from livecaption.core.decode import DecodeRequest
from livecaption.core.hypothesis import Word, text_of
from livecaption.core.policy import REALTIME, WINDOW, StreamingPolicy
from livecaption.core.wordlist import NO_WORDS, WordTable, parse_words
from livecaption.errors import OperatorError
from tests.core.checks import of_type
from tests.core.conversations import Faults, chunk_sizes, conversations, delays, faults, faulty
from tests.core.playback import BRISK, CREDULOUS, Playback, new_session, play
from tests.script import Take, chunks, speech


def written(entries: str, text: str) -> str:
    return parse_words(entries, "words.txt").apply_to(Word(text, 0, 1, 0.9)).text


@pytest.mark.parametrize(
    ("entries", "said", "read"),
    [
        ("huzers = users", " huzers", " users"),
        ("huzers = users", " Huzers,", " Users,"),
        ("huzers = users", " “HUZERS”!", " “USERS”!"),
        ("huzers = users", " huzer", " huzer"),
        ("huzers = users", " myhuzers", " myhuzers"),
        ("huzers = users", " huzers-to-be", " users-to-be"),
        ("huzer = user", " Huzer's", " User's"),
        ("huzer = user\nhuzer's = theirs", " huzer’s", " theirs"),
        ("huzer = user", " l'huzer", " l'user"),
        ("don = Dawn", " don't", " don't"),
        ("iphone = iPhone", " IPHONE", " iPhone"),
        ("gonna = going to", " Gonna", " Going to"),
        ("straße = road", " STRASSE", " ROAD"),
        ("ёлка = ель", " Ёлка", " Ель"),
        ("東京 = とうきょう", "東京", "とうきょう"),
        ("नमस्ते = हैलो", " नमस्ते।", " हैलो।"),
        ("ＡＢＣ = xyz", " abc", " xyz"),
        ("می‌خواهم = x", " می‌خواهم", " x"),
        ("!damn", " Damn!", " ****!"),
        ("!damn", " damnation", " damnation"),
        ("!frig*", " frigging", " ********"),
        ("!frig*", " frig", " ****"),
        ("!frig*", " fri", " fri"),
        ("!déjà", " de\u0301ja\u0300", " ****"),
        ("a = b", " - ", " - "),
        ("a = b", "", ""),
    ],
)
def test_a_word_is_written_as_its_entry_says(entries: str, said: str, read: str) -> None:
    assert written(entries, said) == read


def test_an_empty_table_changes_nothing_and_is_false() -> None:
    words = (Word(" one", 0, 1, 0.9), Word(" two", 1, 2, 0.9))
    assert NO_WORDS.apply(list(words)) == words
    assert not NO_WORDS
    assert parse_words("!x", "words.txt")
    assert not parse_words("# nothing\n\n", "words.txt")


def test_times_and_probability_stay_with_a_replaced_word() -> None:
    table = parse_words("one = eleven", "words.txt")
    assert table.apply([Word(" One", 3, 5, 0.4)]) == (Word(" Eleven", 3, 5, 0.4),)


def test_a_file_may_begin_with_a_byte_order_mark_and_hold_comments() -> None:
    table = parse_words("\ufeff# for people\n\n  huzers   =  power   users  \r\n", "words.txt")
    assert table.replacements == {"huzers": "power users"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("huzers", "words.txt, line 1: the entry has no “=”"),
        ("\n\n= users", "words.txt, line 3: the word is missing"),
        ("!", "words.txt, line 1: the word is missing"),
        ("!*", "words.txt, line 1: the word is missing"),
        ("white house = x", "words.txt, line 1: “white house” is not one word"),
        ("!f***", "words.txt, line 1: “f**” is not one word"),
        ("huzers =  ", "words.txt, line 1: the replacement is missing"),
        ("a = b\nA = c", "words.txt, line 2: “A” has an entry in line 1"),
        ("!a\na = c", "words.txt, line 2: “a” has an entry in line 1"),
        ("a = b\x07c", "words.txt, line 1: the replacement has control characters"),
        (f"{'a' * 65} = b", "words.txt, line 1: the word has more than 64 characters"),
        (f"a = {'b' * 129}", "words.txt, line 1: the replacement has more than 128 characters"),
    ],
)
def test_a_malformed_entry_is_named_by_file_and_line(text: str, complaint: str) -> None:
    with pytest.raises(OperatorError) as caught:
        parse_words(text, "words.txt")
    assert str(caught.value).startswith(complaint)


def test_a_file_has_no_more_than_ten_thousand_entries() -> None:
    entries = "\n".join(f"w{number} = x" for number in range(10_001))
    with pytest.raises(OperatorError, match="line 10001: there are more than 10,000 entries"):
        parse_words(entries, "words.txt")


def test_a_word_and_its_beginning_may_both_have_entries() -> None:
    table = parse_words("!a*\nab = c", "words.txt")
    assert table.apply_to(Word(" ab", 0, 1, 1)).text == " c"
    assert table.apply_to(Word(" abc", 0, 1, 1)).text == " ***"


@given(text=st.text(max_size=40))
def test_what_has_no_entry_is_left_as_it_is(text: str) -> None:
    assert written("zzqqzz = y", text) == text


SWEARING = parse_words("yes = of course\n!no\n!w*\nhear = HEAR", "words.txt")


@settings(max_examples=150)
@given(
    policy=st.sampled_from([BRISK, REALTIME, WINDOW]),
    take=conversations(),
    sizes=chunk_sizes(),
    wrong=faults(),
    late=delays(),
)
def test_every_promise_holds_with_a_table_and_no_listed_word_is_ever_shown(
    policy: StreamingPolicy,
    take: Take,
    sizes: list[int],
    wrong: Faults,
    late: Callable[[DecodeRequest], int],
) -> None:
    """``Playback`` checks that the deltas of each utterance are its final, among all else."""
    session = new_session(policy, written=SWEARING)
    playback = Playback(session, faulty(take.words, wrong), late)
    for chunk in chunks(take.samples, sizes):
        playback.hear(chunk)
    playback.close()
    for event in playback.events:
        if isinstance(event, Partial | Delta | Final):
            shown = {word.strip(".?!,") for word in event.text.split()}
            assert not shown & {"yes", "no", "we", "hear"}
            assert event.text.strip() == text_of(event.words).strip()


def _plain(table: WordTable, take: Take) -> list[str]:
    playback = play(take, new_session(screen=CREDULOUS, written=table))
    return [final.text for final in of_type(playback.events, Final)]


@settings(max_examples=60)
@given(take=conversations())
def test_a_table_changes_how_words_are_written_and_nothing_else(take: Take) -> None:
    plain = [Word(f" {word}", 0, 1, 1) for text in _plain(NO_WORDS, take) for word in text.split()]
    expected = text_of(SWEARING.apply(plain)).split()
    assert " ".join(_plain(SWEARING, take)).split() == expected


def test_masked_words_in_a_row_are_no_loop_of_the_decoder() -> None:
    """Screened after masking, six different masked words would pass for one that is repeated."""
    take = speech("one two three four five six", ms=2400)
    table = parse_words("!one\n!two\n!three\n!four\n!five\n!six", "words.txt")
    playback = play(take, new_session(written=table))
    assert [final.text for final in of_type(playback.events, Final)] == [
        "*** *** ***** **** **** ***"
    ]
