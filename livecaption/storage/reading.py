"""Stored messages → the lines and gaps of a transcript."""

from __future__ import annotations

from collections.abc import Iterable

from livecaption.core.subtitles import TimedWord
from livecaption.core.transcript import TranscriptGap, TranscriptLine
from livecaption.errors import ProtocolError
from livecaption.protocol.codec import decode_server
from livecaption.protocol.server_messages import RoomFinal, RoomGap, WordMessage

__all__ = ["entry_of", "placed_words"]


def entry_of(message: str, started_at: float) -> TranscriptLine | TranscriptGap | None:
    """Turn one stored message into an entry; None when it has nothing for a transcript.

    Args:
        message: a ``RoomFinal`` or ``RoomGap``, JSON.
        started_at: wall-clock time of the session's sample 0, seconds since the epoch.
    """
    try:
        event = decode_server(message)
    except ProtocolError:  # written by another version, or by hand: the rest is still readable
        return None
    match event:
        case RoomFinal() if event.text:
            return TranscriptLine(
                session=event.session,
                speaker=event.speaker,
                utterance=event.utterance,
                offset=event.offset,
                text=event.text,
                language=event.language,
                started_at=started_at,
                start=event.start,
                end=event.end,
                words=placed_words(event.text, event.words),
            )
        case RoomGap() if event.to > event.from_:
            return TranscriptGap(
                session=event.session,
                speaker=event.speaker,
                offset=event.offset,
                started_at=started_at,
                start=event.from_,
                end=event.to,
                reason=event.reason,
            )
    return None


def placed_words(text: str, words: Iterable[WordMessage]) -> tuple[TimedWord, ...]:
    """Give words the spaces that the text has before them; none if text and words differ."""
    placed, at = [], 0
    for word in words:
        found = text.find(word.text, at)
        if found < 0 or text[at:found].strip():
            return ()
        stop = found + len(word.text)
        placed.append(TimedWord(text[at:stop], word.start, word.end, word.probability))
        at = stop
    return tuple(placed)
