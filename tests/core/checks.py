"""What the protocol promises of the events of a whole session, and ways to look at them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from livecaption.core.audio import FRAME_SAMPLES
from livecaption.core.captions import (
    CaptionEvent,
    Delta,
    Final,
    Finalized,
    Gap,
    Partial,
    SessionClosed,
    UtteranceStarted,
)
from livecaption.core.hypothesis import Word, text_of

__all__ = ["check_events", "check_finalized", "of_type", "shown"]

T = TypeVar("T")


def of_type(events: Iterable[CaptionEvent], kind: type[T]) -> list[T]:
    """The events of one kind."""
    return [event for event in events if isinstance(event, kind)]


def shown(events: Iterable[CaptionEvent]) -> list[tuple[str, str]]:
    """The events that show text, in short."""
    return [
        (type(event).__name__, event.text)
        for event in events
        if isinstance(event, Partial | Delta | Final)
    ]


def check_events(events: Sequence[CaptionEvent]) -> None:
    """Check what the protocol promises of a whole session."""
    _check_numbers(events)
    _check_utterances(events)
    finals = [final.utterance for final in of_type(events, Final)]
    assert finals == sorted(set(finals)), "finals come in the order they were spoken, each once"
    closed = of_type(events, SessionClosed)
    assert closed == list(events[-1:]), "the account comes once, at the end"
    account = closed[0]
    assert account.captioned + account.silent + account.lost == account.received
    lost = sum(gap.stop - gap.start for gap in of_type(events, Gap))
    assert lost == account.lost, "what is lost is declared"


def _check_numbers(events: Sequence[CaptionEvent]) -> None:
    numbered = [e.seq for e in events if isinstance(e, UtteranceStarted | Delta | Final | Gap)]
    assert numbered == list(range(1, len(numbered) + 1))


def _check_utterances(events: Sequence[CaptionEvent]) -> None:
    texts: dict[int, str] = {}
    words: dict[int, tuple[Word, ...]] = {}
    revisions: dict[int, int] = {}
    ended: set[int] = set()
    for event in events:
        match event:
            case UtteranceStarted(utterance=number):
                assert number not in texts
                texts[number], words[number], revisions[number] = "", (), 0
            case Delta(utterance=number, text=text):
                assert number not in ended
                assert event.words
                texts[number] += text
                words[number] += event.words
            case Partial(utterance=number):
                assert number not in ended
                assert event.revision == revisions[number] + 1
                revisions[number] = event.revision
                assert event.text.strip() == text_of(event.words).strip()
            case Final(utterance=number):
                assert number not in ended
                assert event.text == texts[number]
                assert event.words == words[number]
                _check_times(event)
                ended.add(number)
            case Gap() | Finalized() | SessionClosed():
                pass
    assert ended == set(texts), "what was started is ended"


def _check_times(final: Final) -> None:
    assert final.start <= final.stop
    edges = [edge for word in final.words for edge in (word.start, word.stop)]
    assert [final.start, *edges, final.stop] == sorted([final.start, *edges, final.stop])


def check_finalized(events: Sequence[CaptionEvent], marks: Sequence[int]) -> None:
    """Check that what was said before a ``finalize`` is final before its answer, the rest after.

    Args:
        events: of a whole session.
        marks: samples taken when each ``finalize`` came. It acts at the last whole frame: the part
            of a frame that was taken before it belongs to what follows.
    """
    waiting = [0, *marks]
    for event in events:
        if isinstance(event, Finalized):
            waiting.pop(0)
        elif isinstance(event, Final):
            assert waiting[0] - FRAME_SAMPLES < event.start
            assert len(waiting) == 1 or event.start < waiting[1]
    assert len(waiting) == 1, "every finalize is answered"
