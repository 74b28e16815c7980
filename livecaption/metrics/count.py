"""A counter by labels whose values are all known beforehand.

A label whose values come from outside would let strangers fill the memory of this program and of
whoever stores its metrics, and would carry names there. So what is not listed counts as "other".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

__all__ = ["OTHER", "Count"]

OTHER = "other"

_SERIES_SHOWN_AT_ZERO = 256


class Count:
    """Counts by labels.

    A rate can be taken of the first event only when there was a 0 before it, so all combinations of
    labels that are known exist from the start, unless they are many.

    Args:
        labels: for each label the values it may have.
    """

    def __init__(self, **labels: Iterable[str]) -> None:
        self.labels = tuple(labels)
        known = [sorted(map(str, values)) for values in labels.values()]
        self._known = tuple(map(frozenset, known))
        self._values: dict[tuple[str, ...], float] = {}
        combinations = list(product(*known))
        if len(combinations) <= _SERIES_SHOWN_AT_ZERO:
            self._values = dict.fromkeys(combinations, 0.0)

    def add(self, *values: str, by: float = 1.0) -> None:
        """Count an event.

        Args:
            values: one for each label, in order.
            by: how much, not below 0.
        """
        pairs = zip(values, self._known, strict=True)
        key = tuple(str(value) if value in known else OTHER for value, known in pairs)
        self._values[key] = self._values.get(key, 0.0) + by

    def __getitem__(self, values: str | tuple[str, ...]) -> float:
        """Return one count."""
        key = (values,) if isinstance(values, str) else values
        return self._values.get(key, 0.0)

    def items(self) -> Iterator[tuple[tuple[str, ...], float]]:
        """Yield the values of the labels with each count."""
        yield from tuple(self._values.items())
