"""After a crash: what was shown of a session is closed, so that it can go on behind it.

A session that was cut off may have utterances whose words were shown as committed but that never
got their final. Those words stand: each such utterance ends with exactly the words that were shown,
and the client sends again what comes after them.

::

    stored   started 7 ─ delta "good morning" ─ delta " every" ╳
    added                                                     final "good morning every"
    resumes from here (a little before, with the words as context) ─┘
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from livecaption.core.audio import FRAME_SAMPLES, SAMPLE_RATE
from livecaption.core.captions import Final, Gap, GapReason
from livecaption.core.checkpoint import Checkpoint
from livecaption.core.hypothesis import Word
from livecaption.core.ledger import Column, Ledger
from livecaption.errors import ProtocolError
from livecaption.protocol.codec import decode_server
from livecaption.protocol.server_messages import (
    RoomDelta,
    RoomFinal,
    RoomMessage,
    RoomUtteranceStarted,
    WordMessage,
)
from livecaption.storage.reading import placed_words
from livecaption.storage.records import StoredEvent, StoredSession

__all__ = ["Restored", "checkpoint_of", "restore"]

_MARGIN = SAMPLE_RATE // 10
"""Before the last word, which is heard again whole: half a word might be taken for another."""
_CONTEXT_WORDS = 8


@dataclass(frozen=True, slots=True)
class Restored:
    """How a session that was cut off goes on."""

    checkpoint: Checkpoint
    closing: tuple[Final | Gap, ...]
    """Events that close what was open, to be stored and shown."""


@dataclass(slots=True)
class _Open:
    """An utterance without a final; times in samples."""

    number: int
    start: int
    text: str = ""
    words: list[Word] = field(default_factory=list)

    @property
    def stop(self) -> int:
        return self.words[-1].stop if self.words else self.start


def restore(stored: StoredSession) -> Restored:
    """Close what a session that was cut off had open."""
    messages = list(_messages(stored.events))
    speaker = messages[-1].speaker if messages else None
    still_open = _open_utterances(messages)
    before = stored.checkpoint
    ledger = Ledger(
        {
            Column.CAPTIONED: before.captioned,
            Column.SILENT: before.silent,
            Column.LOST: before.lost,
        }
    )
    seq = max([before.seq, *(event.seq for event in stored.events)])
    closing: list[Final | Gap] = []
    spoken = [utterance for utterance in still_open if utterance.words]
    for number, utterance in enumerate(still_open):
        seq += 1
        closing.append(_final(utterance, seq, before.language, speaker))
        if utterance not in spoken:
            continue
        _settle(ledger, utterance.start, Column.SILENT)
        if utterance is spoken[-1]:
            _settle(ledger, _cut(utterance), Column.CAPTIONED)
            continue
        # The next one had words already: what came between was heard, but never decoded to the end.
        _settle(ledger, utterance.stop, Column.CAPTIONED)
        following = min(u.start for u in still_open[number + 1 :])
        if following > ledger.watermark:
            seq += 1
            closing.append(Gap(seq, ledger.watermark, following, GapReason.NOT_RESUMED))
            _settle(ledger, following, Column.LOST)
    checkpoint = Checkpoint(
        clock=ledger.watermark,
        seq=seq,
        utterances=max([before.utterances, *(u.number for u in still_open)]),
        captioned=ledger.settled(Column.CAPTIONED),
        silent=ledger.settled(Column.SILENT),
        lost=ledger.settled(Column.LOST),
        language=before.language,
    )
    return Restored(checkpoint, tuple(closing))


def checkpoint_of(stored: StoredSession) -> Checkpoint:
    """Return where a session goes on, with the last words it published as context."""
    finals = [m for m in _messages(stored.events) if isinstance(m, RoomFinal)]
    words = _words(finals[-1].text, finals[-1].words) if finals else []
    return replace(stored.checkpoint, context=tuple(words[-_CONTEXT_WORDS:]))


def _messages(events: Iterable[StoredEvent]) -> Iterable[RoomMessage]:
    for event in events:
        try:
            message = decode_server(event.message)
        except ProtocolError:  # written by another version: better a session with a hole
            continue
        if isinstance(message, RoomMessage):
            yield message


def _open_utterances(messages: Iterable[RoomMessage]) -> list[_Open]:
    found: dict[int, _Open] = {}
    for message in messages:
        match message:
            case RoomUtteranceStarted():
                start = _samples(message.start)
                found[message.utterance] = _Open(message.utterance, start)
            case RoomDelta() if message.utterance in found:
                utterance = found[message.utterance]
                utterance.text += message.text
                utterance.words += _words(message.text, message.words)
            case RoomFinal():
                found.pop(message.utterance, None)
    return sorted(found.values(), key=lambda utterance: utterance.number)


def _final(utterance: _Open, seq: int, language: str | None, speaker: str | None) -> Final:
    return Final(
        seq=seq,
        utterance=utterance.number,
        text=utterance.text,
        start=utterance.start,
        stop=utterance.stop,
        language=language,
        speaker=speaker,
        words=tuple(utterance.words),
    )


def _cut(utterance: _Open) -> int:
    """Choose where the audio is heard again, on the grid of frames."""
    cut = max(utterance.words[-1].start - _MARGIN, utterance.start)
    return cut - cut % FRAME_SAMPLES


def _settle(ledger: Ledger, until: int, column: Column) -> None:
    if until > ledger.watermark:
        ledger.settle(ledger.watermark, until, column)


def _words(text: str, words: Iterable[WordMessage]) -> list[Word]:
    return [
        Word(word.text, _samples(word.start), _samples(word.end), word.probability)
        for word in placed_words(text, words)
    ]


def _samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)
