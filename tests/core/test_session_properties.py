"""Properties of a whole session, fed and drained by an engine that is late and often wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from livecaption.core.audio import FRAME_SAMPLES
from livecaption.core.captions import Partial, SessionClosed
from livecaption.core.decode import DecodeKind, DecodeRequest
from livecaption.core.policy import REALTIME, WINDOW, StreamingPolicy
from livecaption.core.utterance import Speaking
from tests.core.answers import never
from tests.core.checks import of_type
from tests.core.conversations import (
    Faults,
    chunk_sizes,
    conversations,
    delays,
    faults,
    faulty,
    long_takes,
    monologues,
)
from tests.core.playback import (
    BRISK,
    CREDULOUS,
    Playback,
    closing,
    final_texts,
    new_session,
    play,
    utterance_starts,
)
from tests.script import MS, Take, chunks, noise, silence, speech

both_policies = pytest.mark.parametrize("policy", [REALTIME, WINDOW], ids=lambda p: p.name)
any_policy = st.sampled_from([BRISK, REALTIME, WINDOW])

Delay = Callable[[DecodeRequest], int]


@both_policies
@settings(max_examples=150)
@given(take=conversations(), sizes=chunk_sizes())
def test_finals_do_not_depend_on_how_the_audio_is_cut(
    policy: StreamingPolicy, take: Take, sizes: list[int]
) -> None:
    reference = play(take, new_session(policy, screen=CREDULOUS))
    other = play(take, new_session(policy, screen=CREDULOUS), sizes=sizes)
    assert final_texts(other) == final_texts(reference)
    assert utterance_starts(other) == utterance_starts(reference)


@both_policies
@long_takes
@given(take=monologues(), sizes=chunk_sizes(), faults=faults(), late=delays())
def test_each_word_of_a_long_monologue_appears_once(
    policy: StreamingPolicy, take: Take, sizes: list[int], faults: Faults, late: Delay
) -> None:
    """Windows are trimmed and utterances broken on the way; only partials go wrong.

    Half a minute of nothing but failures is left out: such a window is cut where it ends.
    """
    faults = replace(faults, finals_too=False, vetoed=0.0)
    playback = play(take, new_session(policy), faulty(take.words, faults), late, sizes)
    full = policy.max_window - FRAME_SAMPLES
    assume(all(len(request.audio) <= full for request in playback.requests))
    assert " ".join(final_texts(playback)).split() == take.text.split()
    assert len({request.start for request in playback.requests}) > 1, "windows were trimmed"


@both_policies
@long_takes
@given(
    sentence=st.lists(st.sampled_from(["we", "can", "hear", "you", "no"]), min_size=1, max_size=6),
    word_ms=st.integers(220, 450),
    jitter=st.sampled_from([0, 800]),
    sizes=chunk_sizes(),
    late=delays(),
)
def test_what_is_said_again_and_again_appears_as_often(
    policy: StreamingPolicy,
    sentence: list[str],
    word_ms: int,
    jitter: int,
    sizes: list[int],
    late: Delay,
) -> None:
    total = 65_000 // word_ms
    words = [sentence[i % len(sentence)] for i in range(total)]
    take = speech(" ".join(words), ms=total * word_ms)
    engine = faulty(take.words, Faults(jitter=jitter))
    playback = play(take, new_session(policy, screen=CREDULOUS), engine, late, sizes)
    assert " ".join(final_texts(playback)).split() == words


@settings(max_examples=400)
@given(
    data=st.data(),
    policy=any_policy,
    take=conversations(),
    sizes=chunk_sizes(),
    faults=faults(),
    late=delays(),
    partials=st.booleans(),
)
def test_every_promise_holds_whatever_the_client_and_the_engine_do(
    data: st.DataObject,
    policy: StreamingPolicy,
    take: Take,
    sizes: list[int],
    faults: Faults,
    late: Delay,
    partials: bool,
) -> None:
    """``Playback`` checks the state after each step, and the whole stream at the close."""
    session = new_session(policy, partials=partials)
    playback = Playback(session, faulty(take.words, faults), late)
    parts = list(chunks(take.samples, sizes))
    interruptions = data.draw(st.dictionaries(st.integers(0, len(parts)), _interruptions))
    for index, chunk in enumerate(parts):
        playback.hear(chunk)
        match interruptions.get(index):
            case "finalize":
                playback.finalize()
            case "configure":
                session.configure(Speaking(language="fr" if index % 2 else None))
            case int(samples):
                playback.pause(samples)
    playback.close()
    assert closing(playback).received == len(take)
    assert session.committed == len(take)
    assert session.lag == 0
    assert partials or not of_type(playback.events, Partial)


_interruptions = st.just("finalize") | st.just("configure") | st.integers(0, 2000 * MS)


@settings(max_examples=100)
@given(policy=any_policy, take=conversations(), sizes=chunk_sizes())
def test_a_session_ends_once_however_often_it_is_told_to(
    policy: StreamingPolicy, take: Take, sizes: list[int]
) -> None:
    playback = play(take, new_session(policy), sizes=sizes)
    before = list(playback.events)
    playback.session.receive_eof("again")
    playback.answer_due()
    assert playback.events == before


@settings(max_examples=100)
@given(
    parts=st.lists(
        st.integers(1, 3000).map(lambda length: silence(ms=length))
        | st.integers(1, 3000).map(lambda length: noise(ms=length)),
        max_size=8,
    ),
    policy=any_policy,
    sizes=chunk_sizes(),
    late=delays(),
)
def test_silence_and_vetoed_noise_bring_no_event_but_the_last(
    parts: list[Take], policy: StreamingPolicy, sizes: list[int], late: Delay
) -> None:
    take = sum(parts, Take())
    engine = faulty((), Faults(vetoed=1.0, finals_too=True))
    playback = play(take, new_session(policy), engine, late, sizes)
    account = SessionClosed(
        reason="stop", received=len(take), captioned=0, silent=len(take), lost=0
    )
    assert playback.events == [account]


@both_policies
@settings(max_examples=60)
@given(take=conversations(), sizes=chunk_sizes())
def test_an_engine_that_answers_only_after_the_end_loses_no_word(
    policy: StreamingPolicy, take: Take, sizes: list[int]
) -> None:
    prompt = play(take, new_session(policy, screen=CREDULOUS), sizes=sizes)
    late = play(take, new_session(policy, screen=CREDULOUS), delay=never, sizes=sizes)
    assert final_texts(late) == final_texts(prompt)
    assert closing(late) == closing(prompt)


@both_policies
@long_takes
@given(take=monologues(), sizes=chunk_sizes())
def test_an_engine_that_answers_only_after_the_end_gets_all_that_was_said_to_close(
    policy: StreamingPolicy, take: Take, sizes: list[int]
) -> None:
    """More than a window of speech without an answer: each full window is closed as it is."""
    impatient = replace(policy, hear_ahead=len(take))
    playback = play(take, new_session(impatient), delay=never, sizes=sizes)
    reached = 0
    for request in playback.requests:
        if request.kind is DecodeKind.FINAL:
            assert request.start == reached
            reached = request.stop
    assert reached >= take.words[-1].stop
    assert closing(playback).captioned == reached
