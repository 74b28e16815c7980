"""Transcripts for tests: built by hand, drawn at random, and an hour long."""

from __future__ import annotations

from hypothesis import strategies as st

from livecaption.core.timed_text import TimedWord
from livecaption.core.transcript import Transcript, TranscriptGap, TranscriptLine

__all__ = ["NOON", "TRICKY", "gap", "hour", "line", "transcript", "transcripts"]

NOON = 1_795_521_600.0
"""2026-11-24T12:00:00Z."""

TRICKY = (
    "<img src=x onerror=alert(1)>",
    "a --> b && c < d",
    "00:00:01.000 --> 00:00:02.000",
    "</v><v Mallory>not me</v>",
    "{\\an8}up there",
    "NOTE this is no comment",
    "שלום, מה שלומך היום?",
    "هل تسمعني؟ نعم، أسمعك.",
    "今天我们来谈谈实时字幕的工作原理。",
    "👩‍👩‍👧 waves 👍🏽",
    "&amp; stays &amp;",
)
"""Captions that would break a format that is written carelessly."""


def line(
    text: str,
    start: float = 0.0,
    *,
    speaker: str | None = None,
    session: str = "s_1",
    utterance: int = 1,
    started_at: float = NOON,
    language: str | None = "en",
    offset: int | None = None,
    each: float = 0.3,
) -> TranscriptLine:
    """An utterance whose words last ``each`` seconds."""
    words, now = [], start
    for number, token in enumerate(text.split()):
        words.append(TimedWord(f" {token}" if number else token, now, now + each, 0.9))
        now += each
    return TranscriptLine(
        session=session,
        speaker=speaker,
        utterance=utterance,
        offset=round(1000 * start) + 1 if offset is None else offset,
        text=text,
        language=language,
        started_at=started_at,
        start=start,
        end=now,
        words=tuple(words),
    )


def gap(
    start: float,
    end: float,
    reason: str = "overload",
    *,
    session: str = "s_1",
    started_at: float = NOON,
    offset: int | None = None,
) -> TranscriptGap:
    """Audio that was lost."""
    number = round(1000 * start) + 1 if offset is None else offset
    return TranscriptGap(session, None, number, started_at, start, end, reason)


def transcript(*entries: TranscriptLine | TranscriptGap, room: str = "main") -> Transcript:
    """A room's transcript."""
    return Transcript(room, entries)


def hour(speakers: tuple[str | None, ...] = ("Ada", "Ben")) -> Transcript:
    """An hour in which somebody says a sentence every six seconds."""
    sentence = "We moved forty two users on Monday, and three of them had a problem with it."
    return transcript(
        *(
            line(
                f"{sentence} Number {n}.",
                6.0 * n,
                speaker=speakers[n % len(speakers)],
                session=f"s_{n % len(speakers)}",
                utterance=n + 1,
            )
            for n in range(600)
        )
    )


_token = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12) | st.sampled_from(
    [token for text in TRICKY for token in text.split()] + ["word", "end."]
)
_name = st.sampled_from([None, "Ada", "Ben <b>", "A & B", "-->", "Zoë 字幕", "N" * 60])


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    """Sessions that overlap, with or without speakers, with gaps."""
    entries: list[TranscriptLine | TranscriptGap] = []
    for number in range(draw(st.integers(0, 3))):
        started_at = NOON + draw(st.floats(0, 100))
        now = draw(st.floats(0, 5))
        for utterance in range(draw(st.integers(0, 4))):
            text = " ".join(draw(st.lists(_token, min_size=1, max_size=25)))
            offset = draw(st.integers(1, 10_000))
            said = line(
                text,
                now,
                speaker=draw(_name),
                session=f"s_{number}",
                utterance=utterance,
                started_at=started_at,
                offset=offset,
                each=draw(st.floats(0.05, 0.6)),
            )
            now = said.end + draw(st.floats(0, 4))
            entries.append(said)
            if draw(st.booleans()):
                lost = draw(st.floats(0, 3))
                reason = draw(st.sampled_from(["overload", "client", "new_reason"]))
                entries.append(
                    gap(
                        now,
                        now + lost,
                        reason,
                        session=f"s_{number}",
                        started_at=started_at,
                        offset=offset + 1,
                    )
                )
                now += lost
    return Transcript("main", tuple(draw(st.permutations(entries))))
