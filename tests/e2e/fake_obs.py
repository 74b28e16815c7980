"""OBS's WebSocket server as its protocol 5 describes it, as far as stream captions need it.

What breaks the protocol is a violation, which fails the test.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

__all__ = ["FakeObs", "fake_obs"]

_SALT = "lM1GncleQOaCu9lT1yeUZhFYnqhsLLP1G5lAGo3ixaI="
_CHALLENGE = "+IxH4CnCiqpX1rM9scsNynZzbOe4KhDeYcTNS3PDaeY="


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@dataclass
class FakeObs:
    """OBS, streaming or not."""

    password: str | None = None
    streaming: bool = True
    captions: list[str] = field(default_factory=list)
    identified: int = 0
    refused: int = 0
    violations: list[str] = field(default_factory=list)
    port: int = 0
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, condition: Callable[[], bool], within_s: float = 10.0) -> None:
        """Wait until a condition holds after a message."""
        async with asyncio.timeout(within_s), self._news:
            await self._news.wait_for(condition)

    async def converse(self, socket: ServerConnection) -> None:
        """Handle one client."""
        try:
            await self._converse(socket)
        except ConnectionClosed:
            return

    async def _converse(self, socket: ServerConnection) -> None:
        hello: dict[str, Any] = {"obsWebSocketVersion": "5.5.2", "rpcVersion": 1}
        if self.password is not None:
            hello["authentication"] = {"challenge": _CHALLENGE, "salt": _SALT}
        await self._send(socket, 0, hello)
        identify = json.loads(await socket.recv())
        if identify["op"] != 1 or identify["d"].get("rpcVersion") != 1:
            self.violations.append(f"not an Identify: {identify}")
        if self.password is not None:
            expected = _digest(_digest(self.password + _SALT) + _CHALLENGE)
            if identify["d"].get("authentication") != expected:
                self.refused += 1
                await socket.close(4009, "Authentication failed.")
                await self._tell()
                return
        await self._send(socket, 2, {"negotiatedRpcVersion": 1})
        self.identified += 1
        await self._tell()
        async for text in socket:
            await self._answer(socket, json.loads(text))

    async def _answer(self, socket: ServerConnection, message: dict[str, Any]) -> None:
        request = message["d"]
        text = request.get("requestData", {}).get("captionText")
        if message["op"] != 6 or request.get("requestType") != "SendStreamCaption" or not text:
            self.violations.append(f"not a caption: {message}")
            return
        lines = text.split("\n")
        if len(lines) > 2 or any(len(line) > 32 for line in lines):
            self.violations.append(f"more than 2 lines of 32: {text!r}")
        status: dict[str, Any] = {"result": self.streaming, "code": 100 if self.streaming else 501}
        if self.streaming:
            self.captions.append(text)
        fields = {"requestType": request["requestType"], "requestId": request["requestId"]}
        await self._send(socket, 7, {**fields, "requestStatus": status})
        await self._tell()

    async def _send(self, socket: ServerConnection, op: int, content: dict[str, Any]) -> None:
        await socket.send(json.dumps({"op": op, "d": content}))

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()


@asynccontextmanager
async def fake_obs(**given: Any) -> AsyncIterator[FakeObs]:
    """Serve until the block ends; the protocol must have been kept."""
    obs = FakeObs(**given)
    protocols = [Subprotocol("obswebsocket.json")]
    async with serve(obs.converse, "127.0.0.1", 0, subprotocols=protocols) as server:
        obs.port = next(iter(server.sockets)).getsockname()[1]
        yield obs
    assert obs.violations == []
