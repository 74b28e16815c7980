"""A server whose every word is chosen by the test, so that the pages can be shown any situation.

It serves the real pages under the real security headers and speaks just enough of the protocol;
what a real server would decide, the test decides. It must not know what the pages do with it.
"""

from __future__ import annotations

import asyncio
import json
import mimetypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from livecaption.protocol.limits import SUBPROTOCOL
from livecaption.server.qr import qr_svg, viewer_address

__all__ = ["READY", "Conversation", "FakeServer", "fake_server"]

STATIC = Path(__file__).parents[2] / "static"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'{styles}; connect-src 'self'{obs}; "
    "img-src 'self' data:; media-src blob:; worker-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)

READY: dict[str, Any] = {
    "type": "ready",
    "protocol": 1,
    "session": "s_1",
    "resume_token": "rt_1",
    "room": "main",
    "model": "micro-en",
    "language": None,
    "started_at": "2026-11-23T10:00:00.000Z",
    "resumed": False,
    "resume_from": 0,
    "limits": {"max_frame_bytes": 65536, "idle_s": 60.0, "max_session_s": 86400.0},
}


class Conversation:
    """One WebSocket, with the test on the server's side."""

    def __init__(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.path = socket.request.path
        offered = socket.request.headers["Sec-WebSocket-Protocol"]
        self.protocols = [name.strip() for name in offered.split(",")]
        self.audio = bytearray()
        self._socket = socket
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._heard = asyncio.Condition()
        self._seq = 0

    async def listen(self) -> None:
        """Take in what the page sends until it leaves."""
        try:
            async for data in self._socket:
                if isinstance(data, str):
                    self._messages.put_nowait(json.loads(data))
                    continue
                async with self._heard:
                    self.audio += data
                    self._heard.notify_all()
        except ConnectionClosed:
            return

    async def message(self, kind: str, *, within_s: float = 10) -> dict[str, Any]:
        """The next message, which must be of type ``kind``."""
        async with asyncio.timeout(within_s):
            message = await self._messages.get()
        assert message["type"] == kind, message
        return message

    async def left(self, *, within_s: float = 15) -> None:
        """Wait until the page has closed the connection."""
        async with asyncio.timeout(within_s):
            await self._socket.wait_closed()

    async def audio_bytes(self, count: int, *, within_s: float = 15) -> bytes:
        """Wait until the page has sent ``count`` bytes of audio; return all it has sent."""
        async with asyncio.timeout(within_s), self._heard:
            await self._heard.wait_for(lambda: len(self.audio) >= count)
        return bytes(self.audio)

    async def say(self, type: str, **fields: Any) -> None:  # noqa: A002 - the wire's own word
        """Send a message."""
        await self._socket.send(json.dumps({"type": type, **fields}))

    async def ready(self, **changes: Any) -> dict[str, Any]:
        """Answer ``start``, and return it."""
        start = await self.message("start")
        await self.say(**{**READY, **changes})
        return start

    async def delta(self, utterance: int, text: str, **fields: Any) -> None:
        """Send committed words."""
        await self._numbered("delta", utterance=utterance, text=text, words=[], **fields)

    async def partial(self, utterance: int, revision: int, text: str, **fields: Any) -> None:
        """Send words that may still change."""
        await self.say("partial", utterance=utterance, revision=revision, text=text, **fields)

    async def final(self, utterance: int, text: str, **fields: Any) -> None:
        """Close an utterance."""
        fields = {"start": 0, "end": 1, "language": "en", "speaker": None, "words": [], **fields}
        await self._numbered("final", utterance=utterance, text=text, **fields)

    async def gap(self, seconds: float, reason: str) -> None:
        """Say that audio will not be captioned."""
        await self._numbered("gap", **{"from": 1.0, "to": 1.0 + seconds}, reason=reason)

    async def closed(self, **changes: Any) -> None:
        """Give the account of the session and hang up."""
        account = {"audio_s": 3.0, "captioned_s": 3.0, "silent_s": 0.0, "lost_s": 0.0}
        await self.say("closed", reason="stop", **{**account, **changes})
        await self.hang_up(1000)

    async def hang_up(self, code: int) -> None:
        """Close the socket."""
        await self._socket.close(code)

    def break_off(self) -> None:
        """End the connection without goodbye, as a network does."""
        self._socket.transport.abort()

    async def _numbered(self, kind: str, **fields: Any) -> None:
        self._seq += 1
        await self.say(kind, seq=self._seq, **fields)


class FakeServer:
    """Pages and sockets on a free port of this machine."""

    def __init__(self) -> None:
        self.refuse: HTTPStatus | None = None
        """Answer to WebSocket handshakes instead of accepting them."""
        self.readiness: tuple[HTTPStatus, str] = (HTTPStatus.OK, "ready")
        self.transcript = HTTPStatus.NOT_FOUND
        """Answer to requests for a room's transcript."""
        self.port = 0
        self.attempts = 0
        """WebSocket handshakes so far, accepted or not."""
        self._attempted = asyncio.Event()
        self._paths: set[str] = set()
        self._requested = asyncio.Condition()
        self._conversations: asyncio.Queue[Conversation] = asyncio.Queue()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def conversation(self, *, within_s: float = 20) -> Conversation:
        """Wait for the next WebSocket that a page opens."""
        async with asyncio.timeout(within_s):
            return await self._conversations.get()

    async def attempted(self, count: int, *, within_s: float = 20) -> None:
        """Wait until there were ``count`` handshakes, accepted or not."""
        async with asyncio.timeout(within_s):
            while self.attempts < count:
                self._attempted.clear()
                await self._attempted.wait()

    async def asked(self, path: str, *, within_s: float = 10) -> None:
        """Wait until a page has asked for a path by HTTP."""
        async with asyncio.timeout(within_s), self._requested:
            await self._requested.wait_for(lambda: path in self._paths)

    async def publisher(self, **changes: Any) -> Conversation:
        """Wait for the next WebSocket and greet it."""
        conversation = await self.conversation()
        await conversation.ready(**changes)
        return conversation

    async def converse(self, socket: ServerConnection) -> None:
        """Handle one WebSocket."""
        conversation = Conversation(socket)
        self._conversations.put_nowait(conversation)
        await conversation.listen()

    async def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer everything that is not a WebSocket to be accepted."""
        path = request.path.partition("?")[0]
        async with self._requested:
            self._paths.add(path)
            self._requested.notify_all()
        if path.startswith("/ws/"):
            self.attempts += 1
            self._attempted.set()
            return None if self.refuse is None else connection.respond(self.refuse, "refused")
        if path == "/readyz":
            status, word = self.readiness
            body = json.dumps({"status": word}).encode()
            return _response(status, body, {"Content-Type": "application/json"})
        if path.endswith("/qr.svg"):
            svg = qr_svg(viewer_address(self.url, path.split("/")[3]))
            return _response(HTTPStatus.OK, svg, {"Content-Type": "image/svg+xml"})
        if path.endswith("/transcript"):
            return _response(self.transcript, b"text\n", {"Content-Type": "text/plain"})
        return _file(path)


def _file(path: str) -> Response:
    if path == "/":
        file = STATIC / "index.html"
    elif path.startswith("/overlay/"):
        file = STATIC / "overlay.html"
    elif path.startswith("/watch/"):
        file = STATIC / "watch.html"
    else:
        file = STATIC / path.removeprefix("/static/")
    if not file.is_file():
        return _response(HTTPStatus.NOT_FOUND, b"not found", {"Content-Type": "text/plain"})
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    # OBS puts its user's own styles into the overlay as a style element, and takes captions.
    overlay = path.startswith("/overlay/")
    styles, obs = (" 'unsafe-inline'", " ws://127.0.0.1:*") if overlay else ("", "")
    headers = {
        "Content-Type": kind,
        "Content-Security-Policy": POLICY.format(styles=styles, obs=obs),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "microphone=(self), camera=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    return _response(HTTPStatus.OK, file.read_bytes(), headers)


def _response(status: HTTPStatus, body: bytes, headers: dict[str, str]) -> Response:
    all_headers = Headers({**headers, "Content-Length": str(len(body)), "Connection": "close"})
    return Response(status.value, status.phrase, all_headers, body)


@asynccontextmanager
async def fake_server() -> AsyncIterator[FakeServer]:
    """Serve until the block ends."""
    fake = FakeServer()
    listening: Server = await serve(
        fake.converse,
        "127.0.0.1",
        0,
        process_request=fake.answer,
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        compression=None,
    )
    fake.port = next(iter(listening.sockets)).getsockname()[1]
    try:
        yield fake
    finally:
        listening.close()
        await listening.wait_closed()
