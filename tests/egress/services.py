"""YouTube and Zoom as their published contracts have them, on a port of this machine.

Each service checks every request against its contract and remembers what it shows; what breaks the
contract is a violation, which fails the test. Faults are scripted: one for each request to come.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

__all__ = ["FakeService", "FakeYouTube", "FakeZoom", "Fault", "serving"]

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}")


class Fault(Enum):
    """How one request goes wrong."""

    ERROR = "500 before anything was done"
    ERROR_AFTER = "500 although it was done"
    HANG = "no answer, nothing done"
    HANG_AFTER = "no answer, although it was done"
    BAD_REQUEST = "400"
    FORBIDDEN = "403"
    GONE = "410"
    REDIRECT = "302 to somewhere inside"
    BUSY = "429"


@dataclass
class FakeService:
    """What both have in common."""

    query: str
    """Query string that a request must begin with, to the letter."""
    faults: deque[Fault | None] = field(default_factory=deque)
    violations: list[str] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Method and query of each."""
    shown: list[str] = field(default_factory=list)
    last_seq: int | None = None
    """Of the last post that was taken."""
    port: int = 0
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        """What its operator hands out."""
        return f"http://127.0.0.1:{self.port}/closedcaption?{self.query}"

    async def shows(self, count: int, within_s: float = 10.0) -> list[str]:
        """Wait until so many captions were shown; return all."""
        return await self.until(lambda: len(self.shown) >= count, within_s)

    async def until(self, condition: Callable[[], bool], within_s: float = 10.0) -> list[str]:
        """Wait until a condition holds after a request."""
        async with asyncio.timeout(within_s), self._news:
            await self._news.wait_for(condition)
        return self.shown

    def numbers(self) -> list[int]:
        """The ``seq`` of each post."""
        found = [re.search(r"[?&]?seq=(\d+)", query) for method, query in self.requests]
        return [int(match[1]) for match in found if match]

    async def answer(self, request: Request) -> Response:
        """Take one request."""
        query = str(request.scope["query_string"], "ascii")
        self.requests.append((request.method, query))
        if not query.startswith(self.query):
            self.violations.append(f"the signed query was changed: {query}")
        fault = self.faults.popleft() if self.faults else None
        if fault in (None, Fault.ERROR_AFTER, Fault.HANG_AFTER):
            response = await self.take(request)
        else:
            response = PlainTextResponse("no")
        if fault in (Fault.HANG, Fault.HANG_AFTER):
            await self._tell()
            await asyncio.sleep(3600)
        await self._tell()
        return _spoiled(fault, response)

    async def take(self, request: Request) -> Response:
        """Do what the service does."""
        raise NotImplementedError

    def count(self, request: Request) -> bool:
        """Check the number of a post; say whether it is a new one."""
        seq = int(request.query_params["seq"])
        if self.last_seq is not None and seq not in (self.last_seq, self.last_seq + 1):
            self.violations.append(f"seq {seq} after {self.last_seq}")
        is_new = seq != self.last_seq
        self.last_seq = seq
        return is_new

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()


def _spoiled(fault: Fault | None, response: Response) -> Response:
    status = {
        Fault.ERROR: 500,
        Fault.ERROR_AFTER: 500,
        Fault.BAD_REQUEST: 400,
        Fault.FORBIDDEN: 403,
        Fault.GONE: 410,
        Fault.BUSY: 429,
    }
    if fault is Fault.REDIRECT:
        return RedirectResponse("http://127.0.0.1:9/closedcaption", 302)
    return PlainTextResponse("no", status[fault]) if fault in status else response


@dataclass
class FakeYouTube(FakeService):
    """Closed captions over HTTP, YouTube's kind."""

    ahead_s: float = 0.0
    """How far its clock is ahead of ours."""
    times: list[float] = field(default_factory=list)
    """Of the captions shown, seconds since the epoch, on its clock."""
    heartbeats: int = 0

    async def take(self, request: Request) -> Response:
        """A post: times and texts in turn."""
        now = time.time() + self.ahead_s
        if request.method != "POST":
            return PlainTextResponse("no", 405)
        if request.headers["content-type"] != "text/plain":
            self.violations.append(f"content type {request.headers['content-type']}")
        body = (await request.body()).decode("utf-8")
        if self.count(request):
            self._read(body, now)
        moment = datetime.fromtimestamp(now, UTC).replace(tzinfo=None)
        return PlainTextResponse(moment.isoformat(timespec="milliseconds") + "\n")

    def _read(self, body: str, now: float) -> None:
        if not body.endswith("\n"):
            self.violations.append("no newline at the end")
        lines = body.removesuffix("\n").split("\n")
        for stamp, text in zip(lines[::2], lines[1::2], strict=True):
            if not _TIME.fullmatch(stamp):
                self.violations.append(f"time {stamp!r}")
                continue
            at = datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp()
            if text and abs(at - now) > 60:
                self.violations.append(f"a time {at - now:.1f} s from now")
            if not text:
                self.heartbeats += 1
                continue
            self.shown.append(text)
            self.times.append(at)


@dataclass
class FakeZoom(FakeService):
    """A meeting's closed-caption URL."""

    started: bool = True
    tells_seq: bool = True

    async def take(self, request: Request) -> Response:
        """A caption, or the question for the last number."""
        if request.url.path == "/closedcaption/seq":
            if not self.tells_seq or request.method != "GET":
                return PlainTextResponse("no", 405)
            return PlainTextResponse(str(self.last_seq or 0), 200 if self.started else 400)
        if request.method != "POST":
            return PlainTextResponse("no", 405)
        if not self.started:
            return PlainTextResponse("the meeting has not started", 400)
        if "seq" not in request.query_params or not request.query_params.get("lang"):
            return PlainTextResponse("no", 403)
        if request.headers["content-type"].partition(";")[0] != "text/plain":
            self.violations.append(f"content type {request.headers['content-type']}")
        text = (await request.body()).decode("utf-8")
        if self.count(request):
            self.shown.append(text)
        return PlainTextResponse(datetime.now(UTC).isoformat())


@asynccontextmanager
async def serving(service: FakeService, port: int = 0) -> AsyncIterator[None]:
    """Serve until the block ends; the contract must have been kept."""
    methods = ["GET", "POST"]
    app = Starlette(
        routes=[
            Route("/closedcaption", service.answer, methods=methods),
            Route("/closedcaption/seq", service.answer, methods=methods),
        ]
    )
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        log_config=None,
        timeout_graceful_shutdown=1,
        ws="none",
        lifespan="off",
    )
    listener = config.bind_socket()
    service.port = listener.getsockname()[1]
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.force_exit = server.should_exit = True
        await task
        listener.close()
    assert service.violations == []
