from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.audio import FRAME_SAMPLES, SAMPLE_RATE
from livecaption.core.captions import (
    CaptionEvent,
    Delta,
    Final,
    Gap,
    GapReason,
    Numbered,
    UtteranceStarted,
)
from livecaption.core.checkpoint import Checkpoint
from livecaption.core.config import SessionConfig
from livecaption.core.hypothesis import Word
from livecaption.core.session import CaptionSession
from livecaption.protocol.codec import RoomOrigin, encode, room_message
from livecaption.storage.records import StoredEvent, StoredSession
from livecaption.storage.restoring import checkpoint_of, restore
from tests.core.answers import truthful
from tests.core.playback import Playback, new_session
from tests.script import Take, is_loud, silence, speech

SECOND = SAMPLE_RATE


def stored(*events: Numbered, checkpoint: Checkpoint | None = None) -> StoredSession:
    lines = tuple(
        StoredEvent(
            "main",
            number,
            "s_1",
            event.seq,
            type(event).__name__,
            0.0,
            encode(room_message(event, RoomOrigin("main", "s_1", "Ada", 0.0), number)),
        )
        for number, event in enumerate(events, start=1)
    )
    return StoredSession("s_1", "main", b"", 0.0, "{}", checkpoint or Checkpoint(), lines)


def word(text: str, start: float, stop: float) -> Word:
    return Word(text, round(start * SECOND), round(stop * SECOND), 0.9)


GOOD, MORNING = word(" Good", 1.0, 1.3), word(" morning", 1.3, 1.8)
OPEN = (
    UtteranceStarted(1, 1, SECOND),
    Delta(2, 1, "Good", (GOOD,)),
    Delta(3, 1, " morning", (MORNING,)),
)


def test_a_session_with_nothing_open_goes_on_from_its_last_word_on_the_disk() -> None:
    checkpoint = Checkpoint(48_000, 4, 1, 32_000, 16_000, 0, "en")
    closed = Final(4, 1, "Good morning", SECOND, MORNING.stop, "en", "Ada", (GOOD, MORNING))
    restored = restore(stored(*OPEN, closed, checkpoint=checkpoint))
    assert restored.checkpoint == checkpoint
    assert restored.closing == ()


def test_words_that_were_shown_are_closed_exactly_as_they_were() -> None:
    restored = restore(stored(*OPEN, checkpoint=Checkpoint(8_000, 3, 1, 0, 8_000)))
    (final,) = restored.closing
    first = word("Good", 1.0, 1.3)  # the wire has no space before the first word
    assert final == Final(4, 1, "Good morning", SECOND, MORNING.stop, None, "Ada", (first, MORNING))
    at = restored.checkpoint
    assert (at.seq, at.utterances) == (4, 1)
    # The last word is heard again, as a whole.
    assert MORNING.start - SECOND // 4 < at.clock < MORNING.start
    assert at.clock % FRAME_SAMPLES == 0
    assert (at.silent, at.captioned) == (SECOND, at.clock - SECOND)


def test_an_utterance_that_had_no_word_yet_is_closed_empty_and_heard_again() -> None:
    restored = restore(stored(UtteranceStarted(1, 1, SECOND)))
    (final,) = restored.closing
    assert isinstance(final, Final)
    assert (final.text, final.words, final.start, final.stop) == ("", (), SECOND, SECOND)
    assert restored.checkpoint.clock == 0


def test_the_missing_end_of_an_utterance_that_another_had_passed_is_declared() -> None:
    later = (
        UtteranceStarted(4, 2, 3 * SECOND),
        Delta(5, 2, "Welcome", (word(" Welcome", 3.1, 3.6),)),
    )
    restored = restore(stored(*OPEN, *later))
    first, missing, second = restored.closing
    assert isinstance(first, Final)
    assert (first.seq, first.text) == (4 + 2, "Good morning")
    assert missing == Gap(7, MORNING.stop, 3 * SECOND, GapReason.NOT_RESUMED)
    assert isinstance(second, Final)
    assert (second.seq, second.text) == (8, "Welcome")
    at = restored.checkpoint
    assert at.lost == 3 * SECOND - MORNING.stop
    assert at.captioned + at.silent + at.lost == at.clock


def test_the_last_published_words_are_the_context_of_what_follows() -> None:
    words = tuple(word(f" w{n}", n, n + 0.5) for n in range(12))
    text = "".join(w.text for w in words).strip()
    final = Final(1, 1, text, 0, words[-1].stop, "en", None, words)
    context = checkpoint_of(stored(final)).context
    assert [w.text.strip() for w in context] == [f"w{n}" for n in range(4, 12)]
    assert [w.stop for w in context] == [w.stop for w in words[4:]]
    assert checkpoint_of(stored()).context == ()


def test_a_message_of_another_version_is_passed_over() -> None:
    strange = StoredEvent("main", 9, "s_1", 9, "final", 0.0, json.dumps({"type": "final"}))
    session = stored(*OPEN)
    session = StoredSession("s_1", "main", b"", 0.0, "{}", Checkpoint(), (*session.events, strange))
    restored = restore(session)
    assert restored.checkpoint.seq == 10


# -- a whole conversation, cut off anywhere -------------------------------------------------------

TALK = (
    silence(ms=300)
    + speech("good morning everyone and welcome to the meeting", ms=3200)
    + silence(ms=900)
    + speech("the first item is the new server", ms=2400)
    + silence(ms=900)
)


@given(st.integers(1, len(TALK) // 1600))
def test_no_word_is_lost_or_doubled_wherever_a_session_is_cut_off(chunks: int) -> None:
    first = Playback(new_session(), truthful(TALK.words))
    first.play(Take(TALK.samples[: chunks * 1600]))
    seen = list(numbered(first.events))
    session = stored(*seen, checkpoint=first.session.checkpoint)
    restored = restore(session)
    done = stored(*seen, *restored.closing, checkpoint=restored.checkpoint)
    at = checkpoint_of(done)
    second = Playback(CaptionSession(SessionConfig(session="s"), is_loud, at), truthful(TALK.words))
    second.play(Take(TALK.samples[at.clock :]))
    second._ended = True
    second.session.receive_eof("stop")
    second.answer_due()
    events = [*seen, *restored.closing, *numbered(second.events)]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    said = " ".join(e.text for e in events if isinstance(e, Final) and e.text)
    assert said == TALK.text
    for event in seen:
        if isinstance(event, Delta):
            assert event.text.strip() in said, "what was shown stays"


def numbered(events: list[CaptionEvent]) -> list[Numbered]:
    return [e for e in events if isinstance(e, UtteranceStarted | Delta | Final | Gap)]
