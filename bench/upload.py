"""What a large upload costs a server: its memory, and how late its event loop is.

The server runs in a process of its own with an engine that costs nothing. A WAV file of so many
megabytes is made while it is sent, so the sender needs no memory either. The decoder's process is
counted by itself: it is there only for a moment.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import numpy as np
import psutil

from livecaption.bench.server_process import ServerUnderTest
from livecaption.bench.targets import OurServer
from livecaption.core.stats import percentile

TITLE = "memory of the server while 100 MB are uploaded and transcribed"
TARGET_MB = 32.0
_BOUNDARY = "frontier"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--megabytes", type=int, default=99)
    parser.add_argument("--at-once", type=int, default=1)


def run(options: argparse.Namespace) -> dict[str, Any]:
    result = asyncio.run(_measure(options.megabytes, options.at_once))
    print(
        f"  {options.at_once} × {options.megabytes} MB: answered {result['statuses']} in "
        f"{result['seconds']:.1f} s; server {result['before_mb']:.0f} MB, "
        f"+{result['grown_mb']:.1f} MB at most (target {TARGET_MB:g}), decoder "
        f"{result['decoder_mb']:.0f} MB; loop late p99 {result['loop_p99_ms']} ms",
        flush=True,
    )
    return {"target_mb": TARGET_MB, **result}


async def _measure(megabytes: int, at_once: int) -> dict[str, Any]:
    settings = {"MODEL": "scripted", "MAX_UPLOAD_MB": "100", "STORE": "false"}
    async with OurServer(settings).serve() as server:
        url = server.url.replace("ws://", "http://") + "/transcribe"
        await _send(url, 1)
        peaks = _Peaks()
        watching = asyncio.create_task(peaks.watch())
        began = time.monotonic()
        statuses = await asyncio.gather(*(_send(url, megabytes) for _ in range(at_once)))
        seconds = time.monotonic() - began
        watching.cancel()
        return {
            "megabytes": megabytes,
            "statuses": statuses,
            "seconds": round(seconds, 2),
            "before_mb": round(peaks.before / 1e6, 1),
            "grown_mb": round((peaks.server - peaks.before) / 1e6, 1),
            "decoder_mb": round(peaks.decoder / 1e6, 1),
            "loop_p99_ms": _loop_p99(server),
        }


class _Peaks:
    """The most memory, resident, that the server and its decoders had."""

    def __init__(self) -> None:
        self._server = next(
            child for child in psutil.Process().children() if "measured" in str(child.cmdline())
        )
        self.before = self.server = self._server.memory_info().rss
        self.decoder = 0

    async def watch(self) -> None:
        while True:
            self.server = max(self.server, self._server.memory_info().rss)
            with contextlib.suppress(psutil.Error):
                for child in self._server.children():
                    self.decoder = max(self.decoder, child.memory_info().rss)
            await asyncio.sleep(0.02)


async def _send(url: str, megabytes: int) -> int:
    piece = np.random.default_rng(1).integers(-500, 500, 500_000, dtype=np.int16).tobytes()

    async def body() -> AsyncIterator[bytes]:
        yield (
            f"--{_BOUNDARY}\r\nContent-Disposition: form-data; "
            'name="file"; filename="a.wav"\r\n\r\n'
        ).encode() + _wav_head(megabytes * 1_000_000)
        for _ in range(megabytes):
            yield piece
        yield f"\r\n--{_BOUNDARY}--\r\n".encode()

    headers = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
    async with httpx2.AsyncClient(timeout=300) as client:
        return (await client.post(url, content=body(), headers=headers)).status_code


def _wav_head(size: int) -> bytes:
    """16 kHz, mono, 16 bits."""
    numbers = np.array([16, 0x10001, 16_000, 32_000, 0x100002], dtype="<u4").tobytes()
    length = np.array([size + 36, size], dtype="<u4")
    return b"RIFF" + length[:1].tobytes() + b"WAVEfmt " + numbers + b"data" + length[1:].tobytes()


def _loop_p99(server: ServerUnderTest) -> float | None:
    assert server.vitals is not None
    delays = [delay for sample in server.vitals.inner for delay in sample.loop_delays_ms]
    return round(percentile(delays, 99), 1) if delays else None
