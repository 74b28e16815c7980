"""YouTube's closed captions over HTTP, as its page for caption vendors describes them. Pure.

::

    POST …/closedcaption?cid=SECRET&seq=1732500000        Content-Type: text/plain
    2026-11-25T10:00:06.873
    Good morning everyone.<br>Thank you for coming.

Every time is UTC on YouTube's clock, which each answer tells. A post with an empty text is a
heartbeat. ``seq`` goes up by one with each new post and stays when a post is sent again. It begins
at the second of the epoch: posts are a second apart at least, so that after a restart it is past
what was used before, without having been stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from livecaption.egress.blocks import BlockShape, CaptionBlock
from livecaption.egress.exchange import Answer, Outcome, Pace, Request, outcome_of_status

__all__ = ["YouTube"]

_MARKUP = str.maketrans({"<": "‹", ">": "›"})
"""YouTube reads <br> as a line break; what was said is not to be read as markup."""


class YouTube:
    """Captions for one live stream."""

    name = "youtube"
    shape = BlockShape(width=40, rows=2)
    pace = Pace(between_s=1.0, knock_s=30.0, stale_s=45.0, heartbeat_s=10.0)
    batch = 8

    def __init__(self) -> None:
        self._next: int | None = None
        """Number of the next post that is not sent again."""
        self._ahead = 0.0
        """How far YouTube's clock is ahead of ours, seconds."""

    def opening(self, now: float) -> Request:
        """Send a heartbeat: its answer tells YouTube's time."""
        if self._next is None:
            self._next = int(now)
        return self.heartbeat(now)

    def opened(self, answer: Answer) -> Outcome:
        """Take YouTube's time."""
        return self.answered(answer)

    def captions(self, blocks: Sequence[CaptionBlock]) -> Request:
        """Write a post with a time and a text for each block."""
        return self._post("".join(self._entry(block.at, block.lines) for block in blocks))

    def heartbeat(self, now: float) -> Request:
        """Write a post without text."""
        return self._post(self._entry(now, ("",)))

    def answered(self, answer: Answer) -> Outcome:
        """Take YouTube's time from an answer that has one."""
        outcome = outcome_of_status(answer.status)
        if outcome is Outcome.ACCEPTED:
            self._use_number()
            told = _parse_time(answer.body)
            if told is not None:
                self._ahead = told - (answer.sent_at + answer.got_at) / 2
        return outcome

    def given_up(self, *, perhaps_received: bool) -> Outcome:
        """Use the number again only when the post cannot have arrived."""
        if perhaps_received:
            self._use_number()
        return Outcome.ACCEPTED

    def _use_number(self) -> None:
        self._next = (self._next or 0) + 1

    def _post(self, content: str) -> Request:
        return Request("POST", query=(("seq", str(self._next)),), content=content.encode())

    def _entry(self, at: float, lines: Sequence[str]) -> str:
        moment = datetime.fromtimestamp(at + self._ahead, UTC)
        stamp = moment.replace(tzinfo=None).isoformat(timespec="milliseconds")
        return f"{stamp}\n{'<br>'.join(line.translate(_MARKUP) for line in lines)}\n"


def _parse_time(body: str) -> float | None:
    """Read ``2026-11-25T10:00:06.873``; None for anything else."""
    try:
        return datetime.fromisoformat(body.strip()).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
