"""Which utterances had the engine die under them, and who may run beside whom meanwhile.

When the engine dies, any window in hand may have killed it. Each becomes a suspect and is run
again with nothing beside it, so that a second death has a single cause: that utterance is not run
again. One that is decoded is cleared.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from livecaption.core.decode import DecodeRequest

__all__ = ["Suspects", "Turnstile"]

_MOST_DEATHS = 2


class Suspects:
    """Deaths by utterance; the longest untouched is forgotten first.

    Args:
        most: utterances remembered.
    """

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._deaths: OrderedDict[tuple[str, int], set[int]] = OrderedDict()

    def blame(self, request: DecodeRequest, life: int) -> None:
        """The engine died with this window in hand.

        Args:
            request: the window.
            life: which life ended; with several windows of an utterance in hand it ended once.
        """
        key = _key(request)
        self._deaths[key] = self._deaths.pop(key, set()) | {life}
        while len(self._deaths) > self._most:
            self._deaths.popitem(last=False)

    def clear(self, request: DecodeRequest) -> None:
        """It was decoded."""
        if self._deaths:
            self._deaths.pop(_key(request), None)

    def suspected(self, request: DecodeRequest) -> bool:
        """Whether it must run by itself."""
        return bool(self._deaths) and _key(request) in self._deaths

    def condemned(self, request: DecodeRequest) -> bool:
        """Whether it must not run at all."""
        return bool(self._deaths) and len(self._deaths.get(_key(request), ())) >= _MOST_DEATHS


def _key(request: DecodeRequest) -> tuple[str, int]:
    return request.session, request.utterance


class Turnstile:
    """Lets many work side by side, or one by itself; whoever wants to be alone goes first."""

    def __init__(self) -> None:
        self._together = 0
        self._wanting = 0
        self._alone = False
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """Wait until nobody is alone or wants to be."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._alone and not self._wanting)
            self._together += 1
        try:
            yield
        finally:
            async with self._changed:
                self._together -= 1
                self._changed.notify_all()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Wait until all others have left."""
        async with self._changed:
            self._wanting += 1
            try:
                await self._changed.wait_for(lambda: not self._alone and not self._together)
                self._alone = True
            finally:
                self._wanting -= 1
                self._changed.notify_all()
        try:
            yield
        finally:
            async with self._changed:
                self._alone = False
                self._changed.notify_all()
