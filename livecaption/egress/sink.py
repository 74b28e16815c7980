"""One room's captions for one service: events in, blocks out.

A sink is fed like any reader of a room, with the messages as they are on the wire. It takes the
committed words; partials may change and cannot be taken back once sent. What a reader is shown when
it joins has been sent before, or is too old.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from livecaption.core.outbox import Outgoing
from livecaption.egress.address import SinkAddress
from livecaption.egress.blocks import BlockWriter
from livecaption.egress.delivery import Delivery
from livecaption.egress.exchange import Dialect
from livecaption.egress.http import CaptionHttp
from livecaption.egress.resolve import Resolver, public_addresses
from livecaption.logs import room_tag

__all__ = ["Sink"]


class Sink:
    """Fed by ``take``, emptied by ``run``.

    Args:
        room: whose captions.
        dialect: says how much text a block holds.
        delivery: where blocks go.
        service: what kind of service it is, as its address names it.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        room: str,
        dialect: Dialect,
        delivery: Delivery,
        *,
        service: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.room = room
        self.service = service
        self._writer = BlockWriter(dialect.shape)
        self._delivery = delivery
        self._clock = clock
        self._changed = asyncio.Event()
        self._ended = False

    @classmethod
    def to(
        cls, address: SinkAddress, dialect: Dialect, resolve: Resolver = public_addresses
    ) -> Sink:
        """Return a sink that speaks to a service over HTTP."""
        label = f"{address.service} (room {room_tag(address.room)})"
        http = CaptionHttp(address, resolve=resolve)
        delivery = Delivery(label, dialect, http)
        return cls(address.room, dialect, delivery, service=address.service)

    @property
    def delivery(self) -> Delivery:
        """Where its blocks go."""
        return self._delivery

    def take(self, outgoing: Outgoing) -> None:
        """Take a message for the readers of the room; never waits."""
        if outgoing.key is not None:  # a partial, or something else that may be replaced
            return
        message: dict[str, Any] = json.loads(outgoing.text)
        if message["type"] not in ("delta", "final"):
            return
        key = (message["session"], message["utterance"])
        if message["type"] == "delta":
            self._writer.commit(key, message.get("speaker"), message["text"], self._clock())
        else:
            self._writer.end(key)
        self._changed.set()

    async def run(self) -> None:
        """Deliver until ``end``."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._delivery.run())
            ended = False
            while not ended:
                await self._wait()
                ended = self._ended
                if ended:
                    self._writer.end_all()
                for block in self._writer.drain(self._clock()):
                    self._delivery.put(block)
            await self._delivery.finish()

    def end(self) -> None:
        """Let ``run`` return once what waits has gone out, or has had its time."""
        self._ended = True
        self._changed.set()

    async def _wait(self) -> None:
        """Return when there is news, or when a block has waited long enough."""
        due = self._writer.due_at()
        wait = None if due is None else max(0.0, due - self._clock())
        try:
            async with asyncio.timeout(wait):
                await self._changed.wait()
        except TimeoutError:
            pass
        self._changed.clear()
