"""A bounded queue for one reader that may be slow, conflating what only the newest of matters.

Operations wanted: put a text, hand out what waits. Rules:

- A text with a ``key`` replaces a waiting text with the same key, and moves to the end: a newer
  partial stands behind the delta it belongs to. A text may also withdraw keys: a final makes the
  waiting partial of its utterance pointless.
- Texts without a key are never dropped. When more than ``limit`` texts wait, the outbox is
  *overflowed* for good: its reader must be closed, and starts from a snapshot when it is back.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

__all__ = ["Outbox", "Outgoing"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One text to send."""

    text: str
    key: Hashable | None = None
    """Texts of equal key replace each other while they wait."""
    withdraws: tuple[Hashable, ...] = ()
    """Waiting texts of these keys are pointless now."""


class Outbox:
    """What waits for one reader, oldest first."""

    def __init__(self, *, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"limit must be at least 1, got {limit}")
        self._limit = limit
        self._order = 0
        # Keyed texts under their key, others under their number: a dict keeps both the order of
        # insertion and replacement by key in one structure.
        self._waiting: dict[Hashable, str] = {}
        self._overflowed = False

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def overflowed(self) -> bool:
        """Whether an undroppable text found no room; never becomes False again."""
        return self._overflowed

    def put(self, outgoing: Outgoing) -> None:
        """Queue a text; after an overflow nothing is queued any more."""
        if self._overflowed:
            return
        self._withdraw(outgoing.withdraws)
        if outgoing.key is not None:
            self._withdraw((outgoing.key,))
        if len(self._waiting) >= self._limit:
            self._overflowed = outgoing.key is None
            return
        self._order += 1
        slot = ("number", self._order) if outgoing.key is None else ("key", outgoing.key)
        self._waiting[slot] = outgoing.text

    def drain(self) -> list[str]:
        """Hand out, once, what waits, oldest first."""
        texts = list(self._waiting.values())
        self._waiting.clear()
        return texts

    def _withdraw(self, keys: Iterable[Hashable]) -> None:
        for key in keys:
            self._waiting.pop(("key", key), None)
