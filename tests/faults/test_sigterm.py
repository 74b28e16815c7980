"""SIGTERM in mid-sentence: no word is lost, sockets are told, the process is gone in time.

``python -m bench sigterm`` does it twenty times, with several speakers and the bundled model.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from livecaption.client import ConnectionOptions, paced, publish, watch
from livecaption.client.backoff import RetryPolicy
from livecaption.core.audio import Samples
from livecaption.core.hypothesis import text_of
from livecaption.protocol.limits import MAX_FRAME_BYTES, SUBPROTOCOL
from livecaption.protocol.server_messages import RoomFinal, Snapshot
from tests.faults.heard import Heard
from tests.faults.killable import SCRIPTED, KillableServer
from tests.faults.on_disk import read_disk
from tests.faults.raw_socket import upgrade
from tests.faults.talk import talk
from tests.faults.tap import Tap, TappedSocket, tapped
from tests.faults.test_cuts import blocks
from tests.serving import events_until, receive, speech, within

SEED = 12
LONG_ENOUGH = ConnectionOptions(quiet_s=10.0)
SOON_BACK = ConnectionOptions(retry=RetryPolicy(longest=1.0))
"""The reader is there again before the speech is over."""
GONE_S = 90.0
"""For a process to end on a busy machine; what hangs would hang for ever."""
DOORS = {"/ws/publish", "/ws/watch"}
HANGING = (*SCRIPTED, "9", "hanging")


async def speak(url: str, audio: Samples, heard: Heard) -> None:
    async with publish(url, paced(blocks(audio)), options=LONG_ENOUGH, language="en") as captions:
        async for event in captions:
            heard.take(event)


async def read(url: str, finals: dict[int, str]) -> None:
    """Note the finals of the room by their offset, until cancelled."""
    async with watch(url, "main", options=SOON_BACK) as messages:
        async for message in messages:
            if isinstance(message, Snapshot):
                finals |= {final.offset: final.text for final in message.finals}
            elif isinstance(message, RoomFinal):
                finals[message.offset] = message.text


async def stop_and_start(
    server: KillableServer, tap: Tap, heard: Heard, at_words: Sequence[int]
) -> list[TappedSocket]:
    """Stop the server each time that so many words were committed; return the sockets it had."""
    stopped = []
    for count in at_words:
        await within(partial(_has_committed, heard, count), 60)
        await within(partial(_are_both_there, tap), 60)
        live = [seen for seen in tap.live if seen.kinds]
        server.signal()
        assert await server.gone(GONE_S) == 0
        await tap.ended(live)
        stopped += live
        await server.start()
    return stopped


def _are_both_there(tap: Tap) -> bool:
    """Speaker and reader, past the beginning; a client may have opened a socket too many."""
    return {seen.path.partition("?")[0] for seen in tap.live if seen.kinds} == DOORS


def _has_committed(heard: Heard, count: int) -> bool:
    return heard.committed >= count


async def test_who_is_stopped_three_times_in_mid_sentence_loses_no_word(tmp_path: Path) -> None:
    dice = random.Random(SEED)
    at_words = [dice.randint(2, 6), dice.randint(10, 14), dice.randint(18, 22)]
    audio, words = talk(20.0)
    finals: dict[int, str] = {}
    async with KillableServer(tmp_path, {"MAX_HOP": "0.5"}, (*SCRIPTED, "20")) as server:
        async with tapped(server.port) as tap, asyncio.timeout(400):
            heard = Heard(asyncio.get_running_loop().time)
            async with asyncio.TaskGroup() as tasks:
                reading = tasks.create_task(read(tap.url, finals))
                speaking = tasks.create_task(speak(tap.url, audio, heard))
                stopped = await stop_and_start(server, tap, heard, at_words)
                await speaking
                await within(lambda: shown(finals) == heard.text, 60)
                reading.cancel()
        troubles = server.troubles()
    assert heard.broken == []
    assert heard.text == text_of(words).strip()
    assert (heard.sessions, heard.withdrawn, heard.gaps) == (1, 0, [])
    assert len(heard.readies) == 1 + len(at_words)
    assert heard.closed is not None
    assert heard.closed.lost_s == 0
    assert len(stopped) >= 2 * len(at_words)
    for seen in stopped:
        assert (seen.close, seen.open, seen.late) == (1012, set(), 0)
        assert seen.kinds[-1] == "error"
    disk = read_disk(server.directory)
    assert (disk.integrity, disk.missing(heard.numbered), disk.holes) == ("ok", [], [])
    assert not [line for line in troubles if "Traceback" in line]


def shown(finals: dict[int, str]) -> str:
    return " ".join(text for _, text in sorted(finals.items()) if text)


# -- what might hold it up ------------------------------------------------------------------------


@asynccontextmanager
async def speaking_to(server: KillableServer, pcm: bytes) -> AsyncIterator[ClientConnection]:
    """A publisher whose audio has arrived."""
    url = f"{server.url}/ws/publish"
    async with connect(url, subprotocols=[Subprotocol(SUBPROTOCOL)], close_timeout=1) as socket:
        await socket.send(json.dumps({"type": "start"}))
        assert (await receive(socket))["type"] == "ready"
        for at in range(0, len(pcm), MAX_FRAME_BYTES):
            await socket.send(pcm[at : at + MAX_FRAME_BYTES])
        while (await receive(socket)).get("received") != len(pcm) // 2:
            pass
        yield socket


async def drains(server: KillableServer) -> None:
    """Wait until the server says so."""
    async with asyncio.timeout(60):
        while json.loads((await server.get("/readyz"))[1])["status"] != "draining":  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_an_engine_that_hangs_cannot_keep_the_process_alive(tmp_path: Path) -> None:
    """And what can never end is cut off by force, which the status says."""
    async with KillableServer(tmp_path, {"DRAIN_S": "1"}, HANGING) as server:
        async with speaking_to(server, speech(2.0)) as publisher:
            server.signal()
            assert await server.gone(GONE_S) == 1
            await publisher.wait_closed()
            assert publisher.close_code == 1012
        assert "Timeout" in (tmp_path / "server.log").read_text()


async def test_a_second_signal_does_not_wait_for_an_engine_that_hangs(tmp_path: Path) -> None:
    async with KillableServer(tmp_path, {"DRAIN_S": "3600"}, HANGING) as server:
        async with speaking_to(server, speech(2.0)):
            server.signal(signal.SIGINT)
            await drains(server)
            server.signal()
            assert await server.gone(GONE_S) == 1
        assert "Timeout (0:00:01)!" in (tmp_path / "server.log").read_text()


async def test_readers_that_stall_cannot_keep_the_process_alive(tmp_path: Path) -> None:
    settings = {"MAX_SPEED": "1000000", "STALL_S": "3600", "PING_S": "3600", "DRAIN_S": "1"}
    audio, _ = talk(400.0)
    async with KillableServer(tmp_path, settings, (*SCRIPTED, "400")) as server:
        async with tapped(server.port) as tap, asyncio.timeout(300), AsyncExitStack() as held:
            for request in (EVENTS, SOCKET):
                held.enter_context(await stall(server.port, request))
            async with asyncio.TaskGroup() as tasks:
                reading = tasks.create_task(read(tap.url, {}))
                async with speaking_to(server, audio.tobytes()) as publisher:
                    await publisher.send(json.dumps({"type": "finalize"}))
                    await events_until(publisher, "finalized")
                    reading.cancel()
            assert sum(seen.size for seen in tap.sockets) > 2 * SENT_BUFFER
            server.signal()
            assert await server.gone(GONE_S) in (0, 1)


SENT_BUFFER = 65_536
"""What the kernel takes for a reader that takes nothing, and as much again on its own side."""
EVENTS = b"GET /v1/rooms/main/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
SOCKET = upgrade("/ws/watch?room=main")


async def stall(port: int, request: bytes) -> socket.socket:
    """A reader that asks and reads no more than the beginning of the answer."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(reader, ("127.0.0.1", port))
    await loop.sock_sendall(reader, request)
    assert b"HTTP/1.1" in await loop.sock_recv(reader, 12)
    return reader


def test_the_last_resort_ends_a_process_whose_threads_hang() -> None:
    program = (
        "import threading\n"
        "from livecaption.server.last_resort import end_within\n"
        "threading.Thread(target=threading.Event().wait).start()\n"
        "end_within(3600.0)\n"
        "end_within(0.2)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, timeout=GONE_S, check=False
    )
    assert done.returncode == 1
    assert b"Thread" in done.stderr
