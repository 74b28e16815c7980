"""What goes to a service and comes back, and what a dialect has to say about it. Pure.

A dialect is a state machine that a delivery drives::

    opening() ─▶ request ─▶ answer ─▶ opened()    ACCEPTED: captions may follow
                                                  REFUSED:  knock again later
    captions() ─▶ request ─▶ answer ─▶ answered() ACCEPTED: it is there
                                                  AGAIN:    send the same request once more
                                                  REFUSED:  back to opening()

A request is sent again as it is, number included, so that a service that had got it after all can
tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, Protocol

from livecaption.egress.blocks import BlockShape, CaptionBlock

__all__ = ["Answer", "Dialect", "Outcome", "Pace", "Request", "outcome_of_status"]


class Outcome(Enum):
    """What an answer means."""

    ACCEPTED = "accepted"
    AGAIN = "again"
    """Nobody's fault, or nobody's decision: try again soon."""
    REFUSED = "refused"
    """The service does not take captions here now; captions are of no use to it."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; the sink's address is added when it is sent."""

    method: Literal["GET", "POST"]
    path: str = ""
    """Goes behind the path of the address."""
    query: tuple[tuple[str, str], ...] = ()
    """Goes behind the query of the address."""
    content: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: str
    sent_at: float
    """Seconds since the epoch, of our clock."""
    got_at: float


@dataclass(frozen=True, slots=True)
class Pace:
    """When a service is spoken to; seconds."""

    between_s: float
    """Least time between two requests that were accepted."""
    knock_s: float
    """Time between attempts to open, once refused."""
    stale_s: float
    """Captions older than this are of no use any more."""
    heartbeat_s: float | None = None
    """Longest silence; None for a service that needs no heartbeat."""


class Dialect(Protocol):
    """One service's contract."""

    @property
    def name(self) -> str:
        """As in the settings."""

    @property
    def shape(self) -> BlockShape:
        """How much text it shows at once."""

    @property
    def pace(self) -> Pace:
        """How often it wants to be spoken to."""

    @property
    def batch(self) -> int:
        """Blocks that go into one request at most."""

    def opening(self, now: float) -> Request:
        """Ask where the service stands, before the first caption and after a refusal."""

    def opened(self, answer: Answer) -> Outcome:
        """Take the answer to ``opening``."""

    def captions(self, blocks: Sequence[CaptionBlock]) -> Request:
        """Write the next request; blocks are in order."""

    def heartbeat(self, now: float) -> Request:
        """Write a request without captions; only where the pace asks for one."""

    def answered(self, answer: Answer) -> Outcome:
        """Take the answer to the last request of ``captions`` or ``heartbeat``."""

    def given_up(self, *, perhaps_received: bool) -> Outcome:
        """Learn that the last request will not be sent again; REFUSED asks for ``opening``."""


def outcome_of_status(status: int) -> Outcome:
    """Return what a status means where a service says nothing of its own about it."""
    if 200 <= status < 300:
        return Outcome.ACCEPTED
    if status in (408, 425, 429) or status >= 500:
        return Outcome.AGAIN
    return Outcome.REFUSED
