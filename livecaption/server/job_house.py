"""Takes files over as jobs: the upload into the folder, then the job into the queue.

In that order, so that a job never lacks its file; a crash between the two leaves a file that
nobody needs, which is swept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

from livecaption.core.file_transcript import FileOptions
from livecaption.egress.s3 import S3Place
from livecaption.egress.signature import derived
from livecaption.egress.webhook_address import parse_webhook
from livecaption.errors import BadCredentials, ClientError
from livecaption.jobs.queue import JobQueue, JobsFull
from livecaption.jobs.records import Job, Kind, NewJob, Order, new_job_id
from livecaption.jobs.uploads import UploadFolder
from livecaption.media.untrusted import kind_of
from livecaption.metrics.meters import JobOutcome, Meters
from livecaption.server.key_ring import KeyRing
from livecaption.settings import Settings

__all__ = ["Allowance", "JobHouse", "WebhookSecrets", "allowance_of"]

Allowance = Callable[[str], int | None]
"""Owner → how many jobs it may have that have not ended; None for the queue's own bound."""


def allowance_of(keys: KeyRing, settings: Settings) -> Allowance:
    """Return what each key may have; without keys there is no bound but the queue's."""

    def allowance(owner: str) -> int | None:
        if not owner:
            return None
        try:
            own = keys.holder(owner).limits.jobs
        except BadCredentials:  # taken back this second
            own = None
        return own or settings.limit_jobs

    return allowance


@dataclass(frozen=True, slots=True)
class WebhookSecrets:
    """What messages to an owner are signed with; the newest first."""

    base: tuple[str, ...]

    def of(self, owner: str) -> tuple[str, ...]:
        """Return an owner's secrets, which tell nothing of another's."""
        return tuple(derived(secret, owner) if owner else secret for secret in self.base)


@dataclass(frozen=True, slots=True)
class JobHouse:
    """One for each process. It is the server's ``FileJobs``."""

    queue: JobQueue
    uploads: UploadFolder
    allowance: Allowance
    secrets: WebhookSecrets
    s3: S3Place | None = None
    webhook_local: bool = False
    meters: Meters = field(default_factory=Meters)

    async def check_room(self, owner: str) -> None:
        """Say before an upload whether there is room.

        Raises:
            JobsFull: too many jobs wait already.
            NoSpace: the disk is full.
        """
        with self._counting():
            await self.queue.check_room(owner, self.allowance(owner))
        await asyncio.to_thread(self.uploads.check_room)

    def orders(self, webhook: str) -> tuple[Order, ...]:
        """Return what is to be delivered when a job has ended.

        Args:
            webhook: an address; empty for none.

        Raises:
            ClientError: the address is none that is posted to.
        """
        orders = [] if self.s3 is None else [Order(Kind.S3, str(self.s3))]
        if webhook:
            if not self.secrets.base:
                raise ClientError(
                    "This server sends no webhooks: its operator has to set "
                    "LIVECAPTION_WEBHOOK_SECRET.",
                    code="webhook_off",
                )
            parse_webhook(webhook, allow_local=self.webhook_local)
            orders.append(Order(Kind.WEBHOOK, webhook))
        return tuple(orders)

    async def take(
        self,
        file: BinaryIO,
        name: str,
        options: FileOptions,
        owner: str,
        orders: tuple[Order, ...] = (),
    ) -> Job:
        """Take a file over; it and its job are on the disk when this returns.

        Args:
            file: open for reading; it is copied.
            name: what the client calls it.
            options: how to transcribe it.
            owner: id of the client's key; empty where there are none.
            orders: see ``orders``.

        Raises:
            NotMedia: it is not audio or video; nobody need wait to hear that.
            JobsFull: too many jobs wait already.
            NoSpace: the disk is full.
        """
        kind_of(file)
        with self._counting():
            await self.queue.check_room(owner, self.allowance(owner))
        job_id = new_job_id()
        size = await asyncio.to_thread(self.uploads.take, file, job_id)
        new = NewJob(job_id, owner, options, name, size, orders, self.allowance(owner))
        try:
            with self._counting():
                return await self.queue.submit(new)
        except Exception:
            await asyncio.to_thread(self.uploads.remove, job_id)
            raise

    async def submit(
        self, file: BinaryIO, name: str, options: FileOptions, owner: str | None
    ) -> str:
        """See ``FileJobs.submit``."""
        job = await self.take(file, name, options, owner or "", self.orders(""))
        return job.id

    async def delete(self, job: Job) -> bool:
        """Cancel a job, or forget one that has ended, with its file; say whether it was there."""
        found = await self.queue.cancel(job.id)
        if found and not job.state.ended:
            self.meters.job_ended(JobOutcome.CANCELLED)
        # One that is being worked on has its file open, and needs its name no more.
        await asyncio.to_thread(self.uploads.remove, job.id)
        return found

    @contextmanager
    def _counting(self) -> Iterator[None]:
        """Count who is turned away because of the number of jobs."""
        try:
            yield
        except JobsFull:
            self.meters.limited("jobs")
            raise
