"""``livecaption stream`` against a scripted server; its own process where signals matter."""

from __future__ import annotations

import asyncio
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
import typer
from typer.testing import CliRunner, Result

from livecaption.cli.stream import stream
from livecaption.client import ServerUnreachable
from livecaption.errors import LiveCaptionError, MediaError, NotAllowed, ProtocolError
from tests.client import wire
from tests.client.scripted_server import Peer, Refusal, Script, ScriptedServer
from tests.media.recordings import noise, write_wav

app = typer.Typer()
app.command()(stream)

HELLO = [wire.started(1), wire.delta(2, "Hello"), wire.delta(3, " there."), wire.partial("x")]


@contextmanager
def serving(*acts: Script | Refusal) -> Iterator[ScriptedServer]:
    """A scripted server in a thread, because the command runs an event loop of its own."""
    server = ScriptedServer(*acts)
    started: queue.Queue[asyncio.AbstractEventLoop] = queue.Queue()
    done = asyncio.Event()

    async def serve() -> None:
        async with server:
            started.put(asyncio.get_running_loop())
            await done.wait()

    with ThreadPoolExecutor(1) as thread:
        serving = thread.submit(asyncio.run, serve())
        loop = started.get(timeout=5)
        try:
            yield server
        finally:
            loop.call_soon_threadsafe(done.set)
        serving.result(timeout=10)


def run_stream(*arguments: str, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(app, arguments, env=env)


async def caption_hello(peer: Peer) -> None:
    await peer.greet()
    await peer.say(*HELLO, wire.final(4, "Hello there."))
    await peer.finish()


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "a.wav", noise(3200))


def test_a_file_is_sent_and_its_finals_are_printed_one_per_line(recording: Path) -> None:
    with serving(caption_hello) as server:
        result = run_stream(str(recording), "--url", server.url)
    assert result.exit_code == 0, result.output
    assert result.stdout == "Hello there.\n"
    assert server.peers[0].audio == noise(3200).tobytes()


def test_options_become_the_wishes_of_the_session(recording: Path) -> None:
    with serving(caption_hello) as server:
        result = run_stream(
            *(str(recording), "--url", server.url.replace("ws:", "http:"), "--room", "hall"),
            *("--language", "uk", "--speaker", "Ann", "--task", "translate"),
            *("--vocabulary", "Kyiv", "--vocabulary", "CTranslate2"),
            env={"LIVECAPTION_KEY": "lc_key", "LIVECAPTION_API_KEY": "of our own server"},
        )
    assert result.exit_code == 0, result.output
    start = server.peers[0].messages[0]
    assert (start["room"], start["language"], start["speaker"]) == ("hall", "uk", "Ann")
    assert (start["task"], start["vocabulary"]) == ("translate", ["Kyiv", "CTranslate2"])
    assert server.requests[0].headers["Authorization"] == "Bearer lc_key"


def test_json_lines_hold_every_message_of_the_server(recording: Path) -> None:
    with serving(caption_hello) as server:
        result = run_stream(str(recording), "--url", server.url, "--jsonl")
    kinds = [json.loads(line)["type"] for line in result.stdout.splitlines()]
    assert kinds[0] == "ready"
    assert kinds[-2:] == ["final", "closed"]


def test_a_file_is_played_at_speaking_speed(recording: Path) -> None:
    arrivals: list[float] = []

    async def clocked(peer: Peer) -> None:
        await peer.greet()
        for block in (1, 2):
            await peer.hear(block * 1600)
            arrivals.append(asyncio.get_running_loop().time())
        await peer.finish()

    with serving(clocked) as server:
        run_stream(str(recording), "--url", server.url)
    assert arrivals[1] - arrivals[0] > 0.05


def test_a_looped_file_begins_again_where_it_ended(tmp_path: Path) -> None:
    short = write_wav(tmp_path / "short.wav", noise(800))

    async def listen(peer: Peer) -> None:
        await peer.greet()
        await peer.hear(3 * 800)
        os.kill(os.getpid(), signal.SIGINT)
        await peer.finish()

    with serving(listen) as server:
        result = run_stream(str(short), "--url", server.url, "--loop", "--speed", "20")
    assert result.exit_code == 0, result.output
    assert server.peers[0].audio.startswith(noise(800).tobytes() * 3)


def test_audio_the_server_could_not_caption_is_reported_beside_the_captions(
    recording: Path,
) -> None:
    async def overloaded(peer: Peer) -> None:
        await peer.greet()
        await peer.say(wire.say("gap", seq=1, **{"from": 1.0, "to": 2.5}, reason="overload"))
        await peer.finish()

    with serving(overloaded) as server:
        result = run_stream(str(recording), "--url", server.url)
    assert result.stdout == ""
    assert "1.5 s of audio not captioned" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (["nothing.wav"], MediaError, "There is no file"),
        (["FILE", "--room", "two words"], ProtocolError, '"room" must be'),
        (["FILE", "--url", "ws://127.0.0.1:9"], ServerUnreachable, "livecaption serve"),
        (["-", "--rate", "5"], MediaError, "--rate 8000"),
    ],
)
def test_what_cannot_work_is_said_in_one_sentence(
    recording: Path, arguments: list[str], error: type[LiveCaptionError], sentence: str
) -> None:
    result = run_stream(*(str(recording) if a == "FILE" else a for a in arguments))
    assert isinstance(result.exception, error)
    assert sentence in str(result.exception)
    assert "\n" not in str(result.exception)


def test_a_refused_key_is_said_in_the_servers_words(recording: Path) -> None:
    with serving(Refusal(401, '{"message": "This key has expired."}')) as server:
        result = run_stream(str(recording), "--url", server.url, "--key", "lc_old")
    assert isinstance(result.exception, NotAllowed)
    assert str(result.exception) == "This key has expired."


def test_audio_that_came_too_fast_ends_the_program_in_the_servers_words() -> None:
    async def scolding(peer: Peer) -> None:
        await peer.greet()
        await peer.hear(1600)
        await peer.say(wire.error("too_fast", "Audio comes too fast."), wire.closed("too_fast"))
        await peer.socket.close(4029)

    with serving(scolding) as server, stream_process(server) as process:
        assert process.wait(timeout=30) == 1
        assert b"Audio comes too fast." in everything(process.stderr)


def test_a_session_that_begins_anew_after_a_loss_says_what_that_means(recording: Path) -> None:
    async def dropped(peer: Peer) -> None:
        await peer.greet()
        peer.drop()

    async def anew(peer: Peer) -> None:
        await peer.greet("s_2")
        await peer.say(wire.say("gap", seq=1, **{"from": 0.0, "to": 0.0}, reason="not_resumed"))
        await peer.finish()

    with serving(dropped, anew) as server:
        result = run_stream(str(recording), "--url", server.url)
    assert result.exit_code == 0, result.output
    assert "may be captioned twice" in result.stderr
    assert "not captioned" not in result.stderr


def test_the_first_interrupt_waits_for_the_last_captions(tmp_path: Path) -> None:
    endless = write_wav(tmp_path / "long.wav", noise(16_000 * 600))

    async def interrupting(peer: Peer) -> None:
        await peer.greet()
        await peer.hear(1600)
        os.kill(os.getpid(), signal.SIGINT)
        await peer.read_until("stop")
        await peer.say(wire.final(1, "The last words."), wire.closed())

    with serving(interrupting) as server:
        result = run_stream(str(endless), "--url", server.url)
    assert result.exit_code == 0, result.output
    assert result.stdout == "The last words.\n"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_interrupt_quits_at_once(tmp_path: Path) -> None:
    endless = write_wav(tmp_path / "long.wav", noise(16_000 * 600))

    async def deaf(peer: Peer) -> None:
        await peer.greet()
        await peer.hear(1600)
        os.kill(os.getpid(), signal.SIGINT)
        await peer.read_until("stop")
        os.kill(os.getpid(), signal.SIGINT)
        await peer.socket.wait_closed()

    with serving(deaf) as server:
        result = run_stream(str(endless), "--url", server.url)
    assert result.exit_code != 0
    assert result.stdout == ""


@contextmanager
def stream_process(server: ScriptedServer) -> Iterator[subprocess.Popen[bytes]]:
    """The program in a process of its own, fed through a pipe that stays open."""
    command = [sys.executable, "-m", "livecaption", "stream", "-", "--url", server.url]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            assert process.stdin is not None
            process.stdin.write(noise(1600).tobytes())
            process.stdin.flush()
            yield process
        finally:
            process.kill()


def everything(stream: IO[bytes] | None) -> bytes:
    assert stream is not None
    return stream.read()


def test_a_pipe_that_stays_open_does_not_hold_up_the_end() -> None:
    heard = threading.Event()

    async def piped(peer: Peer) -> None:
        await peer.greet()
        await peer.hear(1600)
        heard.set()
        await peer.read_until("stop")
        await peer.say(wire.final(1, "The last words."), wire.closed())

    with serving(piped) as server, stream_process(server) as process:
        assert heard.wait(timeout=30)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
        assert everything(process.stdout) == b"The last words.\n"
        assert everything(process.stderr) == b""


def test_a_reader_that_has_enough_ends_the_program_without_a_traceback() -> None:
    unread = threading.Event()

    async def talkative(peer: Peer) -> None:
        await peer.greet()
        await peer.hear(1600)
        unread.wait(timeout=30)
        await peer.say(wire.final(1, "Nobody reads this."))
        await peer.socket.wait_closed()

    with serving(talkative) as server, stream_process(server) as process:
        assert process.stdout is not None
        process.stdout.close()
        unread.set()
        assert process.wait(timeout=30) == 0
        assert everything(process.stderr) == b""
