"""Who has had enough for now: rates, quotas and places, for each key and each address.

Addresses of this machine are counted only where the engine works for them, and when their keys are
wrong: else they are programs of the operator, or a proxy that was not named as trusted, behind
which everybody has the same address.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from livecaption.access.addresses import bucket_of, is_own_machine
from livecaption.access.rates import Limit, Limits, Rate, parse_rate
from livecaption.access.roles import Principal
from livecaption.errors import Overloaded, QuotaUsed, RateLimited
from livecaption.metrics.meters import Meters
from livecaption.server.counters import Counters

__all__ = ["Limiter"]

_WAITING_PLACES = 64
"""Watchers of one address that have not shown their token yet."""

_FOR_EACH_KEY = frozenset({Limit.REQUESTS, Limit.UPLOADS})
_COUNT_OWN_MACHINE = frozenset({Limit.REQUESTS, Limit.FAILURES})

_SENTENCES = {
    Limit.REQUESTS: "Too many files in a short time",
    Limit.READS: "Too many requests in a short time",
    Limit.CONNECTS: "Too many connections were opened in a short time",
    Limit.TOKENS: "Too many tokens were asked for in a short time",
    Limit.FAILURES: "Too many wrong keys came from this address",
    Limit.UPLOADS: "This key has uploaded as much as it may in a day",
}


class Limiter:
    """Counts, and refuses.

    Args:
        limits: what the settings say.
        counters: where to count.
        meters: told of every limit that was reached.
    """

    def __init__(self, limits: Limits, counters: Counters, meters: Meters | None = None) -> None:
        self._limits = limits
        self._counters = counters
        self._meters = meters or Meters()
        self._sockets: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        self._requests: Counter[str] = Counter()

    async def check(self, kind: Limit, principal: Principal, address: str, cost: int = 1) -> None:
        """Count something, or refuse it when there was too much of it.

        Args:
            kind: what is asked for.
            principal: who asks.
            address: from where.
            cost: how much of it: for uploads kilobytes, else how many.

        Raises:
            RateLimited: come back later.
            QuotaUsed: the day's share of the key is used up.
        """
        for rate, who in self._books(kind, principal, address):
            wait_s = await self._counters.hit(rate, kind, who, cost=cost)
            if wait_s is None:
                continue
            self._meters.limited(kind)
            sentence = f"{_SENTENCES[kind]}; come back in {wait_s:.0f} s."
            if kind is Limit.UPLOADS:
                raise QuotaUsed(sentence, retry_after=wait_s)
            raise RateLimited(sentence, retry_after=wait_s)

    async def check_failures(self, address: str) -> None:
        """Refuse an address from which too many wrong keys came; counts nothing.

        Raises:
            RateLimited: come back later.
        """
        rate = self._limits.rates[Limit.FAILURES]
        if rate is None:
            return
        wait_s = await self._counters.look(rate, Limit.FAILURES, f"address:{bucket_of(address)}")
        if wait_s is not None:
            self._meters.limited(Limit.FAILURES)
            raise RateLimited(f"{_SENTENCES[Limit.FAILURES]}.", retry_after=wait_s)

    def check_streams(self, principal: Principal, running: int) -> None:
        """Refuse one more speaker with a key that has as many as it may.

        Raises:
            Overloaded: come back when one of them has ended.
        """
        most = principal.limits.streams or self._limits.streams
        if principal.key is not None and most is not None and running >= most:
            self._meters.limited("streams")
            raise Overloaded(
                f"This key may have {most} speakers at once, and has them.",
                code="too_many_streams",
            )

    @contextmanager
    def socket_place(self, address: str) -> Iterator[None]:
        """Hold one of an address's places for sockets.

        Raises:
            RateLimited: all of them are taken.
        """
        with self._place("sockets", self._sockets, address, self._limits.sockets):
            yield

    @contextmanager
    def request_place(self, address: str) -> Iterator[None]:
        """Hold one of an address's places for requests that are being answered.

        Behind a proxy connections tell nothing of addresses, so requests are counted here as well.

        Raises:
            RateLimited: all of them are taken.
        """
        with self._place("connections", self._requests, address, self._limits.connections):
            yield

    @contextmanager
    def waiting_place(self, address: str) -> Iterator[None]:
        """Hold one of an address's places for watchers that have not shown their token yet.

        Raises:
            RateLimited: all of them are taken.
        """
        with self._place("waiting", self._waiting, address, _WAITING_PLACES):
            yield

    @contextmanager
    def _place(self, name: str, taken: Counter[str], address: str, most: int) -> Iterator[None]:
        if is_own_machine(address):
            yield
            return
        bucket = bucket_of(address)
        if taken[bucket] >= most:
            self._meters.limited(name)
            raise RateLimited(
                "All places for connections of this address are taken.", retry_after=10.0
            )
        taken[bucket] += 1
        try:
            yield
        finally:
            taken[bucket] -= 1
            if not taken[bucket]:
                del taken[bucket]

    def _books(self, kind: Limit, principal: Principal, address: str) -> Iterator[tuple[Rate, str]]:
        """Yield in which books a request is entered, and what they hold."""
        usual, own = self._limits.rates[kind], _own_rate(kind, principal)
        if kind in _FOR_EACH_KEY and principal.key is not None:
            rate = own or usual
            if rate is not None:
                yield rate, f"key:{principal.key}"
            # What a key is entitled to is not cut down by where it is used, nor are uploads.
            if own is not None or kind is Limit.UPLOADS:
                return
        if usual is not None and (kind in _COUNT_OWN_MACHINE or not is_own_machine(address)):
            yield usual, f"address:{bucket_of(address)}"


def _own_rate(kind: Limit, principal: Principal) -> Rate | None:
    limits = principal.limits
    if kind is Limit.REQUESTS and limits.requests is not None:
        return parse_rate(limits.requests)
    if kind is Limit.UPLOADS and limits.upload_mb is not None:
        return Rate(limits.upload_mb * 1000, 86_400)
    return None
