"""Fuzzed messages, audio and handshakes: a short, seeded run; ``python -m bench fuzz`` is long.

Whatever a client says is taken, or refused in a sentence; no exception of ours comes of it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from livecaption.errors import ProtocolError
from livecaption.protocol.client_messages import Keepalive
from livecaption.protocol.codec import Message, decode_publisher
from tests.faults.fuzz_codec import DECODERS, try_audio, try_bytes, try_text
from tests.faults.fuzz_sessions import conversations
from tests.faults.mutations import SEEDS, Mutator

SEED = 11
MESSAGES = 6000
AUDIO = 1500
TALKS = 300


def test_every_message_of_the_corpus_is_taken_or_refused_in_a_sentence() -> None:
    taken = [try_text(text, decode) for text in SEEDS for decode in DECODERS]
    assert any(taken)
    assert not all(taken)


def test_thousands_of_mutated_messages_are_taken_or_refused_in_a_sentence() -> None:
    mutator = Mutator(SEED)
    taken = sum(try_text(mutator.text()) for _ in range(MESSAGES))
    # Were all refused by the first check, nothing behind it would have been tried.
    assert MESSAGES * 0.05 < taken < MESSAGES * 0.8


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"\x00" * 40, bytes(range(256)), b"{" * 9000])
def test_bytes_that_are_no_text_are_refused_in_a_sentence(data: bytes) -> None:
    try_bytes(data)


def test_any_bytes_taken_for_audio_are_refused_or_counted_to_the_sample() -> None:
    dice, mutator = random.Random(SEED), Mutator(SEED)
    taken = sum(try_audio(dice.randbytes(3) + mutator.frame()) for _ in range(AUDIO))
    assert 0 < taken < AUDIO


async def test_whole_conversations_end_as_they_should_and_leave_nothing_in_the_log() -> None:
    dice, mutator = random.Random(SEED), Mutator(SEED)
    async with conversations() as talks:
        await talks.fuzz(dice, mutator, TALKS)
    assert talks.faults == []
    # All the ends there are: nobody's, stopped, refused in band and in HTTP.
    assert {0, 1000, 4000, 400} <= set(talks.codes), talks.codes


# --- the fuzzer finds what it is there to find ------------------------------------------------


def _as_python_reads_it(text: str) -> Message:
    fields: dict[str, Any] = json.loads(text)
    return decode_publisher(json.dumps({"type": fields["type"]}))


def _deep(text: str) -> Message:
    try:
        json.loads(text)
    except ValueError:
        raise ProtocolError("This is no JSON.") from None
    return Keepalive()


def _quotes_what_it_got(text: str) -> Message:
    try:
        return decode_publisher(text)
    except ProtocolError:
        raise ProtocolError(f"I do not understand {text}.") from None


@pytest.mark.parametrize("careless", [_as_python_reads_it, _deep, _quotes_what_it_got])
def test_a_careless_reader_is_found_out(careless: Callable[[str], Message]) -> None:
    mutator = Mutator(SEED)
    with pytest.raises((AssertionError, RecursionError, LookupError, TypeError, ValueError)):
        for _ in range(MESSAGES):
            try_text(mutator.text(), careless)


async def test_a_fault_behind_the_socket_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(_text: str) -> Message:
        raise LookupError("a fault of ours")

    monkeypatch.setattr("livecaption.server.publisher_connection.decode_publisher", careless)
    dice, mutator = random.Random(SEED), Mutator(SEED)
    async with conversations() as talks:
        await talks.fuzz(dice, mutator, 25)
    assert any("a fault of ours" in fault for fault in talks.faults)
