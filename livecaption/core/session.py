"""The façade of the core: audio, results and end of stream in; decode requests and events out.

Feed with ``receive_*`` (nothing is returned), then drain ``requests_to_decode`` and
``events_to_publish``. Shells do the waiting; this file must not know sockets, engines or clocks.

::

    audio ─▶ Hearing ─boundaries─▶ Decoding ─▶ Requester ─▶ requests to decode
                                      │  ▲
                                      ▼  └─ results
                                  Utterances ─▶ CaptionPublisher ─▶ events to publish
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.core.backlog import (
    Audio,
    Backlog,
    Configure,
    End,
    Finalize,
    Input,
    Lost,
    Pause,
)
from livecaption.core.captions import CaptionEvent, GapReason
from livecaption.core.checkpoint import BEGINNING, Checkpoint
from livecaption.core.config import SessionConfig
from livecaption.core.decode import DecodeRequest, DecodeResult
from livecaption.core.decoding import Decoding
from livecaption.core.endpoint import Closed, Opened
from livecaption.core.gate import IsSpeech
from livecaption.core.hearing import Boundary, Hearing
from livecaption.core.ledger import Column
from livecaption.core.requester import Requester
from livecaption.core.stats import SessionStats
from livecaption.core.utterance import Speaking
from livecaption.core.utterances import Utterances

__all__ = ["CaptionSession"]

_MOST_WAITING = 90 * SAMPLE_RATE
"""More than a client that comes back may send at once (a minute), and what is said meanwhile."""


class CaptionSession:
    """One publisher's captions. Not thread-safe; it never blocks."""

    def __init__(
        self, config: SessionConfig, is_speech: IsSpeech, checkpoint: Checkpoint = BEGINNING
    ) -> None:
        self._config = config
        self._stats = SessionStats()
        self._hearing = Hearing(config, is_speech, checkpoint.clock)
        self._requester = requester = Requester(config, checkpoint.language)
        self._utterances = Utterances(config, checkpoint, self._hearing, requester, self._stats)
        self._decoding = Decoding(config, self._hearing, self._utterances, requester, self._stats)
        self._backlog = Backlog(_MOST_WAITING, checkpoint.clock)
        self._ended = False

    # -- what the shell reads ---------------------------------------------------------------

    @property
    def config(self) -> SessionConfig:
        """What the session was told when it started."""
        return self._config

    @property
    def received(self) -> int:
        """Samples received so far: the session's audio clock."""
        return self._backlog.received

    @property
    def committed(self) -> int:
        """Every sample before this index is captioned and published, known silent, or lost."""
        return self._utterances.ledger.watermark

    @property
    def checkpoint(self) -> Checkpoint:
        """Where another process could go on: everything before ``committed``."""
        ledger = self._utterances.ledger
        return Checkpoint(
            clock=ledger.watermark,
            seq=self._utterances.publisher.seq,
            utterances=self._utterances.count,
            captioned=ledger.settled(Column.CAPTIONED),
            silent=ledger.settled(Column.SILENT),
            lost=ledger.settled(Column.LOST),
            language=self._requester.detected,
        )

    @property
    def language(self) -> str | None:
        """The language given by the client or detected and pinned; None until then."""
        return self._requester.language_of(self._utterances.speaking)

    @property
    def hop(self) -> int:
        """New audio between two partial decodes, samples."""
        return self._decoding.hop

    @property
    def lag(self) -> int:
        """Samples of speech received that no published hypothesis covers yet; 0 in silence.

        What waits to be heard counts as speech; what will never come does not.
        """
        clock = self._hearing.clock
        oldest = self._utterances.oldest
        covered = max(oldest.covered, oldest.onset) if oldest else clock
        return max(0, clock - covered) + self._backlog.samples

    @property
    def in_mid_speech(self) -> bool:
        """Whether the last audio received is speech: who falls silent so did not mean to.

        Nobody knows while it waits to be heard; then it may be.
        """
        if self._backlog:
            return True
        return self._utterances.current is not None and self._hearing.just_heard_speech

    @property
    def stats(self) -> SessionStats:
        """Counters since the start."""
        return self._stats

    def ledger_total(self, column: Column) -> int:
        """Samples settled in one column so far."""
        return self._utterances.ledger.total(column)

    # -- feed -------------------------------------------------------------------------------

    def receive_audio(self, samples: Samples) -> None:
        """Take the next audio.

        What comes faster than it can be decoded waits, and is heard after a result.

        Args:
            samples: int16, shape (n,), any n.
        """
        self._take(Audio(samples))

    def receive_gap(self, samples: int) -> None:
        """Take a pause that was never sent: a muted or stalled client.

        The audio clock does not move, because it counts received samples; the pause only closes
        the open utterance when it is as long as the gate's hang-over.
        """
        self._take(Pause(samples))

    def receive_lost(self, until: int) -> None:
        """Learn that the audio up to the sample ``until`` will never come; it becomes a gap.

        The open utterance ends where the audio does, and the audio clock moves on to ``until``,
        which should be a multiple of FRAME_SAMPLES: windows start on that grid.
        """
        self._take(Lost(until))

    def receive_result(self, result: DecodeResult) -> None:
        """Take the outcome of a request that ``requests_to_decode`` handed out."""
        self._decoding.take_result(result)
        self._go_on()

    def receive_failure(
        self, request: DecodeRequest, reason: GapReason, *, for_good: bool = False
    ) -> None:
        """Learn that a request will have no result.

        A partial is simply tried again with the next window. A failed closing decode loses the
        audio after the last committed word; it is declared as a gap.

        Args:
            request: what was asked for.
            reason: why it failed.
            for_good: no window with this audio will have a result. Then a partial's utterance ends
                with its window, as a closing decode would, and another one goes on behind it.
        """
        self._decoding.take_failure(request, reason, for_good=for_good)
        self._go_on()

    def receive_finalize(self) -> None:
        """Close the open utterance now; ``Finalized`` follows its final."""
        self._take(Finalize())

    def receive_suspend(self) -> None:
        """Close the open utterance for another process to go on; ``Finalized`` follows its final.

        In the middle of speech it ends with the last word that was heard to its end, and
        ``committed`` stays in front of the next one: half a word would be taken for another. No
        audio may follow.
        """
        self._take(Finalize(handed_over=True))

    def receive_eof(self, reason: str) -> None:
        """End the session: the last finals follow, then ``SessionClosed``; only once."""
        if not self._ended:
            self._ended = True
            self._take(End(reason))

    def receive_unresumed(self) -> None:
        """Declare that what the client sent in an earlier session is not known to this one."""
        self._utterances.publisher.gap(0, 0, GapReason.NOT_RESUMED)

    def configure(self, speaking: Speaking) -> None:
        """Use other language, speaker or vocabulary from the next utterance on."""
        self._take(Configure(speaking))

    def set_load(self, turnaround_s: float, workers: int) -> None:
        """Suit the hop to the engine's load.

        Args:
            turnaround_s: seconds from a request to its result.
            workers: batches that the engine decodes side by side, at least 1.
        """
        self._decoding.set_load(turnaround_s, workers)

    # -- drain ------------------------------------------------------------------------------

    def requests_to_decode(self) -> list[DecodeRequest]:
        """Hand out, once, the requests made since the last call, oldest first."""
        return self._requester.drain()

    def events_to_publish(self) -> list[CaptionEvent]:
        """Hand out, once, the events since the last call, oldest first."""
        return self._utterances.publisher.drain()

    # -- inside -----------------------------------------------------------------------------

    def _take(self, given: Input) -> None:
        self._backlog.add(given)
        self._go_on()

    def _go_on(self) -> None:
        """Act on what came, as far as the engine has come."""
        while self._backlog and not (self._backlog.is_patient and self._decoding.behind):
            self._act_on(self._backlog.take())

    def _act_on(self, given: Input) -> None:
        match given:
            case Audio(samples):
                self._hear(samples)
            case Pause(samples):
                self._follow(self._hearing.pause(samples))
            case Lost(until):
                self._lose(until)
            case Finalize(handed_over):
                self._finalize(handed_over=handed_over)
            case End(reason):
                self._close_at_end_of_audio()
                self._utterances.ending.mark_end(reason)
                self._utterances.publish_ended()
            case Configure(speaking):
                self._configure(speaking)
            case _:
                assert_never(given)

    def _finalize(self, *, handed_over: bool) -> None:
        current = self._utterances.current
        if handed_over and current is not None and self._hearing.just_heard_speech:
            current.cut_off = self._config.policy.held_within
        self._close_current()
        self._utterances.ending.mark_finalized()
        self._utterances.publish_ended()

    def _hear(self, samples: Samples) -> None:
        self._follow(self._hearing.take(samples))
        quiet_until = self._hearing.settled_until
        self._utterances.settle_silence(quiet_until)
        current = self._utterances.current
        self._hearing.forget_before(current.window_start if current else quiet_until)

    def _follow(self, boundaries: Iterable[Boundary]) -> None:
        """Act on what each frame brings before the next one is heard."""
        for boundary in boundaries:
            match boundary:
                case Opened():
                    self._decoding.open(boundary)
                case Closed():
                    self._decoding.close(boundary)
            self._decoding.schedule()

    def _lose(self, until: int) -> None:
        self._close_at_end_of_audio()
        start = self._hearing.received
        if until > start:
            self._hearing.skip(until)
            self._utterances.lose(start, until)
            self._utterances.publish_ended()

    def _configure(self, speaking: Speaking) -> None:
        if speaking.language is None and self._utterances.speaking.language is not None:
            self._requester.forget_language()
        self._utterances.speaking = speaking

    def _close_at_end_of_audio(self) -> None:
        """Hear the last piece of a frame, close the utterance and settle the silence behind it."""
        self._follow(self._hearing.finish())
        self._close_current()
        self._utterances.settle_silence(self._hearing.clock)

    def _close_current(self) -> None:
        closed = self._hearing.close()
        if closed is not None:
            self._decoding.close(closed)
