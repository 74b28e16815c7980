"""The example programs, as a reader would start them, against a real server."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import av
import numpy as np

from tests.media.recordings import write_wav
from tests.server.test_watch import SENTENCE, transcriber
from tests.serving import running_server, speech

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
    out, err = await asyncio.wait_for(program.communicate(given), 40)
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


async def test_each_speaker_of_a_meeting_has_a_name(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "talk.wav", np.frombuffer(speech(2.8), dtype=np.int16))
    async with running_server(transcriber()) as running:
        out = await run("meeting_bot.py", running.ws, "main", f"Ann={path}", f"Ben={path}")
    assert sorted(out.splitlines()) == [f"Ann: {SENTENCE}", f"Ben: {SENTENCE}"]
