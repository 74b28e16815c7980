"""Objects in a bucket of S3, or of anything that speaks its language.

boto3 is imported here, when it is needed, and nowhere else. It finds credentials, region and
address the way all its users know (``AWS_ACCESS_KEY_ID``, ``AWS_ENDPOINT_URL``, roles, …).
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import re
from dataclasses import dataclass
from typing import Any

from livecaption.errors import OperatorError

__all__ = ["NotStored", "S3Place", "S3Store", "parse_s3"]

_PLACE = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>.*))?")
_TIMEOUTS_S = {"connect_timeout": 5, "read_timeout": 20}

for _name in ("boto3", "botocore", "urllib3"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class NotStored(Exception):
    """The object was not taken; the text names what S3 said, and no secret."""


@dataclass(frozen=True, slots=True)
class S3Place:
    """A bucket, and what all keys in it begin with."""

    bucket: str
    prefix: str

    def key(self, name: str) -> str:
        """Return the key of an object."""
        return f"{self.prefix}/{name}" if self.prefix else name

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}" if self.prefix else f"s3://{self.bucket}"


def parse_s3(text: str) -> S3Place:
    """Read ``s3://BUCKET/PREFIX``.

    Raises:
        OperatorError: it is none.
    """
    match = _PLACE.fullmatch(text.strip())
    if match is None:
        raise OperatorError(f"A place in S3 is written s3://BUCKET/PREFIX, not {text!r}.")
    return S3Place(match["bucket"], (match["prefix"] or "").strip("/"))


class S3Store:
    """Writes objects.

    Raises:
        OperatorError: boto3 is not installed.
    """

    def __init__(self) -> None:
        try:
            boto3 = importlib.import_module("boto3")
            botocore = importlib.import_module("botocore.config")
        except ImportError:
            raise OperatorError(
                "To write to S3, install livecaption with the extra s3: "
                "pip install 'livecaption[s3]'."
            ) from None
        # Who calls tries again, and says so; here one attempt is one attempt.
        config = botocore.Config(**_TIMEOUTS_S, retries={"total_max_attempts": 1})
        self._client: Any = boto3.client("s3", config=config)

    async def put(self, place: S3Place, name: str, body: bytes, content_type: str) -> None:
        """Write an object, replacing one of the same name.

        Raises:
            NotStored: it was not taken.
        """
        try:
            await asyncio.to_thread(
                self._client.put_object,
                Bucket=place.bucket,
                Key=place.key(name),
                Body=body,
                ContentType=content_type,
            )
        except Exception as exc:  # noqa: BLE001 - botocore's errors have no common base
            response = getattr(exc, "response", {})
            code = response.get("Error", {}).get("Code") or type(exc).__name__
            raise NotStored(f"S3 said {code}.") from None
