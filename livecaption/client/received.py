"""Which of a session's events have been shown, so that each is shown once over any reconnect.

A server that was killed goes on from what it had stored. An utterance that was open then may not be
there any more. Those that can be meant began behind the place from which the server wants the
audio again (or would, if the client still had it). Of these, what the server knows it closes among
the first events that it sends; what it begins anew, or leaves out until it reports how it stands,
is void. This module must not know audio, messages to send or sockets.
"""

from __future__ import annotations

import logging

from livecaption.client.events import NumberedEvent, Withdrawn
from livecaption.core.audio import SAMPLE_RATE
from livecaption.protocol.server_messages import (
    DeltaMessage,
    FinalMessage,
    UtteranceStartedMessage,
)

__all__ = ["ReceivedEvents"]

logger = logging.getLogger(__name__)

_HALF_MS = SAMPLE_RATE // 2000
"""Samples by which the wire may have moved a time, rounding it to milliseconds."""


class ReceivedEvents:
    """The numbered events of one session so far.

    Attributes:
        last_seq: of the newest; 0 for none.
    """

    def __init__(self) -> None:
        self.last_seq = 0
        self._open: dict[int, int] = {}
        self._doubted: set[int] = set()
        self._withdrawn: list[Withdrawn] = []

    def is_new(self, event: NumberedEvent) -> bool:
        """Tell a new event from a replayed one, and remember it."""
        if event.seq <= self.last_seq:
            return False
        if event.seq != self.last_seq + 1:
            logger.warning("events %d to %d never came", self.last_seq + 1, event.seq - 1)
        self.last_seq = event.seq
        match event:
            case UtteranceStartedMessage():
                if event.utterance in self._doubted:
                    self._withdraw(event.utterance)
                self._open[event.utterance] = round(event.start * SAMPLE_RATE)
            case FinalMessage():
                self._doubted.discard(event.utterance)
                self._open.pop(event.utterance, None)
            case DeltaMessage():
                self._doubted.discard(event.utterance)
            case _:
                pass
        return True

    def wanted_from(self, sample: int) -> None:
        """Learn from where the server of a resumed session lacks audio."""
        self._doubted |= {n for n, start in self._open.items() if start + _HALF_MS >= sample}

    def caught_up(self) -> None:
        """Learn that the server has sent again all that it knows."""
        for number in sorted(self._doubted):
            self._withdraw(number)

    def withdrawn(self) -> list[Withdrawn]:
        """Hand out, once, the utterances that turned out to be void."""
        withdrawn, self._withdrawn = self._withdrawn, []
        return withdrawn

    def restarted(self) -> None:
        """Begin with a new session, which numbers from 1."""
        self.last_seq = 0
        self._open.clear()
        self._doubted.clear()

    def _withdraw(self, number: int) -> None:
        self._doubted.discard(number)
        self._open.pop(number, None)
        self._withdrawn.append(Withdrawn(number))
