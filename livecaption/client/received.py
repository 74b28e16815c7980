"""Which of a session's events have been shown, so that each is shown once over any reconnect.

A server that was killed goes on from what it had stored. An utterance that was open then is not
there any more: it began behind the place from which the server wants the audio again (or would, if
the client still had it), whereas a server that kept running has all the audio of what it has
shown. That difference is how a client notices. This module must not know audio, messages to send
or sockets.
"""

from __future__ import annotations

import logging

from livecaption.client.events import NumberedEvent, Withdrawn
from livecaption.core.audio import SAMPLE_RATE
from livecaption.protocol.server_messages import (
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

    def is_new(self, event: NumberedEvent) -> bool:
        """Tell a new event from a replayed one, and remember it."""
        if event.seq <= self.last_seq:
            return False
        if event.seq != self.last_seq + 1:
            logger.warning("events %d to %d never came", self.last_seq + 1, event.seq - 1)
        self.last_seq = event.seq
        match event:
            case UtteranceStartedMessage():
                self._open[event.utterance] = round(event.start * SAMPLE_RATE)
            case FinalMessage():
                self._open.pop(event.utterance, None)
            case _:
                pass
        return True

    def wanted_from(self, sample: int) -> list[Withdrawn]:
        """Learn from where the server of a resumed session lacks audio.

        Returns:
            The open utterances that this server does not know.
        """
        void = [number for number, start in self._open.items() if start + _HALF_MS >= sample]
        for number in void:
            del self._open[number]
        return [Withdrawn(number) for number in void]

    def restarted(self) -> None:
        """Begin with a new session, which numbers from 1."""
        self.last_seq = 0
        self._open.clear()
