"""A model hub on the loopback interface, as small as the hub client allows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import huggingface_hub.constants
import pytest

from livecaption.bundled import model_path

COMMIT = "c" * 40


@dataclass
class FakeHub:
    """What the hub holds; change it while it runs."""

    files: dict[str, bytes]
    """Of every repository."""
    refusals: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    """Status and headers with which a repository is refused."""
    claimed_bytes: dict[str, int] = field(default_factory=dict)
    """Sizes that differ from the truth."""
    requests: list[str] = field(default_factory=list)
    endpoint: str = ""


@contextmanager
def serving(hub: FakeHub) -> Iterator[FakeHub]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def serving_the_bundled_model(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """Every repository holds the bundled model, and the hub client asks this hub."""
    files = {path.name: path.read_bytes() for path in model_path().iterdir()}
    files["README.md"] = b"not wanted"
    with serving(FakeHub(files)) as hub:
        point_to(hub.endpoint, monkeypatch)
        yield hub


def point_to(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what HF_ENDPOINT does when the hub client is imported."""
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", endpoint)
    template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


def _handler(hub: FakeHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*_respond(hub, self.path))

        def do_HEAD(self) -> None:
            self._answer(*_respond(hub, self.path))

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            hub.requests.append(f"{self.command} {self.path}")
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    return Handler


def _respond(hub: FakeHub, target: str) -> tuple[int, dict[str, str], bytes]:
    path = target.split("?")[0]
    for repository, (status, headers) in hub.refusals.items():
        if path.startswith(f"/api/models/{repository}"):
            return status, headers, b"{}"
    if path.startswith("/api/models/"):
        return 200, {}, json.dumps(_listing(hub, path)).encode()
    body = hub.files.get(path.rpartition("/")[2])
    if body is None:
        return 404, {"X-Error-Code": "EntryNotFound"}, b""
    etag = hashlib.sha256(body).hexdigest()
    return 200, {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT}, body


def _listing(hub: FakeHub, path: str) -> object:
    sizes = {name: hub.claimed_bytes.get(name, len(body)) for name, body in hub.files.items()}
    if "/tree/" in path:
        return [
            {"type": "file", "path": name, "size": size, "oid": "0" * 40}
            for name, size in sizes.items()
        ]
    siblings = [{"rfilename": name, "size": size} for name, size in sizes.items()]
    return {"_id": "1", "id": "acme/model", "sha": COMMIT, "siblings": siblings}
