"""``captions.m3u8`` and its segments: a room's captions as a live WebVTT track for HLS players.

Everything is computed when a player asks; nothing runs meanwhile. A room that is being watched is
read once for each new segment, however many players there are.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from livecaption.access.roles import ANYBODY
from livecaption.core.caption_feed import CaptionFeed, Said
from livecaption.core.hls import (
    KEEP_MS,
    SEGMENT_MS,
    newest_segment,
    oldest_segment,
    playlist_text,
    segment_text,
)
from livecaption.core.timed_text import Segment, TimedWord
from livecaption.core.timeline import iso_time, segment_of
from livecaption.core.transcript import Transcript
from livecaption.core.transcript_cues import voice_of
from livecaption.protocol.server_messages import OpenUtterance
from livecaption.server.doorkeeper import principal_of
from livecaption.server.room_requests import (
    Refusal,
    cross_origin_headers,
    room_of,
    whole_number,
    with_refusals,
)
from livecaption.server.rooms import Rooms
from livecaption.server.transcripts import TranscriptSource
from livecaption.storage.reading import placed_words

__all__ = ["live_track_routes", "said_in"]

_ROOMS_KEPT = 64
"""Rooms whose settled cues are remembered; of one that was forgotten, words that were late may be
missing or doubled at one boundary when it is asked for again."""
_KEEP_SEGMENT_S = 300
"""How long caches may keep a segment: no segment changes, but a room may be deleted."""
_MOST_TICKS = 2**33 - 1
"""The clock of MPEG-2 has 33 bits."""


def live_track_routes(clock: Callable[[], float] = time.time) -> list[Route]:
    """Return the routes, with a memory of their own.

    Args:
        clock: seconds since the epoch.
    """
    track = LiveTrack(clock)
    return [
        Route("/v1/rooms/{room}/captions.m3u8", with_refusals(track.playlist)),
        Route("/v1/rooms/{room}/captions/{number:int}.vtt", with_refusals(track.segment)),
    ]


@dataclass(slots=True)
class _Watched:
    """A room that players ask for."""

    feed: CaptionFeed = field(default_factory=lambda: CaptionFeed(keep_ms=KEEP_MS))
    settled: int = -1
    """The last segment whose cues are settled."""
    zero: float = 0.0
    """Wall-clock time of the transcript's first sample."""
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)


class LiveTrack:
    """The caption tracks of all rooms."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._watched: OrderedDict[str, _Watched] = OrderedDict()

    async def playlist(self, request: Request) -> Response:
        """Answer with the media playlist; any room has one, for players that come first."""
        room_of(request)
        zero, mpegts = _mapping_of(request)
        query = {}
        if zero is not None:
            query["zero"] = iso_time(zero)
        if mpegts:
            query["mpegts"] = str(mpegts)
        headers = cross_origin_headers(request.headers, request.app.state.hub.settings)
        text = playlist_text(self._newest(), urlencode(query))
        return Response(text, headers=headers, media_type="application/vnd.apple.mpegurl")

    async def segment(self, request: Request) -> Response:
        """Answer with one segment."""
        room = room_of(request)
        number: int = request.path_params["number"]
        newest = self._newest()
        if not oldest_segment(newest) <= number <= newest:
            raise Refusal(404, "no_segment", "This segment is not there yet, or no longer.")
        zero, mpegts = _mapping_of(request)
        begin = number * SEGMENT_MS
        watched = self._watched.setdefault(room, _Watched())
        async with watched.reading:  # the thread that settles cues must not meet one that reads
            if watched.settled < newest:
                is_used = await self._settle(request, room, watched, newest)
                self._remember(room, watched, is_used=is_used)
            cues = watched.feed.between(begin, begin + SEGMENT_MS)
        zero = watched.zero if zero is None else zero
        text = segment_text(cues, zero_ms=round(1000 * zero), mpegts=mpegts)
        # What not everybody may read must not lie in a cache that everybody asks.
        shared = "public" if principal_of(request) is ANYBODY else "private"
        headers = {
            "Cache-Control": f"{shared}, max-age={_KEEP_SEGMENT_S}",
            **cross_origin_headers(request.headers, request.app.state.hub.settings),
        }
        return Response(text, headers=headers, media_type="text/vtt; charset=utf-8")

    def _newest(self) -> int:
        return newest_segment(int(self._clock() * 1000))

    async def _settle(self, request: Request, room: str, watched: _Watched, newest: int) -> bool:
        """Settle all cues that begin before the end of segment ``newest``.

        Returns:
            Whether somebody has spoken in the room or may be about to.
        """
        hub = request.app.state.hub
        # In this order: an utterance that is closed in between is in both, not in neither.
        still_open, is_live = _open_utterances(hub.rooms, room)
        store: TranscriptSource = hub.store
        transcript = await store.transcript(room)
        said = list(said_in(transcript, still_open))
        await run_in_threadpool(watched.feed.advance, said, (newest + 1) * SEGMENT_MS)
        watched.settled = newest
        watched.zero = min((entry.started_at for entry in transcript.entries), default=0.0)
        return is_live or bool(transcript.entries)

    def _remember(self, room: str, watched: _Watched, *, is_used: bool) -> None:
        """Names that nobody uses are forgotten at once, so that they push no room out."""
        if not is_used:
            self._watched.pop(room, None)
            return
        self._watched[room] = watched
        self._watched.move_to_end(room)
        if len(self._watched) > _ROOMS_KEPT:
            self._watched.popitem(last=False)


def said_in(transcript: Transcript, still_open: tuple[OpenUtterance, ...]) -> Iterator[Said]:
    """Yield what was said, closed utterances first.

    An open utterance of a session that has no entry in the transcript has no place on the wall
    clock yet; it is left out until its final comes.
    """
    closed = set()
    for line in transcript.lines:
        closed.add((line.session, line.utterance))
        voice = voice_of(line.speaker, line.session)
        placed = segment_of(line, line.started_at)
        yield Said(line.session, line.utterance, voice, line.speaker, placed)
    started = {entry.session: entry.started_at for entry in transcript.entries}
    for open_one in still_open:
        session, utterance, speaker = open_one.session, open_one.utterance, open_one.speaker
        if open_one.words and session in started and (session, utterance) not in closed:
            placed = _placed(open_one, started[session])
            yield Said(session, utterance, voice_of(speaker, session), speaker, placed)


def _placed(utterance: OpenUtterance, started_at: float) -> Segment:
    words = tuple(
        TimedWord(word.text, word.start + started_at, word.end + started_at, word.probability)
        for word in placed_words(utterance.text, utterance.words)
    )
    end = max(word.end for word in utterance.words)
    return Segment(utterance.start + started_at, end + started_at, utterance.text, words=words)


def _open_utterances(rooms: Rooms, name: str) -> tuple[tuple[OpenUtterance, ...], bool]:
    """Return what is being said, and whether anybody publishes at all."""
    room = rooms.find(name)
    if room is None:
        return (), False
    return room.snapshot().open_utterances, bool(room.attached or room.detached)


def _mapping_of(request: Request) -> tuple[float | None, int]:
    """Return ``zero`` in seconds since the epoch and ``mpegts`` in ticks of the video's clock."""
    mpegts = whole_number(request, "mpegts", least=0, most=_MOST_TICKS, usual=0)
    text = request.query_params.get("zero")
    if text is None:
        return None, mpegts
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        sentence = "zero must be a time with its zone, such as 2026-11-23T10:00:00Z."
        raise Refusal(400, "bad_request", sentence)
    return moment.timestamp(), mpegts
