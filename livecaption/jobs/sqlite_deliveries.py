"""Results on their way out, in SQLite; see ``DeliveryBox`` for the promises."""

from __future__ import annotations

import time
from collections.abc import Callable

from livecaption.jobs.records import Delivery
from livecaption.jobs.rows import DELIVERY_COLUMNS, delivery_of
from livecaption.jobs.tables import JobTables

__all__ = ["SqliteDeliveries"]

_LEASE_S = 60.0


class SqliteDeliveries:
    """The deliveries of a ``SqliteJobQueue``."""

    def __init__(self, tables: JobTables, clock: Callable[[], float] = time.time) -> None:
        self._tables = tables
        self._clock = clock

    async def take(self) -> Delivery | None:
        """See ``DeliveryBox.take``."""
        now = self._clock()
        async with self._tables.transaction() as transaction:
            rows = await transaction.fetch(
                f"SELECT {DELIVERY_COLUMNS} FROM delivery WHERE due_at <= ? "  # noqa: S608
                "ORDER BY due_at LIMIT 1",
                now,
            )
            if not rows:
                return None
            delivery = delivery_of(rows[0])
            await transaction.execute(
                "UPDATE delivery SET due_at = ? WHERE job = ? AND kind = ?",
                now + _LEASE_S,
                delivery.job,
                delivery.kind,
            )
        return delivery

    async def next_at(self) -> float | None:
        """See ``DeliveryBox.next_at``."""
        ((due_at,),) = await self._tables.fetch("SELECT min(due_at) FROM delivery")
        return None if due_at is None else float(due_at)

    async def settle(self, delivery: Delivery) -> None:
        """See ``DeliveryBox.settle``."""
        async with self._tables.transaction() as transaction:
            await transaction.execute(
                "UPDATE delivery SET state = ?, attempts = ?, due_at = ?, problem = ? "
                "WHERE job = ? AND kind = ?",
                delivery.state,
                delivery.attempts,
                delivery.due_at,
                delivery.problem,
                delivery.job,
                delivery.kind,
            )
