"""Our server's sockets around an application that says what it hears, for conformance suites.

Suites compare what comes back with what they sent, which captions are not. Everything below the
application is the server's: its protocol, its limits, its settings. Says ``PORT`` once it listens.
"""

from __future__ import annotations

import logging
import sys

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from livecaption.server.serving import LiveServer, bind
from livecaption.settings import load_settings


async def echo(websocket: WebSocket) -> None:
    """Say every message again until the peer leaves."""
    await websocket.accept()
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("bytes") is not None:
            await websocket.send_bytes(message["bytes"])
        else:
            await websocket.send_text(message["text"])


def main() -> None:
    """Serve until killed."""
    logging.basicConfig(level="CRITICAL", stream=sys.stderr)
    settings = load_settings(None, port=0)
    listener = bind(settings)
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    app = Starlette(routes=[WebSocketRoute("/", echo)])
    LiveServer(app, settings).run(sockets=[listener])


if __name__ == "__main__":
    main()
