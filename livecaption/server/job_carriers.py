"""The ways out for results: jobs joined to what speaks HTTP and S3."""

from __future__ import annotations

import json
from dataclasses import replace

from livecaption.core.file_exports import FILE_EXPORTS
from livecaption.core.file_transcript import FileTranscript
from livecaption.egress.s3 import NotStored, S3Store, parse_s3
from livecaption.egress.webhook import WebhookPost, WebhookRefused
from livecaption.egress.webhook_address import parse_webhook
from livecaption.errors import ClientError, OperatorError
from livecaption.jobs.courier import NotDelivered
from livecaption.jobs.records import Job
from livecaption.server.job_documents import described
from livecaption.server.job_house import WebhookSecrets

__all__ = ["S3Carrier", "WebhookCarrier"]


class WebhookCarrier:
    """Tells an address that a job has ended; the text is fetched with a key.

    Args:
        post: sends.
        secrets: signs.
        allow_local: see ``parse_webhook``.
    """

    def __init__(self, post: WebhookPost, secrets: WebhookSecrets, *, allow_local: bool) -> None:
        self._post = post
        self._secrets = secrets
        self._allow_local = allow_local

    async def carry(self, target: str, job: Job, transcript: FileTranscript | None) -> None:  # noqa: ARG002
        """See ``Carrier.carry``."""
        secrets = self._secrets.of(job.owner)
        if not secrets:
            raise NotDelivered("This server has no secret to sign with any more.", for_good=True)
        # How the telling goes is no news to whoever is told.
        document = described(replace(job, deliveries=()))
        del document["deliveries"]
        body = json.dumps({"type": f"job.{job.state}", "job": document}, ensure_ascii=False)
        try:
            address = parse_webhook(target, allow_local=self._allow_local)
            await self._post.send(address, body.encode(), secrets)
        except ClientError as exc:  # the settings have changed
            raise NotDelivered(str(exc), for_good=True) from None
        except WebhookRefused as exc:
            raise NotDelivered(str(exc), for_good=exc.for_good) from None


class S3Carrier:
    """Writes a transcript as ``ID.json`` and ``ID.vtt``; of a job that failed, nothing.

    Args:
        store: writes.
    """

    def __init__(self, store: S3Store) -> None:
        self._store = store

    async def carry(self, target: str, job: Job, transcript: FileTranscript | None) -> None:
        """See ``Carrier.carry``."""
        if transcript is None:
            return
        try:
            place = parse_s3(target)
            for name in ("vtt", "json"):  # who waits for the JSON finds both
                export = FILE_EXPORTS[name]
                text = export.write(transcript, True)  # noqa: FBT003 - whoever stores wants all
                body, kind = text.encode(), export.content_type
                await self._store.put(place, f"{job.id}.{export.extension}", body, kind)
        except (NotStored, OperatorError) as exc:
            raise NotDelivered(str(exc)) from None
