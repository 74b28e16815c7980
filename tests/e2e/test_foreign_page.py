"""A page of another site in a real browser: it can neither speak, nor read, nor change anything."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from livecaption.engine.scripted import ScriptedTranscriber
from tests.e2e.browser import INSECURE_HOST
from tests.serving import Running, open_publisher, running_server, speech, talking

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

TRY_SOCKET = """
  async url => new Promise(resolve => {
    const socket = new WebSocket(url, 'livecaption.v1');
    const seen = [];
    socket.onopen = () => seen.push('open');
    socket.onmessage = event => seen.push(event.data);
    socket.onclose = () => resolve(seen);
  })
"""
TRY_STREAM = """
  async url => new Promise(resolve => {
    const stream = new EventSource(url);
    const seen = [];
    for (const name of ['message', 'snapshot', 'presence', 'delta', 'final']) {
      stream.addEventListener(name, event => seen.push(event.data));
    }
    stream.onopen = () => seen.push('open');
    stream.onerror = () => { stream.close(); resolve(seen); };
  })
"""
TRY_FETCH = """
  async ([url, options]) => {
    try {
      const answer = await fetch(url, options);
      return {type: answer.type, status: answer.status, text: await answer.text()};
    } catch (error) {
      return {type: error.name};
    }
  }
"""
TRY_FRAME = """
  async url => new Promise(resolve => {
    const frame = document.createElement('iframe');
    frame.onload = () => {
      // A page that was let in belongs to another site: its document may not be looked at either.
      resolve(frame.contentWindow.length);
    };
    frame.src = url;
    document.body.append(frame);
  })
"""


class _ForeignPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Another site</title><body></body>")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def foreign_site() -> Iterator[int]:
    """The port of a site that is not ours."""
    site = ThreadingHTTPServer(("127.0.0.1", 0), _ForeignPage)
    thread = threading.Thread(target=site.serve_forever)
    thread.start()
    yield site.server_address[1]
    site.shutdown()
    thread.join()
    site.server_close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ours() -> AsyncIterator[Running]:
    async with running_server(ScriptedTranscriber()) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module", params=["127.0.0.1", "localhost", INSECURE_HOST])
async def foreign(
    browser: Browser, foreign_site: int, request: pytest.FixtureRequest
) -> AsyncIterator[Page]:
    """A page at another port, or under another name, of the same machine."""
    context = await browser.new_context()
    page = await context.new_page()
    page.set_default_timeout(20_000)
    await page.goto(f"http://{request.param}:{foreign_site}/")
    yield page
    await context.close()


@pytest.mark.parametrize("path", ["/ws/publish", "/ws/watch"])
async def test_it_opens_no_socket(foreign: Page, ours: Running, path: str) -> None:
    assert await foreign.evaluate(TRY_SOCKET, f"{ours.ws}{path}") == []


async def test_it_reads_nothing_while_somebody_speaks(foreign: Page, ours: Running) -> None:
    async with open_publisher(ours) as speaker:
        await speaker.send(speech(1.0))
        async with talking(speaker):
            assert await foreign.evaluate(TRY_STREAM, f"{ours.http}/v1/rooms/main/events") == []
            for path in ("/v1/rooms", "/v1/rooms/main/transcript", "/", "/v1/admin/state"):
                seen = await foreign.evaluate(TRY_FETCH, [ours.http + path, {}])
                assert seen == {"type": "TypeError"}, path
                opaque = {"mode": "no-cors"}
                seen = await foreign.evaluate(TRY_FETCH, [ours.http + path, opaque])
                assert seen == {"type": "opaque", "status": 0, "text": ""}, path


async def test_it_changes_nothing(foreign: Page, ours: Running) -> None:
    # No preflight comes before a plain form, and its answer cannot be read; but it arrives.
    form = {"method": "POST", "mode": "no-cors", "body": "{}"}
    for path in ("/v1/admin/drain", "/v1/tokens", "/v1/rooms/main/links", "/v1/jobs"):
        await foreign.evaluate(TRY_FETCH, [ours.http + path, form])
    asks = {"method": "DELETE", "headers": {"Content-Type": "application/json"}}
    for path in ("/v1/rooms/main", "/v1/admin/drain"):
        assert (await foreign.evaluate(TRY_FETCH, [ours.http + path, asks]))["type"] == "TypeError"
    assert ours.hub.status == "ready"
    assert await ours.hub.links.of("main") == []


@pytest.mark.parametrize("path", ["/", "/watch/main", "/overlay/main", "/admin", "/docs"])
async def test_it_cannot_frame_our_pages(foreign: Page, ours: Running, path: str) -> None:
    blocked: list[str] = []
    foreign.on("console", lambda line: blocked.append(line.text))
    await foreign.evaluate(TRY_FRAME, ours.http + path)
    async with asyncio.timeout(20):
        while not any("frame-ancestors" in line for line in blocked):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_our_own_page_may_do_all_of_it(browser: Browser, ours: Running) -> None:
    context = await browser.new_context(base_url=ours.http)
    page = await context.new_page()
    page.set_default_timeout(20_000)
    await page.goto("/docs")
    answer = await page.evaluate(TRY_FETCH, ["/v1/rooms", {}])
    assert (answer["type"], answer["status"]) == ("basic", 200)
    opened = TRY_SOCKET.replace("seen.push('open')", "resolve('open')")
    assert await page.evaluate(opened, f"{ours.ws}/ws/watch") == "open"
    await context.close()
