"""Which audio of an utterance is decoded, when, and what follows from the result.

An open utterance is decoded again and again (partial decodes, one in flight at most); a closed one
needs its last words, which are found the cheapest way that is safe. This module must not know how
utterances are opened, closed and published.
"""

from __future__ import annotations

from livecaption.core.audio import FRAME_SAMPLES
from livecaption.core.captions import GapReason
from livecaption.core.config import SessionConfig
from livecaption.core.decode import DecodeKind, DecodeRequest, DecodeResult, min_probability
from livecaption.core.endpoint import Closed, Opened
from livecaption.core.hearing import Hearing
from livecaption.core.requester import Requester
from livecaption.core.screen import screen
from livecaption.core.stats import SessionStats
from livecaption.core.utterance import Utterance
from livecaption.core.utterances import Utterances
from livecaption.core.window import WindowScheduler

__all__ = ["Decoding"]


class Decoding:
    """The decodes of one session."""

    def __init__(
        self,
        config: SessionConfig,
        hearing: Hearing,
        utterances: Utterances,
        requester: Requester,
        stats: SessionStats,
    ) -> None:
        self._config = config
        self._hearing = hearing
        self._utterances = utterances
        self._requester = requester
        self._stats = stats
        self._scheduler = WindowScheduler(config.policy)
        self._in_flight: DecodeRequest | None = None
        self._looked = 0
        self._ahead = config.policy.hear_ahead

    @property
    def behind(self) -> bool:
        """Whether what comes next had better wait for a result that is on its way."""
        oldest = self._utterances.oldest
        if oldest is None or not self._awaits_result:
            return False
        return self._hearing.clock - max(self._looked, oldest.onset) >= self._ahead

    @property
    def hop(self) -> int:
        """New audio between two partial decodes, samples."""
        return self._scheduler.policy.hop

    def set_load(self, turnaround_s: float, workers: int) -> None:
        """Suit hop and steps to an engine; see ``StreamingPolicy``."""
        policy = self._config.policy
        hop = policy.hop_under_load(turnaround_s, workers)
        self._scheduler.policy = policy.with_hop(hop)
        self._ahead = policy.ahead_under_load(turnaround_s)

    # -- boundaries and time ----------------------------------------------------------------

    def open(self, boundary: Opened) -> None:
        """Begin an utterance, to be decoded after its first words."""
        self._scheduler.opened(self._utterances.open(boundary).onset)

    def close(self, closed: Closed) -> None:
        """End the current utterance and find its last words."""
        self._decide(self._utterances.close(closed), closed)

    def schedule(self) -> None:
        """Ask for a partial when one is due; let go of a window that has reached its limit."""
        utterance = self._utterances.current
        if utterance is None:
            return
        now = self._hearing.clock
        if self._scheduler.is_full(utterance, now):
            self._make_room(utterance)
        elif self._in_flight is None and self._scheduler.is_due(now, self._hearing.speech_stop):
            self._in_flight = self._request(utterance, DecodeKind.PARTIAL)
            self._scheduler.requested(now)

    # -- outcomes ---------------------------------------------------------------------------

    def take_result(self, result: DecodeResult) -> None:
        """Take the outcome of a request."""
        request = result.request
        self._came_back(request)
        utterance = self._utterances.find(request.utterance)
        if utterance is None or utterance.resolved:
            return
        accepted = self._accept(utterance, result)
        if request.kind is DecodeKind.FINAL:
            # A rejected closing decode says nothing about the tail that an accepted one left.
            tail = utterance.tail_of(result.words) if accepted else utterance.agreement.tentative
            utterance.end_with(tail)
            self._utterances.publish_ended()
            return
        if accepted:
            utterance.hear(result.words, request.stop)
            self._utterances.publish(utterance)
        elif not result.is_speech:
            self._skip_noise(utterance, request)
        if utterance.closed is not None:
            self._decide(utterance, utterance.closed)
        elif accepted:
            self._shorten(utterance)
        self.schedule()

    def take_failure(self, request: DecodeRequest, reason: GapReason, *, for_good: bool) -> None:
        """Learn that a request will have no result, and whether none with its audio will."""
        self._stats.failures += 1
        self._came_back(request)
        utterance = self._utterances.find(request.utterance)
        if utterance is None or utterance.resolved:
            return
        if request.kind is DecodeKind.FINAL:
            utterance.lose_rest(reason)
            self._utterances.publish_ended()
        elif utterance.closed is not None:
            self._decide(utterance, utterance.closed)
        elif for_good and request.stop > utterance.window_start:
            self._utterances.cut_off(utterance, request.stop, reason)
            self._scheduler.opened(request.stop)
            self.schedule()

    # -- inside -----------------------------------------------------------------------------

    @property
    def _awaits_result(self) -> bool:
        return self._in_flight is not None or any(
            each.closing and not each.resolved for each in self._utterances.ending
        )

    def _came_back(self, request: DecodeRequest) -> None:
        self._looked = max(self._looked, request.stop)
        if request is self._in_flight:
            self._in_flight = None

    def _make_room(self, utterance: Utterance) -> None:
        """Slide a window that has reached 30 s without agreement; never lose its text."""
        policy, now = self._config.policy, self._hearing.clock
        # As far from the end of what was heard as an overlap is long: nearer words may be half
        # words, however long ago that was.
        utterance.force_before(utterance.covered - policy.max_overlap)
        self._utterances.publish(utterance)
        utterance.trim(now, policy)
        if not self._scheduler.is_full(utterance, now):
            return
        # Not one word to commit: the engine is behind or hears nothing. The audio goes into a
        # closing decode of its own, and a new utterance takes over without a pause.
        self.close(Closed(speech_stop=now, stop=now))
        self._scheduler.opened(self._utterances.open_at_once().onset)

    def _decide(self, utterance: Utterance, closed: Closed) -> None:
        """Find the last words of a closed utterance the cheapest way that is safe."""
        if utterance.closing:
            return  # a partial that was given up for the closing decode came back after all
        in_flight = self._in_flight
        if in_flight is not None and in_flight.utterance == utterance.number:
            if in_flight.stop >= closed.speech_stop:
                return  # its result covers all that was said; decide when it is here
            self._in_flight = None
        tail = utterance.agreement.tentative
        covered = utterance.covered >= closed.speech_stop
        if tail and covered and min_probability(tail) > self._config.confident:
            self._stats.skipped_finals += 1
            utterance.end_with(tail)
            self._utterances.publish_ended()
        elif utterance.window_start == closed.stop:
            # Opened by a slide, and nothing has come since.
            utterance.end_with(())
            self._utterances.publish_ended()
        else:
            utterance.closing = True
            self._request(utterance, DecodeKind.FINAL)

    def _request(self, utterance: Utterance, kind: DecodeKind) -> DecodeRequest:
        audio = utterance.audio
        if audio is None:
            audio = self._hearing.read(utterance.window_start)
        self._stats.requests += 1
        return self._requester.request(utterance, kind, audio)

    def _accept(self, utterance: Utterance, result: DecodeResult) -> bool:
        rejection = screen(result, self._config.screen)
        if rejection is None:
            utterance.is_speech = True
            utterance.language = result.language
            self._requester.pin_language(result)
            return True
        self._stats.rejections[rejection] += 1
        return False

    def _skip_noise(self, utterance: Utterance, request: DecodeRequest) -> None:
        """Let go of vetoed audio, so that a fan does not fill the window of the next speaker."""
        start = request.stop - self._config.pre_roll
        start -= start % FRAME_SAMPLES
        if utterance.closed is None and not utterance.is_speech and start > utterance.start:
            self._utterances.settle_noise(utterance, start)

    def _shorten(self, utterance: Utterance) -> None:
        """Trim the window, or end an utterance that has become too long to read."""
        utterance.trim(self._hearing.clock, self._config.policy)
        if utterance.breaks_here(self._config.policy):
            self._utterances.divide(utterance)
