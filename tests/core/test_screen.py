from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from livecaption.core.decode import DecodeKind, DecodeRequest, DecodeResult
from livecaption.core.hypothesis import Word
from livecaption.core.screen import (
    Rejection,
    ScreenConfig,
    compression_ratio,
    longest_loop,
    screen,
)

CONFIG = ScreenConfig()


def words(text: str) -> tuple[Word, ...]:
    return tuple(Word(f" {token}", 0, 100, 0.9) for token in text.split())


def result(text: str, seconds: float = 10.0, **given: Any) -> DecodeResult:
    audio = np.zeros(int(seconds * 16_000), dtype=np.int16)
    request = DecodeRequest("s", 1, 1, DecodeKind.PARTIAL, 0, audio)
    return DecodeResult(request, words(text), **given)


def test_plain_speech_passes() -> None:
    assert screen(result("we can hear you", avg_logprob=-0.3, no_speech_prob=0.1), CONFIG) is None


def test_a_window_in_which_the_second_detector_hears_nobody_is_rejected() -> None:
    assert screen(result("", is_speech=False), CONFIG) is Rejection.NOT_SPEECH


def test_no_words_are_no_reason_to_reject() -> None:
    assert screen(result("", avg_logprob=-9.0, no_speech_prob=1.0), CONFIG) is None


@pytest.mark.parametrize(
    ("no_speech_prob", "avg_logprob", "expected"),
    [
        (0.7, -1.1, Rejection.NO_SPEECH),
        (0.7, -0.9, None),
        (0.5, -1.1, None),
        (0.5, -1.7, Rejection.LOW_PROBABILITY),
    ],
)
def test_a_decoder_that_doubts_the_speech_must_be_sure_of_its_words(
    no_speech_prob: float, avg_logprob: float, expected: Rejection | None
) -> None:
    given = result("thank you", no_speech_prob=no_speech_prob, avg_logprob=avg_logprob)
    assert screen(given, CONFIG) is expected


def test_a_word_may_be_said_four_times_but_not_five() -> None:
    assert screen(result("no, no, no, No."), CONFIG) is None
    assert screen(result("no, no, no, no, no"), CONFIG) is Rejection.LOOP


def test_a_phrase_that_goes_round_and_round_is_rejected() -> None:
    assert screen(result("the end of " * 5), CONFIG) is Rejection.LOOP


def test_more_words_than_anybody_can_say_are_rejected() -> None:
    many = " ".join(chr(97 + i) for i in range(19))
    assert screen(result(many, seconds=2.0), CONFIG) is Rejection.TOO_FAST
    assert screen(result(many, seconds=2.2), CONFIG) is None


def test_short_windows_are_given_the_words_of_a_second() -> None:
    assert screen(result("a b c d e f", seconds=0.4), CONFIG) is None


def test_a_long_text_that_compresses_too_well_is_rejected() -> None:
    pieces = [f"{'so many things to say about item'} {i}" for i in range(10)]
    text = " ".join(pieces)
    assert compression_ratio(text) > CONFIG.max_compression_ratio
    assert screen(result(text, seconds=30), CONFIG) is Rejection.COMPRESSION
    patient = replace(CONFIG, compression_min_chars=10_000)
    assert screen(result(text, seconds=30), patient) is None


def test_the_compression_ratio_of_plain_text_is_low() -> None:
    assert compression_ratio("Good morning everyone. Thank you for coming.") < 1.2


@pytest.mark.parametrize(
    ("text", "repeats"),
    [
        ("", 0),
        ("one", 1),
        ("one two three", 1),
        ("one one two", 2),
        ("a b a b a b", 3),
        ("x a b c a b c a b c y", 3),
        ("yes Yes, YES!", 3),
        ("a b c d e f g a b c d e f g", 1),
    ],
)
def test_loops_are_counted_by_their_longest_run(text: str, repeats: int) -> None:
    assert longest_loop(words(text)) == repeats
