"""Plays takes into a session, feed and drain, and answers its requests when told to.

Time is the audio clock: an answer that is due ``delay`` samples later arrives with the first audio
after that. ``Playback`` checks after every step what must hold at every moment; ``check_events``
checks what must hold for the whole stream of events.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from livecaption.core.audio import FRAME_SAMPLES, Samples
from livecaption.core.captions import CaptionEvent, Final, GapReason, SessionClosed
from livecaption.core.config import SessionConfig
from livecaption.core.decode import DecodeKind, DecodeRequest
from livecaption.core.ledger import Column
from livecaption.core.policy import REALTIME, StreamingPolicy
from livecaption.core.screen import ScreenConfig
from livecaption.core.session import CaptionSession
from tests.core.answers import Answer, Left, at_once, never, truthful
from tests.core.checks import check_events, check_finalized, of_type
from tests.script import Take, chunks, is_loud

__all__ = [
    "BRISK",
    "CREDULOUS",
    "HALF_SECOND",
    "Playback",
    "closing",
    "final_texts",
    "kinds",
    "new_session",
    "play",
    "unanswered",
    "utterance_starts",
]

CHUNK = 1600
_MEL_HOP = 160
_WHISPER_WINDOW = 480_000

BRISK = StreamingPolicy(
    name="realtime",
    hop=1600,
    first_window=1600,
    pause=1600,
    half_heard=0,
    held_within=400,
    hold_back=1,
    settle=16_000,
    trim_above=24_000,
    max_window=64_000,
    max_overlap=16_000,
    keep_overlap=6_400,
    break_after=32_000,
    max_utterance=48_000,
)
"""A policy in which everything happens five times as soon: little audio sees a lot."""


CREDULOUS = ScreenConfig(max_repeats=1000, max_compression_ratio=1000, max_words_per_second=1000)
"""Lets through what scripts say and people do not: the same word over and over."""


HALF_SECOND = REALTIME.with_hop(8000)
"""The policy of the server with a hop that is easy to count in."""


def new_session(policy: StreamingPolicy = HALF_SECOND, **given: Any) -> CaptionSession:
    """A session that takes loudness for speech."""
    return CaptionSession(SessionConfig(session="s", policy=policy, **given), is_loud)


@dataclass(slots=True)
class _Due:
    at: float
    request: DecodeRequest


@dataclass(slots=True)
class Playback:
    """Feeds a session, answers its requests, keeps what came out."""

    session: CaptionSession
    answer: Callable[[DecodeRequest], Answer]
    delay: Callable[[DecodeRequest], int | None] = at_once
    events: list[CaptionEvent] = field(default_factory=list)
    requests: list[DecodeRequest] = field(default_factory=list)
    _waiting: list[_Due] = field(default_factory=list)
    _committed: int = 0
    _ended: bool = False
    _finalized: list[int] = field(default_factory=list)

    def hear(self, samples: Samples) -> None:
        """Send one chunk."""
        self.session.receive_audio(samples)
        self.answer_due()

    def pause(self, samples: int) -> None:
        """Send nothing for a while."""
        self.session.receive_gap(samples)
        self.answer_due()

    def finalize(self) -> None:
        """Ask for the end of the utterance."""
        self._finalized.append(self.session.received // FRAME_SAMPLES * FRAME_SAMPLES)
        self.session.receive_finalize()
        self.answer_due()

    def suspend(self) -> None:
        """Stop for another process to go on; what is still open is answered."""
        self._finalized.append(self.session.received // FRAME_SAMPLES * FRAME_SAMPLES)
        self.session.receive_suspend()
        self._drain()
        while self._waiting:
            self.deliver(min(self._waiting, key=lambda due: due.at).request)

    def close(self, reason: str = "stop") -> None:
        """End the stream and answer everything that is still open, in the order it falls due."""
        self._ended = True
        self.session.receive_eof(reason)
        self._drain()
        while self._waiting:
            self.deliver(min(self._waiting, key=lambda due: due.at).request)
        check_events(self.events)
        check_finalized(self.events, self._finalized)

    def play(self, take: Take, sizes: Sequence[int] = (CHUNK,)) -> None:
        """Send a take in chunks of these sizes, in turn."""
        for chunk in chunks(take.samples, sizes):
            self.hear(chunk)

    def answer_due(self) -> None:
        """Deliver the answers whose time has come."""
        self._drain()
        while due := [d for d in self._waiting if d.at <= self.session.received]:
            self.deliver(due[0].request)

    def deliver(self, request: DecodeRequest, answer: Answer | None = None) -> None:
        """Answer one request now, with what the engine says when no answer is given."""
        self._waiting = [due for due in self._waiting if due.request is not request]
        answer = answer or self.answer(request)
        if isinstance(answer, GapReason):
            self.session.receive_failure(request, answer)
        elif isinstance(answer, Left):
            self.session.receive_failure(request, GapReason.ENGINE_ERROR, for_good=True)
        else:
            self.session.receive_result(answer)
        self._drain()

    def _drain(self) -> None:
        for request in self.session.requests_to_decode():
            self._check_request(request)
            self.requests.append(request)
            wait = self.delay(request)
            at = float("inf") if wait is None else self.session.received + wait
            self._waiting.append(_Due(at, request))
        self.events += self.session.events_to_publish()
        self._check_clock()

    def _check_request(self, request: DecodeRequest) -> None:
        assert 0 < len(request.audio) <= min(_WHISPER_WINDOW, self.session.config.policy.max_window)
        assert request.stop <= self.session.received
        assert request.start % _MEL_HOP == 0 or self._ended, "cached mel frames serve again"
        assert request.number == len(self.requests) + 1
        if request.kind is DecodeKind.PARTIAL:
            closing = {r.utterance for r in self.requests if r.kind is DecodeKind.FINAL}
            open_ = {
                d.request.utterance
                for d in self._waiting
                if d.request.kind is DecodeKind.PARTIAL and d.request.utterance not in closing
            }
            assert not open_, "one partial in flight at most"
        else:
            again = [r for r in self.requests if r.utterance == request.utterance]
            assert all(r.kind is DecodeKind.PARTIAL for r in again), "one closing decode at most"

    def _check_clock(self) -> None:
        assert self._committed <= self.session.committed <= self.session.received
        self._committed = self.session.committed
        settled = sum(self.session.ledger_total(column) for column in Column)
        assert settled <= self.session.received
        assert self.session.lag >= 0


def play(
    take: Take,
    session: CaptionSession | None = None,
    answer: Callable[[DecodeRequest], Answer] | None = None,
    delay: Callable[[DecodeRequest], int | None] = at_once,
    sizes: Sequence[int] = (CHUNK,),
) -> Playback:
    """Play a take from start to end; every event and request is checked."""
    playback = Playback(session or new_session(), answer or truthful(take.words), delay)
    playback.play(take, sizes)
    playback.close()
    for request in playback.requests:
        assert np.array_equal(request.audio, take.samples[request.start : request.stop])
    return playback


def final_texts(playback: Playback) -> list[str]:
    """The texts of the finals, in order."""
    return [final.text for final in of_type(playback.events, Final)]


def closing(playback: Playback) -> SessionClosed:
    """The account of the session, which must be its last event."""
    last = playback.events[-1]
    assert isinstance(last, SessionClosed)
    return last


def kinds(playback: Playback) -> list[tuple[DecodeKind, int]]:
    """Kind and utterance of all requests, in order."""
    return [(request.kind, request.utterance) for request in playback.requests]


def utterance_starts(playback: Playback) -> dict[int, int]:
    """Where the first window of each utterance starts."""
    return {request.utterance: request.start for request in reversed(playback.requests)}


def unanswered(script: Take | None = None) -> Playback:
    """A session whose engine answers only when a test tells it to."""
    return Playback(new_session(), truthful(script.words if script else ()), delay=never)
