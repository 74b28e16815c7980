"""Transcription as OpenAI's clients ask for it; see ``openai_answers`` for what they get.

``model`` may name anything: there is one model. What is asked for and not known is ignored, as
clients send fields of services that came later.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from livecaption.core.file_transcript import FileOptions, FileProgress
from livecaption.errors import ClientError, LiveCaptionError
from livecaption.files.work import FileWork
from livecaption.server.answers import refusal
from livecaption.server.demands import Family
from livecaption.server.file_requests import (
    answering,
    chosen,
    hub_of,
    is_set,
    options_of,
    received_file,
    while_connected,
)
from livecaption.server.openai_answers import (
    FORMATS,
    StreamedText,
    error_event,
    model_card,
    plain,
    structured,
)
from livecaption.server.uploads import Upload

__all__ = ["openai_routes"]

_ALIAS = "whisper-1"
_HEARTBEAT_S = 15.0
_CUES = ("srt", "vtt")
"""Long segments become several cues, which only the times of words can place."""
_GRANULARITIES = ("segment", "word")


@answering(Family.OPENAI)
async def transcriptions(request: Request) -> Response:
    """``POST /v1/audio/transcriptions``."""
    return await _answer(request, "transcribe")


@answering(Family.OPENAI)
async def translations(request: Request) -> Response:
    """``POST /v1/audio/translations``: into English."""
    return await _answer(request, "translate")


async def list_models(request: Request) -> Response:
    """``GET /v1/models``: the one there is, and the name by which clients know it."""
    cards = [model_card(name) for name in _model_names(request)]
    return JSONResponse({"object": "list", "data": cards})


async def show_model(request: Request) -> Response:
    """``GET /v1/models/{model}``."""
    name = str(request.path_params["model"])
    if name not in _model_names(request):
        sentence = "There is no such model; GET /v1/models lists those there are."
        return refusal(404, "model_not_found", sentence, family=Family.OPENAI)
    return JSONResponse(model_card(name))


def _model_names(request: Request) -> tuple[str, ...]:
    return hub_of(request).model.name, _ALIAS


async def _answer(request: Request, task: str) -> Response:
    hub = hub_of(request)
    async with AsyncExitStack() as held:
        upload = await held.enter_async_context(received_file(request))
        form = chosen(upload, "response_format", FORMATS)
        words = "word" in _granularities(upload)
        options = options_of(upload, hub.model, task=task, words=words or form in _CUES)
        if is_set(upload, "stream"):
            file = _StreamedFile(hub.files, upload, options)
            held.push_async_callback(file.end)
            await while_connected(request, file.begun())
            return _HeldStream(file.events(), held.pop_all())
        transcript = await while_connected(request, hub.files.transcribe(upload.file, options))
        upload.fate.audio_s = transcript.info.duration
    if form in ("json", "verbose_json"):
        return JSONResponse(structured(transcript, form, task=task, words=words))
    return PlainTextResponse(plain(transcript, form))


def _granularities(upload: Upload) -> set[str]:
    asked = upload.values("timestamp_granularities[]", "timestamp_granularities")
    found = {part.strip() for value in asked for part in value.split(",")}
    if not found <= set(_GRANULARITIES):
        raise ClientError(f"timestamp_granularities must be of {', '.join(_GRANULARITIES)}.")
    return found


class _StreamedFile:
    """A file that is told about while it is transcribed."""

    def __init__(self, files: FileWork, upload: Upload, options: FileOptions) -> None:
        # Holds no more than the text of one file, however slowly it is read.
        self._fate = upload.fate
        self._told: asyncio.Queue[FileProgress | None] = asyncio.Queue()
        # Not in a task group: it begins in a handler and ends in the answer that outlives it.
        self._work = asyncio.ensure_future(
            files.transcribe(upload.file, options, self._told.put_nowait)
        )
        self._work.add_done_callback(lambda _: self._told.put_nowait(None))

    async def begun(self) -> None:
        """Return once it is sure that there will be text.

        Raises:
            LiveCaptionError: there will be none.
        """
        if await self._told.get() is None:
            self._work.result()

    async def events(self) -> AsyncIterator[str]:
        """Yield it as server-sent events."""
        text = StreamedText()
        while True:
            try:
                async with asyncio.timeout(_HEARTBEAT_S):
                    progress = await self._told.get()
            except TimeoutError:
                yield ": at work\n\n"  # or a proxy would take the connection for dead
                continue
            if progress is None:
                break
            for segment in progress.segments:
                yield text.delta(segment)
        yield self._last_event(text)

    async def end(self) -> None:
        """End the work, if nobody wants it any more."""
        self._work.cancel()
        with suppress(asyncio.CancelledError, LiveCaptionError):
            await self._work

    def _last_event(self, text: StreamedText) -> str:
        try:
            self._fate.audio_s = self._work.result().info.duration
        except LiveCaptionError as error:
            self._fate.error = error
            return error_event(error.code, str(error))
        return text.done()


class _HeldStream(StreamingResponse):
    """A stream of events that lets go of what it needs, however it ends."""

    def __init__(self, events: AsyncIterator[str], held: AsyncExitStack) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._held:
            with suppress(ClientDisconnect):
                await super().__call__(scope, receive, send)


openai_routes = [
    Route("/v1/audio/transcriptions", transcriptions, methods=["POST"]),
    Route("/v1/audio/translations", translations, methods=["POST"]),
    Route("/v1/models", list_models, methods=["GET"]),
    Route("/v1/models/{model:path}", show_model, methods=["GET"]),
]
"""To be put among the application's routes."""
