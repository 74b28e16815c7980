from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from livecaption.core.config import SessionConfig
from livecaption.core.decode import DecodeKind, DecodeRequest
from livecaption.core.requester import Requester
from livecaption.core.utterance import Speaking, Utterance
from tests.core.answers import heard, nothing
from tests.core.utterances import open_utterance, said
from tests.script import MS

PARTIAL, FINAL = DecodeKind.PARTIAL, DecodeKind.FINAL


def requester(**given: Any) -> Requester:
    return Requester(SessionConfig(session="s", **given))


def ask(
    requester: Requester,
    utterance: Utterance | None = None,
    kind: DecodeKind = PARTIAL,
    seconds: float = 1.0,
) -> DecodeRequest:
    audio = np.zeros(int(seconds * 1000 * MS), dtype=np.int16)
    return requester.request(utterance or open_utterance(), kind, audio)


def test_requests_are_numbered_and_handed_out_once() -> None:
    asking = requester()
    made = [ask(asking), ask(asking)]
    assert [request.number for request in made] == [1, 2]
    assert asking.drain() == made
    assert asking.drain() == []


def test_a_request_carries_all_that_an_engine_needs() -> None:
    speaking = Speaking(language="uk", vocabulary=("Kyiv",))
    utterance = open_utterance(4, window_start=320, speaking=speaking)
    request = ask(requester(task="translate"), utterance, FINAL)
    assert (request.session, request.utterance, request.kind) == ("s", 4, FINAL)
    assert (request.start, request.stop) == (320, 320 + 16_000)
    assert (request.language, request.task, request.vocabulary) == ("uk", "translate", ("Kyiv",))


def test_the_second_detector_is_asked_only_about_unconfirmed_utterances() -> None:
    confirmed = open_utterance()
    confirmed.is_speech = True
    assert ask(requester()).verify_speech
    assert not ask(requester(), confirmed).verify_speech
    assert not ask(requester(verify_speech=False)).verify_speech


# -- context ------------------------------------------------------------------------------------


def test_words_before_the_window_are_the_context() -> None:
    utterance = open_utterance(committed=said("on the new project"), window_start=600 * MS)
    asking = requester()
    asking.remember("Good morning.")
    assert ask(asking, utterance).previous_text == "Good morning. on the"


def test_models_that_do_better_without_get_no_context() -> None:
    asking = requester(previous_text=False)
    asking.remember("Good morning.")
    assert ask(asking).previous_text == ""


def test_the_context_stays_short_however_long_the_session() -> None:
    asking = requester()
    for number in range(200):
        asking.remember(f"sentence number {number}.")
    context = ask(asking).previous_text
    assert context.endswith("sentence number 199.")
    assert len(context) <= 200


# -- language -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "probability", "kind", "pinned"),
    [
        (2.0, 0.5, PARTIAL, "de"),
        (1.9, 0.9, PARTIAL, None),
        (2.0, 0.4, PARTIAL, None),
        (0.5, 0.1, FINAL, "de"),
    ],
)
def test_a_detected_language_is_pinned_when_it_rests_on_enough(
    seconds: float, probability: float, kind: DecodeKind, pinned: str | None
) -> None:
    asking = requester()
    request = ask(asking, kind=kind, seconds=seconds)
    guess = replace(heard(request, "guten Tag"), language="de", language_probability=probability)
    asking.pin_language(guess)
    assert asking.language_of(Speaking()) == pinned
    assert ask(asking).language == pinned


def test_a_language_is_pinned_once_and_until_it_is_forgotten() -> None:
    asking = requester()
    request = ask(asking, kind=FINAL)
    asking.pin_language(replace(heard(request, "guten Tag"), language="de"))
    asking.pin_language(replace(heard(request, "goede dag"), language="nl"))
    assert asking.language_of(Speaking()) == "de"
    asking.forget_language()
    assert asking.language_of(Speaking()) is None


def test_no_words_pin_no_language() -> None:
    asking = requester()
    asking.pin_language(nothing(ask(asking, kind=FINAL)))
    assert asking.language_of(Speaking()) is None


def test_a_given_language_is_not_a_detected_one() -> None:
    asking = requester()
    french = open_utterance(speaking=Speaking(language="fr"))
    asking.pin_language(heard(ask(asking, french, FINAL), "bonjour"))
    assert asking.language_of(french.speaking) == "fr"
    assert asking.language_of(Speaking()) is None
