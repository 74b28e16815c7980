"""The façade of the core: audio, results and end of stream in; decode requests and events out.

Feed with ``receive_*`` (nothing is returned), then drain ``requests_to_decode`` and
``events_to_publish``. Shells do the waiting; this file must not know sockets, engines or clocks.

Utterances move through three places::

    _current ──Closed──▶ _ending (waits for its last words, in order) ──▶ published, forgotten
"""

from __future__ import annotations

from typing import assert_never

from livecaption.core.agreement import Agreement, LocalAgreement, Settled
from livecaption.core.audio import FRAME_SAMPLES, SAMPLE_RATE, FrameSplitter, Samples
from livecaption.core.captions import CaptionEvent, GapReason
from livecaption.core.checkpoint import BEGINNING, Checkpoint
from livecaption.core.config import SessionConfig
from livecaption.core.decode import DecodeKind, DecodeRequest, DecodeResult, min_probability
from livecaption.core.ending import EndingQueue
from livecaption.core.endpoint import Closed, Endpointer, Opened
from livecaption.core.gate import IsSpeech, SpeechGate
from livecaption.core.hypothesis import Word
from livecaption.core.ledger import Column, Ledger
from livecaption.core.publisher import CaptionPublisher
from livecaption.core.requester import Requester
from livecaption.core.ringbuffer import AudioRingBuffer
from livecaption.core.screen import screen
from livecaption.core.stats import SessionStats
from livecaption.core.utterance import Speaking, Utterance
from livecaption.core.window import WindowScheduler

__all__ = ["CaptionSession"]

_SLICE = SAMPLE_RATE
"""Audio is taken in slices of a second, so that no chunk can outrun the ring buffer."""


_BREATH = SAMPLE_RATE // 5
"""Silence after speech that a person leaves before muting a microphone."""


class CaptionSession:
    """One publisher's captions. Not thread-safe; it never blocks."""

    def __init__(
        self, config: SessionConfig, is_speech: IsSpeech, checkpoint: Checkpoint = BEGINNING
    ) -> None:
        self._config = config
        self._is_speech = is_speech
        self._speaking = config.speaking
        policy = config.policy
        self._ring = AudioRingBuffer(
            policy.max_window + config.pre_roll + 4 * _SLICE, checkpoint.clock
        )
        self._splitter = FrameSplitter()
        self._endpointer = Endpointer(SpeechGate(config.gate), pre_roll=config.pre_roll)
        self._scheduler = WindowScheduler(policy)
        self._ledger = Ledger(
            {
                Column.CAPTIONED: checkpoint.captioned,
                Column.SILENT: checkpoint.silent,
                Column.LOST: checkpoint.lost,
            }
        )
        self._publisher = CaptionPublisher(
            partials=config.partials,
            half_heard=policy.half_heard,
            seq=checkpoint.seq,
            written=config.written,
        )
        self._stats = SessionStats()
        self._clock = checkpoint.clock
        self._silent_from = checkpoint.clock
        self._lookback = config.pre_roll + (config.gate.onset_frames + 1) * FRAME_SAMPLES
        self._current: Utterance | None = None
        self._before = checkpoint.context
        self._ending = EndingQueue(self._publisher, self._ledger, self._on_end)
        self._requester = Requester(config, checkpoint.language)
        self._utterances = checkpoint.utterances
        self._in_flight: DecodeRequest | None = None
        self._ended = False

    # -- what the shell reads ---------------------------------------------------------------

    @property
    def config(self) -> SessionConfig:
        """What the session was told when it started."""
        return self._config

    @property
    def received(self) -> int:
        """Samples received so far: the session's audio clock."""
        return self._ring.stop

    @property
    def committed(self) -> int:
        """Every sample before this index is captioned and published, known silent, or lost."""
        return self._ledger.watermark

    @property
    def checkpoint(self) -> Checkpoint:
        """Where another process could go on: everything before ``committed``."""
        ledger = self._ledger
        return Checkpoint(
            clock=ledger.watermark,
            seq=self._publisher.seq,
            utterances=self._utterances,
            captioned=ledger.settled(Column.CAPTIONED),
            silent=ledger.settled(Column.SILENT),
            lost=ledger.settled(Column.LOST),
            language=self._requester.detected,
        )

    @property
    def language(self) -> str | None:
        """The language given by the client or detected and pinned; None until then."""
        return self._requester.language_of(self._speaking)

    @property
    def hop(self) -> int:
        """New audio between two partial decodes, samples."""
        return self._scheduler.policy.hop

    @property
    def lag(self) -> int:
        """Samples of speech received that no published hypothesis covers yet; 0 in silence."""
        oldest = next((u for u in self._ending if not u.resolved), self._current)
        return max(0, self._clock - max(oldest.covered, oldest.onset)) if oldest else 0

    @property
    def in_mid_speech(self) -> bool:
        """Whether the last audio received is speech: who falls silent so did not mean to."""
        heard = self._endpointer.speech_stop
        return self._current is not None and self._clock - heard <= _BREATH

    @property
    def stats(self) -> SessionStats:
        """Counters since the start."""
        return self._stats

    def ledger_total(self, column: Column) -> int:
        """Samples settled in one column so far."""
        return self._ledger.total(column)

    # -- feed -------------------------------------------------------------------------------

    def receive_audio(self, samples: Samples) -> None:
        """Take the next audio.

        Args:
            samples: int16, shape (n,), any n.
        """
        for at in range(0, len(samples), _SLICE):
            piece = samples[at : at + _SLICE]
            self._ring.append(piece)
            for frame in self._splitter.push(piece):
                self._clock += FRAME_SAMPLES
                self._advance(self._is_speech(frame))
        quiet_until = self._clock - self._lookback
        self._settle_silence(quiet_until)
        current = self._current
        self._ring.trim_before(current.window_start if current else quiet_until)

    def receive_gap(self, samples: int) -> None:
        """Take a pause that was never sent: a muted or stalled client.

        The audio clock does not move, because it counts received samples; the pause only closes
        the open utterance when it is as long as the gate's hang-over.
        """
        for _ in range(min(samples // FRAME_SAMPLES, self._config.gate.hangover_frames)):
            self._advance(is_speech=False)

    def receive_lost(self, until: int) -> None:
        """Learn that the audio up to the sample ``until`` will never come; it becomes a gap.

        The open utterance ends where the audio does, and the audio clock moves on to ``until``,
        which should be a multiple of FRAME_SAMPLES: windows start on that grid.
        """
        self._close_at_end_of_audio()
        start = self.received
        if until <= start:
            return
        self._ring.skip(until - start)
        self._clock = self._silent_from = until
        self._ledger.settle(start, until, Column.LOST)
        self._ending.mark_gap(start, until, GapReason.CLIENT)
        self._publish_ended()

    def receive_result(self, result: DecodeResult) -> None:
        """Take the outcome of a request that ``requests_to_decode`` handed out."""
        request = result.request
        if request is self._in_flight:
            self._in_flight = None
        utterance = self._find(request.utterance)
        if utterance is None or utterance.resolved:
            return
        accepted = self._accept(utterance, result)
        if request.kind is DecodeKind.FINAL:
            # A rejected closing decode says nothing about the tail that an accepted one left.
            tail = utterance.tail_of(result.words) if accepted else utterance.agreement.tentative
            utterance.end_with(tail)
            self._publish_ended()
            return
        if accepted:
            self._hear(utterance, result)
        elif not result.is_speech:
            self._skip_noise(utterance, request)
        if utterance.closed is not None:
            self._decide(utterance, utterance.closed)
        elif accepted:
            self._shorten(utterance)
        self._schedule()

    def receive_failure(self, request: DecodeRequest, reason: GapReason) -> None:
        """Learn that a request will have no result.

        A partial is simply tried again with the next window. A failed closing decode loses the
        audio after the last committed word; it is declared as a gap.
        """
        self._stats.failures += 1
        if request is self._in_flight:
            self._in_flight = None
        utterance = self._find(request.utterance)
        if utterance is None or utterance.resolved:
            return
        if request.kind is DecodeKind.PARTIAL:
            if utterance.closed is not None:
                self._decide(utterance, utterance.closed)
            return
        utterance.lose_rest(reason)
        self._publish_ended()

    def receive_finalize(self) -> None:
        """Close the open utterance now; ``Finalized`` follows its final."""
        self._close_current()
        self._ending.mark_finalized()
        self._publish_ended()

    def receive_eof(self, reason: str) -> None:
        """End the session: the last finals follow, then ``SessionClosed``; only once."""
        if self._ended:
            return
        self._ended = True
        self._close_at_end_of_audio()
        self._ending.mark_end(reason)
        self._publish_ended()

    def receive_unresumed(self) -> None:
        """Declare that what the client sent in an earlier session is not known to this one."""
        self._publisher.gap(0, 0, GapReason.NOT_RESUMED)

    def configure(self, speaking: Speaking) -> None:
        """Use other language, speaker or vocabulary from the next utterance on."""
        if speaking.language is None and self._speaking.language is not None:
            self._requester.forget_language()
        self._speaking = speaking

    def set_hop(self, samples: int) -> None:
        """Lengthen or shorten the hop: load control."""
        self._scheduler.policy = self._scheduler.policy.with_hop(samples)

    # -- drain ------------------------------------------------------------------------------

    def requests_to_decode(self) -> list[DecodeRequest]:
        """Hand out, once, the requests made since the last call, oldest first."""
        return self._requester.drain()

    def events_to_publish(self) -> list[CaptionEvent]:
        """Hand out, once, the events since the last call, oldest first."""
        return self._publisher.drain()

    # -- inside -----------------------------------------------------------------------------

    def _advance(self, is_speech: bool) -> None:  # noqa: FBT001 - the decision is the data
        boundary = self._endpointer.push(is_speech, self._clock)
        if boundary is not None:
            self._cross(boundary)
        if self._current is not None:
            self._schedule()

    def _cross(self, boundary: Opened | Closed) -> None:
        match boundary:
            case Opened():
                start = max(boundary.start, self._silent_from)
                onset = max(boundary.onset, start)
                self._open(onset, start, self._before)
                self._before = ()
                self._scheduler.opened(onset)
            case Closed():
                self._close(boundary)
            case _:
                assert_never(boundary)

    def _open(self, onset: int, start: int, context: tuple[Word, ...]) -> Utterance:
        self._settle_silence(start)
        self._utterances += 1
        utterance = Utterance(
            number=self._utterances,
            onset=onset,
            start=start,
            window_start=start,
            agreement=self._new_agreement(),
            speaking=self._speaking,
            context=context,
        )
        self._current = utterance
        return utterance

    def _new_agreement(self) -> Agreement:
        policy = self._config.policy
        if policy.name == "window":
            return Settled(margin=policy.settle)
        return LocalAgreement(hold_back=policy.hold_back, within=policy.held_within)

    def _schedule(self) -> None:
        """Ask for a partial when one is due; let go of a window that has reached its limit."""
        utterance = self._current
        if utterance is None:
            return
        if self._scheduler.is_full(utterance, self._clock):
            self._make_room(utterance)
        elif self._in_flight is None and self._scheduler.is_due(
            self._clock, self._endpointer.speech_stop
        ):
            self._in_flight = self._request(utterance, DecodeKind.PARTIAL)
            self._scheduler.requested(self._clock)

    def _make_room(self, utterance: Utterance) -> None:
        """Slide a window that has reached 30 s without agreement; never lose its text."""
        policy = self._config.policy
        # As far from the end of what was heard as an overlap is long: nearer words may be half
        # words, however long ago that was.
        utterance.force_before(utterance.covered - policy.max_overlap)
        self._publish(utterance)
        utterance.trim(self._clock, policy)
        if not self._scheduler.is_full(utterance, self._clock):
            return
        # Not one word to commit: the engine is behind or hears nothing. The audio goes into a
        # closing decode of its own, and a new utterance takes over without a pause.
        self._close(Closed(speech_stop=self._clock, stop=self._clock))
        self._open(self._clock, self._clock, ())
        self._scheduler.opened(self._clock)

    def _close_at_end_of_audio(self) -> None:
        """Hear the last piece of a frame, close the utterance and settle the silence behind it."""
        rest = self._splitter.pending
        frame = self._splitter.flush()
        if frame is not None:
            self._clock += rest
            self._advance(self._is_speech(frame))
        self._close_current()
        self._settle_silence(self._clock)

    def _close_current(self) -> None:
        closed = self._endpointer.close(self._clock)
        if closed is not None:
            self._close(closed)

    def _close(self, closed: Closed) -> None:
        utterance = self._current
        if utterance is None:  # pragma: no cover - the endpointer closes only what it opened
            raise AssertionError("an utterance closed that was not open")
        self._current = None
        self._silent_from = closed.stop
        utterance.close(closed, self._ring.read(utterance.window_start, closed.stop))
        self._ending.append(utterance)
        self._decide(utterance, closed)

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
            self._publish_ended()
        elif utterance.window_start == closed.stop:
            # Opened by a slide, and nothing has come since.
            utterance.end_with(())
            self._publish_ended()
        else:
            utterance.closing = True
            self._request(utterance, DecodeKind.FINAL)

    def _request(self, utterance: Utterance, kind: DecodeKind) -> DecodeRequest:
        audio = utterance.audio
        if audio is None:
            audio = self._ring.read(utterance.window_start, self._clock)
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

    def _hear(self, utterance: Utterance, result: DecodeResult) -> None:
        utterance.hear(result.words, result.request.stop)
        self._publish(utterance)

    def _skip_noise(self, utterance: Utterance, request: DecodeRequest) -> None:
        """Let go of vetoed audio, so that a fan does not fill the window of the next speaker."""
        start = request.stop - self._config.pre_roll
        start -= start % FRAME_SAMPLES
        if utterance.closed is None and not utterance.is_speech and start > utterance.start:
            self._ledger.settle(utterance.start, start, Column.SILENT)
            utterance.start = utterance.onset = utterance.window_start = start

    def _shorten(self, utterance: Utterance) -> None:
        """Trim the window, or end an utterance that has become too long to read."""
        utterance.trim(self._clock, self._config.policy)
        if not utterance.breaks_here(self._config.policy):
            return
        cut = utterance.committed_stop
        self._current = None
        self._silent_from = cut
        following = self._open(cut, cut, tuple(utterance.committed[-8:]))
        following.continue_from(utterance)
        utterance.close(Closed(speech_stop=cut, stop=cut), None)
        utterance.end_with(())
        self._ending.append(utterance)
        self._publish_ended()
        self._publish(following)

    def _find(self, number: int) -> Utterance | None:
        current = self._current
        if current is not None and current.number == number:
            return current
        return self._ending.find(number)

    def _publish(self, utterance: Utterance) -> None:
        words = self._publisher.publish(utterance)
        self._stats.words += len(words)
        self._stats.commit_delay += sum(self._clock - word.stop for word in words)

    def _publish_ended(self) -> None:
        self._ending.publish(self.received)

    def _on_end(self, utterance: Utterance) -> None:
        """Publish the last words of an utterance, before its final."""
        self._publish(utterance)
        if utterance.committed:
            self._stats.utterances += 1
            self._requester.remember(utterance.text)

    def _settle_silence(self, until: int) -> None:
        if self._current is None and until > self._silent_from:
            self._ledger.settle(self._silent_from, until, Column.SILENT)
            self._silent_from = until
