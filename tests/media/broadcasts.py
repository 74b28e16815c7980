"""A broadcast over HTTP, without length or end, that breaks where a test says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["broadcasting"]


@contextmanager
def broadcasting(*connections: bytes | int, last: threading.Event | None = None) -> Iterator[str]:
    """Serve each connection what is named for it: its bytes, or an HTTP status; then 404.

    Args:
        connections: in the order in which they come.
        last: with it the last connection is kept open until it is set, as a broadcast would.
    """
    waiting = list(connections)

    class Radio(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = waiting.pop(0) if waiting else 404
            if isinstance(content, int):
                self.send_error(content)
                return
            self.send_response(200)
            self.send_header("Content-Type", "audio/mpeg")
            self.end_headers()
            self.wfile.write(content)
            self.wfile.flush()
            if last is not None and not waiting:
                last.wait(timeout=30)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Radio) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/live.mp3"
        finally:
            if last is not None:
                last.set()
            server.shutdown()
            thread.join()
