"""Utterances for tests, in the state that a test needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from livecaption.core.agreement import LocalAgreement
from livecaption.core.endpoint import Closed
from livecaption.core.hypothesis import Word
from livecaption.core.utterance import Speaking, Utterance
from tests.script import MS

__all__ = ["closed_utterance", "open_utterance", "said"]


def said(text: str, *, at_ms: int = 0, word_ms: int = 300, probability: float = 0.9) -> list[Word]:
    """Words one after the other, the first of which starts at ``at_ms``."""
    return [
        Word(f" {token}", (at_ms + i * word_ms) * MS, (at_ms + (i + 1) * word_ms) * MS, probability)
        for i, token in enumerate(text.split())
    ]


def open_utterance(number: int = 1, committed: Sequence[Word] = (), **given: Any) -> Utterance:
    """An utterance heard from sample 0 on."""
    fields = {"onset": 0, "start": 0, "window_start": 0, "speaking": Speaking(), **given}
    agreement = LocalAgreement(hold_back=1)
    return Utterance(number=number, agreement=agreement, committed=list(committed), **fields)


def closed_utterance(
    number: int = 1,
    committed: Sequence[Word] = (),
    *,
    start_ms: int = 0,
    stop_ms: int = 2000,
    resolved: bool = True,
) -> Utterance:
    """An utterance that waits for its turn to be published, or for its last words."""
    start, stop = start_ms * MS, stop_ms * MS
    utterance = open_utterance(number, committed, onset=start, start=start, window_start=start)
    utterance.close(Closed(speech_stop=stop, stop=stop), None)
    if resolved:
        utterance.end_with(())
    return utterance
