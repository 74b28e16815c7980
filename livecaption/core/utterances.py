"""The utterances of a session: opened, closed, published in order, and the silence between them.

::

    current ──close──▶ ending (waits for its last words, in order) ──▶ published, forgotten

Every sample is settled here, once. This module must not know what is decoded, or when.
"""

from __future__ import annotations

from livecaption.core.agreement import Agreement, LocalAgreement, Settled
from livecaption.core.captions import GapReason
from livecaption.core.checkpoint import Checkpoint
from livecaption.core.config import SessionConfig
from livecaption.core.ending import EndingQueue
from livecaption.core.endpoint import Closed, Opened
from livecaption.core.hearing import Hearing
from livecaption.core.hypothesis import Word
from livecaption.core.ledger import Column, Ledger
from livecaption.core.publisher import CaptionPublisher
from livecaption.core.requester import Requester
from livecaption.core.stats import SessionStats
from livecaption.core.utterance import Utterance

__all__ = ["Utterances"]

_CONTEXT_WORDS = 8


class Utterances:
    """All utterances of one session that are not published and forgotten.

    Attributes:
        current: the open one.
        ending: closed ones, without their last words.
        count: how many there have been.
        speaking: what the client said about the voice of those that open from now on.
    """

    def __init__(
        self,
        config: SessionConfig,
        checkpoint: Checkpoint,
        hearing: Hearing,
        requester: Requester,
        stats: SessionStats,
    ) -> None:
        self._policy = config.policy
        self._hearing = hearing
        self._requester = requester
        self._stats = stats
        self.speaking = config.speaking
        self.publisher = CaptionPublisher(
            partials=config.partials,
            half_heard=config.policy.half_heard,
            seq=checkpoint.seq,
            written=config.written,
        )
        self.ledger = Ledger(
            {
                Column.CAPTIONED: checkpoint.captioned,
                Column.SILENT: checkpoint.silent,
                Column.LOST: checkpoint.lost,
            }
        )
        self.current: Utterance | None = None
        self.ending = EndingQueue(self.publisher, self.ledger)
        self.count = checkpoint.utterances
        self._context = checkpoint.context
        self._silent_from = checkpoint.clock

    @property
    def oldest(self) -> Utterance | None:
        """The oldest one whose last words are not known yet; None in silence."""
        return next((u for u in self.ending if not u.resolved), self.current)

    def find(self, number: int) -> Utterance | None:
        """Return the utterance of that number, unless it is published and forgotten."""
        current = self.current
        if current is not None and current.number == number:
            return current
        return self.ending.find(number)

    # -- open and close ---------------------------------------------------------------------

    def open(self, boundary: Opened) -> Utterance:
        """Begin an utterance."""
        start = max(boundary.start, self._silent_from)
        context, self._context = self._context, ()
        return self._open(max(boundary.onset, start), start, context)

    def open_at_once(self) -> Utterance:
        """Begin an utterance where the last one was closed: the speech goes on."""
        now = self._hearing.clock
        return self._open(now, now, ())

    def close(self, closed: Closed) -> Utterance:
        """End the current utterance; it keeps the audio that is still to be decoded."""
        utterance = self.current
        if utterance is None:  # pragma: no cover - the endpointer closes only what it opened
            raise AssertionError("an utterance closed that was not open")
        self.current = None
        self._silent_from = closed.stop
        utterance.close(closed, self._hearing.read(utterance.window_start, closed.stop))
        self.ending.append(utterance)
        return utterance

    def divide(self, utterance: Utterance) -> None:
        """End the current utterance at its last committed word; the rest opens the next one."""
        cut = utterance.committed_stop
        self.current = None
        self._silent_from = cut
        following = self._open(cut, cut, tuple(utterance.committed[-_CONTEXT_WORDS:]))
        following.continue_from(utterance)
        utterance.close(Closed(speech_stop=cut, stop=cut), None)
        utterance.end_with(())
        self.ending.append(utterance)
        self.publish_ended()
        self.publish(following)

    def cut_off(self, utterance: Utterance, at: int, reason: GapReason) -> None:
        """End the current utterance at a sample, losing what was not heard; the rest goes on."""
        self.current = None
        self._silent_from = at
        self._open(at, at, ())
        utterance.close(Closed(speech_stop=at, stop=at), None)
        utterance.lose_rest(reason)
        self.ending.append(utterance)
        self.publish_ended()

    # -- the account of the audio -----------------------------------------------------------

    def settle_silence(self, until: int) -> None:
        """Enter as silent what is behind the last utterance, while none is open."""
        if self.current is None and until > self._silent_from:
            self.ledger.settle(self._silent_from, until, Column.SILENT)
            self._silent_from = until

    def settle_noise(self, utterance: Utterance, until: int) -> None:
        """Enter the beginning of an utterance as silent: nobody spoke there."""
        self.ledger.settle(utterance.start, until, Column.SILENT)
        utterance.start = utterance.onset = utterance.window_start = until

    def lose(self, start: int, until: int) -> None:
        """Enter audio as lost that will never come; no utterance may be open."""
        self._silent_from = until
        self.ledger.settle(start, until, Column.LOST)
        self.ending.mark_gap(start, until, GapReason.CLIENT)

    # -- publish ----------------------------------------------------------------------------

    def publish(self, utterance: Utterance) -> None:
        """Publish what is new of an utterance."""
        words = self.publisher.publish(utterance)
        self._stats.words += len(words)
        now = self._hearing.clock
        self._stats.commit_delay += sum(now - word.stop for word in words)

    def publish_ended(self) -> None:
        """Publish the finals that need not wait any more."""
        self.ending.publish(self._hearing.received, self._on_end)

    def _on_end(self, utterance: Utterance) -> None:
        """Publish the last words of an utterance, before its final."""
        self.publish(utterance)
        if utterance.committed:
            self._stats.utterances += 1
            self._requester.remember(utterance.text)

    def _open(self, onset: int, start: int, context: tuple[Word, ...]) -> Utterance:
        self.settle_silence(start)
        self.count += 1
        self.current = Utterance(
            number=self.count,
            onset=onset,
            start=start,
            window_start=start,
            agreement=self._new_agreement(),
            speaking=self.speaking,
            context=context,
        )
        return self.current

    def _new_agreement(self) -> Agreement:
        policy = self._policy
        if policy.name == "window":
            return Settled(margin=policy.settle)
        return LocalAgreement(hold_back=policy.hold_back, within=policy.held_within)
