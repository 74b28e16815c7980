"""What all requests with a file have in common: a form in, options out, and the work between.

The work ends when nobody waits for its result any more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import wraps
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from livecaption.access.rates import Limit
from livecaption.core.file_transcript import FileOptions
from livecaption.engine.base import ModelInfo
from livecaption.errors import ClientError, LiveCaptionError, Overloaded
from livecaption.metrics.meters import Meters, UploadOutcome
from livecaption.protocol.languages import LANGUAGE_NAMES
from livecaption.server.answers import answer_to, status_of
from livecaption.server.demands import Family
from livecaption.server.doorkeeper import address_of, principal_of
from livecaption.server.doors import note_refusal
from livecaption.server.hub import CaptionHub
from livecaption.server.uploads import Fate, Upload

__all__ = [
    "answering",
    "chosen",
    "hub_of",
    "is_set",
    "options_of",
    "received_file",
    "taken_in",
    "while_connected",
]

Handler = Callable[[Request], Awaitable[Response]]
T = TypeVar("T")

_MOST_PROMPT_CHARS = 4000
_CLOSED_BY_CLIENT = 499
_CODES = {name: code for code, name in LANGUAGE_NAMES.items()}
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")


def hub_of(request: Request) -> CaptionHub:
    """Return what all requests share."""
    hub: CaptionHub = request.app.state.hub
    return hub


def answering(family: Family) -> Callable[[Handler], Handler]:
    """Answer what a handler raises on purpose, in the form of a family of routes."""

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except ClientDisconnect:
                return Response(status_code=_CLOSED_BY_CLIENT)
            except LiveCaptionError as error:
                note_refusal(request.scope, error.code)
                return answer_to(error, family)

        return answer

    return decorate


@asynccontextmanager
async def received_file(request: Request) -> AsyncIterator[Upload]:
    """Take in the form of a request, if its file can be transcribed at all now.

    Raises:
        LiveCaptionError: no file can, or not this one.
        ClientDisconnect: nobody is there any more.
    """
    hub_of(request).admit_file()
    async with taken_in(request) as upload:
        yield upload


@asynccontextmanager
async def taken_in(request: Request) -> AsyncIterator[Upload]:
    """Take in the form of a request, as far as its sender's share of the day allows; count it.

    Raises:
        LiveCaptionError: not this file, or not today.
        ClientDisconnect: nobody is there any more.
    """
    hub = hub_of(request)
    with _watched(hub.meters) as watch:
        async with hub.uploads.received(request) as upload:
            watch.begin(upload)
            kilobytes = -(-upload.size // 1000)
            principal, address = principal_of(request), address_of(request)
            await hub.limiter.check(Limit.UPLOADS, principal, address, cost=kilobytes)
            yield upload


@dataclass(slots=True)
class _Watch:
    """How long a file takes from its last byte on."""

    upload: Upload | None = None
    began: float = 0.0

    def begin(self, upload: Upload) -> None:
        self.upload, self.began = upload, time.monotonic()

    def tell(self, meters: Meters, outcome: UploadOutcome) -> None:
        if self.upload is None:
            meters.uploaded(outcome, size=0)
            return
        took = time.monotonic() - self.began if outcome is UploadOutcome.DONE else None
        audio_s = self.upload.fate.audio_s
        meters.uploaded(outcome, size=self.upload.size, audio_s=audio_s, took=took)


@contextmanager
def _watched(meters: Meters) -> Iterator[_Watch]:
    """Count what becomes of a file; who is turned away for want of room is counted elsewhere."""
    watch = _Watch()
    try:
        yield watch
    except (ClientDisconnect, asyncio.CancelledError):
        watch.tell(meters, UploadOutcome.CANCELLED)
        raise
    except Overloaded:
        raise
    except Exception as error:
        watch.tell(meters, _outcome_of(error))
        raise
    watch.tell(meters, _outcome_of_fate(watch.upload.fate) if watch.upload else UploadOutcome.DONE)


def _outcome_of_fate(fate: Fate) -> UploadOutcome:
    if fate.error is not None:
        return _outcome_of(fate.error)
    return UploadOutcome.DONE if fate.job is None else UploadOutcome.QUEUED


def _outcome_of(error: Exception) -> UploadOutcome:
    theirs = isinstance(error, LiveCaptionError) and status_of(error) < 500
    return UploadOutcome.REFUSED if theirs else UploadOutcome.FAILED


def options_of(upload: Upload, info: ModelInfo, *, task: str, words: bool) -> FileOptions:
    """Read the fields that say how to transcribe.

    Args:
        upload: the form.
        info: the model that will do it.
        task: ``transcribe`` or ``translate``.
        words: whether the times of words are needed.

    Raises:
        ClientError: a field is malformed, or the model cannot do that.
    """
    if task == "translate" and not info.multilingual:
        raise ClientError(
            f"The model {info.name} knows English only and cannot translate; the server needs a "
            "multilingual one, such as small.",
            code="unsupported_task",
        )
    prompt = upload.field("prompt")
    if len(prompt) > _MOST_PROMPT_CHARS:
        raise ClientError(f"prompt may have {_MOST_PROMPT_CHARS} characters.")
    return FileOptions(
        language=_language(upload.field("language"), info),
        task=task,
        word_timestamps=words,
        prompt=prompt or None,
        vocabulary=tuple(
            term.strip()
            for value in upload.values("hotwords", "vocabulary", "keywords", "keywords[]")
            for term in value.split(",")
            if term.strip()
        ),
        temperature=_temperature(upload.field("temperature")),
    )


def chosen(upload: Upload, name: str, choices: tuple[str, ...]) -> str:
    """Return the value of a field that names one of several things; the first is usual.

    Raises:
        ClientError: it names something else.
    """
    value = upload.field(name).lower() or choices[0]
    if value not in choices:
        raise ClientError(f"{name} must be one of {', '.join(choices)}.")
    return value


def is_set(upload: Upload, name: str) -> bool:
    """Return the value of a field that says yes or no; no if it is not there.

    Raises:
        ClientError: it says something else.
    """
    value = upload.field(name).lower()
    if value not in _YES + _NO:
        raise ClientError(f"{name} must be true or false.")
    return value in _YES


async def while_connected(request: Request, work: Awaitable[T]) -> T:
    """Wait for work, and end it when the client goes away.

    Args:
        request: its body has been read.
        work: what its answer needs.

    Raises:
        ClientDisconnect: it went away.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientDisconnect
    finally:
        leaving.cancel()
        if not working.done():
            working.cancel()
            with suppress(asyncio.CancelledError, LiveCaptionError):
                await working


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _language(text: str, info: ModelInfo) -> str | None:
    if not text or text.lower() == "auto":
        return None
    code = _CODES.get(text.lower(), text.lower().replace("_", "-").partition("-")[0])
    if code not in info.languages:
        some = ", ".join(info.languages[:8]) + (", …" if len(info.languages) > 8 else "")
        raise ClientError(
            f"The model {info.name} does not know that language; it knows {some}.",
            code="unsupported_language",
        )
    return code


def _temperature(text: str) -> float:
    try:
        value = float(text or 0.0)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise ClientError("temperature must be a number from 0 to 1.")
    return value
