"""``GET /v1/rooms/{room}/transcript``: what was said in a room, as a file.

Works while the room is live and after: a final is stored before anybody is shown it, so the store
alone is enough. Long transcripts are written in a thread, one at a time, and kept for those who
ask for the same: after a lecture everybody does.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from livecaption import __version__
from livecaption.core.exports import EXPORTS, Export
from livecaption.core.timeline import Timeline, iso_time
from livecaption.core.transcript import Transcript
from livecaption.core.transcript_text import TextOptions, TextTimes
from livecaption.server.room_requests import (
    Refusal,
    cross_origin_headers,
    room_of,
    whole_number,
    with_refusals,
)

__all__ = ["TranscriptSource", "transcript_routes"]

_KEPT_DOCUMENTS = 16
"""Written documents kept in memory: the four formats of a few rooms."""
_MOST_OFFSET = 10**18 - 1
_DAY_MIN = 24 * 60


class TranscriptSource(Protocol):
    """What is needed of the store."""

    async def transcript(self, room: str) -> Transcript:
        """Return all that is stored of a room; without entries when there is nothing."""


def transcript_routes() -> list[Route]:
    """Return the route, with a memory of its own."""
    documents = _Documents()

    async def transcript(request: Request) -> Response:
        return await _transcript(request, documents)

    return [Route("/v1/rooms/{room}/transcript", with_refusals(transcript))]


class _Documents:
    """Written documents, the least recently used forgotten first."""

    def __init__(self) -> None:
        self._written: OrderedDict[str, bytes] = OrderedDict()
        self._writing = asyncio.Lock()

    async def get(
        self, tag: str, export: Export, timeline: Timeline, options: TextOptions
    ) -> bytes:
        """Return the document that ``tag`` identifies, writing it if needed."""
        async with self._writing:
            body = self._written.get(tag)
            if body is None:
                text = await run_in_threadpool(export.write, timeline, options)
                body = self._written[tag] = text.encode()
            self._written.move_to_end(tag)
            if len(self._written) > _KEPT_DOCUMENTS:
                self._written.popitem(last=False)
            return body


async def _transcript(request: Request, documents: _Documents) -> Response:
    room = room_of(request)
    export = _export_of(request)
    options = _options_of(request)
    after = whole_number(request, "after", least=0, most=_MOST_OFFSET, usual=0)
    download = whole_number(request, "download", least=0, most=1, usual=1)
    hub = request.app.state.hub
    store: TranscriptSource = hub.store
    whole = Timeline.of(await store.transcript(room))
    if not whole.placed:
        raise Refusal(404, "no_transcript", f"Nothing has been captioned in room {room} yet.")
    timeline = whole.after(after)
    tag = _tag(timeline, (export.extension, options.times, options.utc_offset_min))
    headers = {
        "ETag": tag,
        "Cache-Control": "no-cache",
        "Content-Disposition": _disposition(timeline, export, options, attached=bool(download)),
        **cross_origin_headers(request.headers, hub.settings),
    }
    if _is_known(tag, request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    body = await documents.get(tag, export, timeline, options)
    return Response(body, headers=headers, media_type=export.content_type)


def _export_of(request: Request) -> Export:
    name = request.query_params.get("format", "vtt")
    if name not in EXPORTS:
        choices = ", ".join(EXPORTS)
        raise Refusal(400, "bad_format", f"There is no such format; choose one of {choices}.")
    return EXPORTS[name]


def _options_of(request: Request) -> TextOptions:
    times = request.query_params.get("times", TextTimes.NONE)
    if times not in set(TextTimes):
        choices = ", ".join(TextTimes)
        raise Refusal(400, "bad_request", f"times must be one of {choices}.")
    offset = whole_number(request, "utc_offset", least=1 - _DAY_MIN, most=_DAY_MIN - 1, usual=0)
    return TextOptions(TextTimes(times), offset)


def _tag(timeline: Timeline, form: Sequence[object]) -> str:
    """Identify a document: entries are never changed, only added and deleted."""
    entries = [(each.entry.session, each.entry.offset, each.start) for each in timeline.placed]
    content = repr((__version__, timeline.room, timeline.zero, *form, entries))
    return f'"{hashlib.blake2b(content.encode(), digest_size=16).hexdigest()}"'


def _is_known(tag: str, if_none_match: str) -> bool:
    known = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return tag in known or "*" in known


def _disposition(
    timeline: Timeline, export: Export, options: TextOptions, *, attached: bool
) -> str:
    day = iso_time(timeline.zero + 60 * options.utc_offset_min)[:10]
    kind = "attachment" if attached else "inline"
    return f'{kind}; filename="{timeline.room}-{day}.{export.extension}"'
