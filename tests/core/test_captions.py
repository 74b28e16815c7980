from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import get_args

import pytest

from livecaption.core.captions import (
    CaptionEvent,
    Finalized,
    Gap,
    GapReason,
    Numbered,
    Partial,
    SessionClosed,
)


def test_numbered_events_and_only_they_carry_a_sequence_number() -> None:
    numbered = {kind for kind in get_args(CaptionEvent) if "seq" in {f.name for f in fields(kind)}}
    assert numbered == set(get_args(Numbered))


def test_the_advisory_events_are_the_tail_the_answer_to_finalize_and_the_account() -> None:
    advisory = set(get_args(CaptionEvent)) - set(get_args(Numbered))
    assert advisory == {Partial, Finalized, SessionClosed}


def test_an_event_cannot_be_changed_after_it_happened() -> None:
    gap = Gap(seq=1, start=0, stop=10, reason=GapReason.OVERLOAD)
    with pytest.raises(FrozenInstanceError):
        gap.stop = 20  # type: ignore[misc]


def test_gap_reasons_are_the_words_of_the_protocol() -> None:
    assert list(GapReason) == ["overload", "engine_error", "not_resumed", "client"]
