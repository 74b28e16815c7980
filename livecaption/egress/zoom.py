"""Zoom's closed-caption URL, as its page on third-party captioning describes it. Pure.

::

    GET  …/closedcaption/seq?id=…&signature=SECRET                   the last number it has
    POST …/closedcaption?id=…&signature=SECRET&seq=18&lang=en-US     Content-Type: text/plain
    Good morning everyone.

``seq`` goes up by one with each new caption and stays when one is sent again. Zoom remembers it, so
it is asked after a restart, after a refusal, and when it is unknown whether a caption arrived.
A meeting that has not started answers 400; a link that is void 403.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from livecaption.egress.blocks import BlockShape, CaptionBlock
from livecaption.egress.exchange import Answer, Outcome, Pace, Request, outcome_of_status

__all__ = ["Zoom"]

_NUMBER = re.compile(r"[0-9]{1,15}")


class Zoom:
    """Captions for one meeting or breakout room.

    Args:
        lang: language and country of the captions, as Zoom writes them.
    """

    name = "zoom"
    shape = BlockShape(width=32, rows=2)
    pace = Pace(between_s=1.0, knock_s=15.0, stale_s=30.0)
    batch = 1

    def __init__(self, lang: str = "en-US") -> None:
        self._lang = lang
        self._next = 1
        """Number of the next caption that is not sent again."""

    def opening(self, now: float) -> Request:  # noqa: ARG002 - Zoom keeps the number, not we
        """Ask for the number of the last caption."""
        return Request("GET", path="/seq")

    def opened(self, answer: Answer) -> Outcome:
        """Go on behind that number; where Zoom does not tell it, behind our own."""
        if answer.status in (404, 405):
            return Outcome.ACCEPTED
        outcome = outcome_of_status(answer.status)
        body = answer.body.strip()
        if outcome is Outcome.ACCEPTED and _NUMBER.fullmatch(body):
            self._next = int(body) + 1
        return outcome

    def captions(self, blocks: Sequence[CaptionBlock]) -> Request:
        """Write a post with the lines of its one block."""
        (block,) = blocks
        query = (("seq", str(self._next)), ("lang", self._lang))
        return Request("POST", query=query, content="\n".join(block.lines).encode())

    def heartbeat(self, now: float) -> Request:
        """See ``Dialect``; its pace asks for none."""
        raise NotImplementedError("Zoom has no heartbeat")

    def answered(self, answer: Answer) -> Outcome:
        """Count what was accepted."""
        outcome = outcome_of_status(answer.status)
        if outcome is Outcome.ACCEPTED:
            self._next += 1
        return outcome

    def given_up(self, *, perhaps_received: bool) -> Outcome:
        """Ask for the number again unless the caption cannot have arrived."""
        return Outcome.REFUSED if perhaps_received else Outcome.ACCEPTED
