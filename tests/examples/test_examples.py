"""The example programs, as a reader would start them, against a real server."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from tests.media.recorders import install
from tests.media.recordings import write_wav
from tests.server.test_watch import SENTENCE, say, transcriber
from tests.serving import events_until, open_publisher, running_server, speech, within

EXAMPLES = Path(__file__).parents[2] / "examples"


async def run(name: str, *arguments: str, given: bytes = b"") -> str:
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        str(EXAMPLES / name),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": str(EXAMPLES.parent)},
    )
    out, err = await asyncio.wait_for(program.communicate(given), 60)
    assert program.returncode == 0, err.decode()
    return out.decode()


async def test_raw_audio_in_a_pipe_becomes_lines() -> None:
    async with running_server(transcriber()) as running:
        assert await run("pcm_pipe.py", running.ws, "main", given=speech(2.8)) == SENTENCE + "\n"


async def test_a_playlist_becomes_lines(tmp_path: Path) -> None:
    playlist = tmp_path / "live.m3u8"
    pcm = np.frombuffer(speech(2.8), dtype=np.int16)
    with av.open(str(playlist), "w", format="hls") as output:
        stream = output.add_stream("aac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = 16_000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    async with running_server(transcriber()) as running:
        out = await run("stream_url.py", running.ws, "main", str(playlist))
    assert out == SENTENCE + "\n"


@pytest.mark.parametrize("name", ["several_speakers.py", "meeting_bot.py"])
async def test_each_speaker_has_a_name(name: str, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "talk.wav", np.frombuffer(speech(2.8), dtype=np.int16))
    async with running_server(transcriber()) as running:
        out = await run(name, running.ws, "main", f"Ann={path}", f"Ben={path}")
    assert sorted(out.splitlines()) == [f"Ann: {SENTENCE}", f"Ben: {SENTENCE}"]


async def test_a_bot_begins_a_session_for_each_stretch_of_speech(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    module = importlib.import_module("meeting_bot")
    monkeypatch.setattr(module, "SILENT_S", 0.05)
    async with running_server(transcriber()) as running, asyncio.timeout(60):
        async with module.MeetingBot(running.ws, "main") as bot:
            for _ in range(2):
                bot.on_participant_audio("Ann", speech(2.8))
                await within(lambda: not bot._tasks, 40)
    assert capsys.readouterr().out.splitlines() == [f"Ann: {SENTENCE}"] * 2


async def test_what_is_played_is_recorded_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "talk").write_bytes(speech(2.8) + bytes(32_000))
    sound = f"out.write(pathlib.Path({str(tmp_path / 'talk')!r}).read_bytes()); out.flush()\n"
    path = os.environ["PATH"]
    noted = install(tmp_path, monkeypatch, parec=sound + "signal.pause()")
    shell = f"{os.environ['PATH']}:{Path(sys.executable).parent}:{path}"
    async with running_server(transcriber()) as running:
        program = await asyncio.create_subprocess_exec(
            "/bin/sh",
            str(EXAMPLES / "pulse_monitor.sh"),
            running.ws,
            stdout=asyncio.subprocess.PIPE,
            env={"PATH": shell},
        )
        assert program.stdout is not None
        try:
            async with asyncio.timeout(60):
                assert (await program.stdout.readline()).decode() == SENTENCE + "\n"
            program.send_signal(signal.SIGINT)
            assert await asyncio.wait_for(program.wait(), 60) == 0
        finally:
            if program.returncode is None:
                program.kill()
                await program.wait()
    assert noted.read_text().startswith("--device=@DEFAULT_MONITOR@ ")


async def test_a_viewer_shows_who_says_what() -> None:
    async with running_server(transcriber()) as running:
        program = await asyncio.create_subprocess_exec(
            sys.executable,
            str(EXAMPLES / "terminal_viewer.py"),
            running.ws,
            stdout=asyncio.subprocess.PIPE,
            env={"PYTHONPATH": str(EXAMPLES.parent)},
        )
        assert program.stdout is not None
        try:
            async with asyncio.timeout(60):
                assert await program.stdout.readline() == b"(nobody is speaking)\n"
                async with open_publisher(running, speaker="Ann") as socket:
                    await say(socket, 2.8)
                    await socket.send('{"type":"stop"}')
                    await events_until(socket, "closed")
                shown = (await program.stdout.readline()).decode()
        finally:
            program.kill()
            await program.wait()
    assert shown == f"Ann: {SENTENCE}\n"
