from __future__ import annotations

import numpy as np

from livecaption.core.decode import DecodeKind, DecodeRequest, DecodeResult, min_probability
from livecaption.core.hypothesis import Word


def request() -> DecodeRequest:
    return DecodeRequest(
        session="s",
        number=1,
        utterance=1,
        kind=DecodeKind.FINAL,
        start=1000,
        audio=np.zeros(24_000, dtype=np.int16),
        previous_text="a secret",
        vocabulary=("Kyiv",),
    )


def test_a_request_knows_where_its_audio_ends_and_how_long_it_is() -> None:
    assert request().stop == 25_000
    assert request().duration == 1.5


def test_what_was_said_does_not_get_into_logs() -> None:
    result = DecodeResult(request(), (Word(" hush", 0, 10, 0.9),))
    logged = f"{result!r} {result.request!r}"
    assert not [secret for secret in ("secret", "Kyiv", "hush", "array") if secret in logged]


def test_the_least_sure_word_decides() -> None:
    assert min_probability((Word(" a", 0, 1, 0.9), Word(" b", 1, 2, 0.4))) == 0.4
    assert min_probability(()) == 1.0
