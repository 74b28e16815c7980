"""A burst with pauses, losses, questions and other speakers in it, and an engine of every kind."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livecaption.core.captions import Final, Finalized, UtteranceStarted
from livecaption.core.decode import DecodeKind, DecodeRequest
from livecaption.core.hypothesis import Word
from livecaption.core.utterance import Speaking
from tests.core.answers import Answer, truthful
from tests.core.checks import of_type
from tests.core.conversations import AS_FOUND, Faults, faults, faulty, unique_words
from tests.core.playback import BRISK, CREDULOUS, Playback, closing, new_session, unanswered
from tests.script import MS, Take, noise, silence, speech

TOTAL_WORDS = 160


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker says, and what happens around it."""

    words: int
    word_ms: int
    """Whole frames: ``finalize`` acts at the last whole one."""
    bursts: int
    """In so many messages."""
    lost_ms: int
    """Before it."""
    silence_ms: int
    paused_ms: int
    """Behind it."""


turns = st.builds(
    Turn,
    words=st.integers(1, 25),
    word_ms=st.sampled_from([160, 240, 400]),
    bursts=st.integers(1, 30),
    lost_ms=st.sampled_from([0, 0, 400, 5000]),
    silence_ms=st.sampled_from([0, 100, 700]),
    paused_ms=st.sampled_from([0, 300, 2000]),
)


@dataclass(slots=True)
class Stage:
    """A client that says its turns, and an engine that answers in any order when told to."""

    data: st.DataObject
    playback: Playback
    said: list[list[str]] = field(default_factory=list)
    script: Take = field(default_factory=Take)
    open: list[DecodeRequest] = field(default_factory=list)
    seen: int = 0

    def say(self, turn: Turn) -> None:
        """Give the floor to the next speaker."""
        session, told = self.playback.session, len(self.script.words)
        if turn.lost_ms:
            self.script += silence(ms=-len(self.script) % 320 / MS + turn.lost_ms // 20 * 20)
            session.receive_lost(len(self.script))
        self.playback.finalize()
        session.configure(Speaking(speaker=str(len(self.said))))
        texts = unique_words(TOTAL_WORDS)[told : told + turn.words]
        spoken = speech(" ".join(texts), ms=len(texts) * turn.word_ms) + silence(ms=turn.silence_ms)
        self.said.append(texts)
        self.script += spoken
        size = max(1, len(spoken) // turn.bursts)
        for at in range(0, len(spoken), size):
            session.receive_audio(spoken.samples[at : at + size])
            self.answer(self.data.draw(st.integers(0, 2)))
        self.playback.pause(turn.paused_ms * MS)
        session.set_load(self.data.draw(st.sampled_from([0.05, 0.5, 3.0])), workers=1)

    def answer(self, most: int) -> None:
        """Answer so many open requests, in any order; what is superseded is never answered."""
        for _ in range(most):
            self._look()
            if not self.open:
                return
            request = self.open.pop(self.data.draw(st.integers(0, len(self.open) - 1)))
            self.playback.deliver(request)

    def answer_all(self) -> None:
        """Answer until the session wants nothing more."""
        self._look()
        while self.open:
            self.answer(1)
            self._look()

    def _look(self) -> None:
        self.playback.answer_due()
        fresh = self.playback.requests[self.seen :]
        self.seen += len(fresh)
        closing = {each.utterance for each in fresh if each.kind is DecodeKind.FINAL}
        self.open = [each for each in self.open if each.utterance not in closing] + fresh


def on_stage(data: st.DataObject, wanted: Faults | None, hear_ahead: int) -> Stage:
    """A stage whose engine knows what will have been said."""
    policy = replace(BRISK, hear_ahead=hear_ahead)
    playback = unanswered()
    playback.session = new_session(policy, screen=CREDULOUS)
    stage = Stage(data, playback)

    def answer(request: DecodeRequest) -> Answer:
        words: tuple[Word, ...] = stage.script.words
        return (faulty(words, wanted) if wanted else truthful(words))(request)

    playback.answer = answer
    return stage


def texts_by_speaker(playback: Playback) -> dict[str | None, list[str]]:
    """The words of all finals under the name that their utterance started with."""
    names = {each.utterance: each.speaker for each in of_type(playback.events, UtteranceStarted)}
    texts: dict[str | None, list[str]] = {}
    for final in of_type(playback.events, Final):
        texts.setdefault(names[final.utterance], []).extend(final.text.split())
    return texts


steps = st.sampled_from([1600, 8000, 80_000])


@settings(phases=AS_FOUND, max_examples=40)
@given(data=st.data(), order=st.lists(turns, min_size=1, max_size=5), hear_ahead=steps)
def test_every_word_is_captioned_once_under_the_name_of_who_said_it(
    data: st.DataObject, order: list[Turn], hear_ahead: int
) -> None:
    stage = on_stage(data, None, hear_ahead)
    for turn in order:
        stage.say(turn)
    session = stage.playback.session
    session.receive_eof("stop")
    stage.answer_all()
    stage.playback.close()
    wanted = {str(k): words for k, words in enumerate(stage.said)}
    assert texts_by_speaker(stage.playback) == wanted
    assert closing(stage.playback).received == len(stage.script)
    assert session.lag == 0


@settings(phases=AS_FOUND, max_examples=40)
@given(
    data=st.data(),
    wanted=faults(),
    order=st.lists(turns, min_size=1, max_size=5),
    hear_ahead=steps,
)
def test_whatever_the_engine_does_the_session_comes_to_its_end(
    data: st.DataObject, wanted: Faults, order: list[Turn], hear_ahead: int
) -> None:
    """``Playback`` checks the state after each step, and the whole stream at the close."""
    stage = on_stage(data, wanted, hear_ahead)
    for turn in order:
        stage.say(turn)
    session = stage.playback.session
    session.receive_eof("stop")
    stage.answer_all()
    account = closing(stage.playback)
    stage.playback.close()
    assert account.received == session.committed == len(stage.script)


@settings(phases=AS_FOUND, max_examples=20)
@given(
    data=st.data(), wanted=faults(), order=st.lists(turns, min_size=1, max_size=3), hear_ahead=steps
)
def test_a_session_is_handed_over_behind_all_that_waits(
    data: st.DataObject, wanted: Faults, order: list[Turn], hear_ahead: int
) -> None:
    stage = on_stage(data, wanted, hear_ahead)
    for turn in order:
        stage.say(turn)
    stage.playback.session.receive_suspend()
    stage.answer_all()
    assert len(of_type(stage.playback.events, Finalized)) == len(order) + 1
    assert isinstance(stage.playback.events[-1], Finalized)
    assert stage.playback.session.checkpoint.clock == stage.playback.session.committed


@pytest.mark.parametrize("spoken", [noise(ms=300), silence(ms=300)], ids=["speech", "silence"])
def test_whether_the_last_audio_was_speech_is_not_known_before_it_is_heard(spoken: Take) -> None:
    playback = unanswered()
    playback.hear((noise(ms=12_000) + spoken).samples)
    assert playback.session.in_mid_speech
    playback.session.receive_lost(20_000 * MS)
    assert playback.session.lag == 12_300 * MS, "what will never come is not waited for"
