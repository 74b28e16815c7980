"""What files that nobody should send do to a server, one after the other: its answer, and its cost.

The server runs in a process of its own with an engine that costs nothing. Each file is sent to
``/transcribe``. The decoder's process is watched while it lives: its memory, and whatever socket it
has; a listener nearby counts who calls at the addresses that are written in the files.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil

from livecaption.bench.targets import OurServer
from tests.media import hostile
from tests.media.bombs import bombs, heavy_bombs
from tests.media.recordings import tone, write_wav

TITLE = "answers, time, memory and sockets while hostile files are sent"
TARGET_S, TARGET_MB, TARGET_GROWN_MB = 10.0, 1024.0, 16.0
_LOOK_S = 0.005
_DECODER = "livecaption.media.decoder_child"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", default="", help="names that contain this")


def run(options: argparse.Namespace) -> dict[str, Any]:
    return asyncio.run(_measure(options.only))


@dataclass(slots=True)
class Outcome:
    """What one file did."""

    name: str
    size: int
    status: int
    code: str
    seconds: float = 0.0
    processor_s: float = 0.0
    """Of the decoder, which gives way to everybody else."""
    decoder_mb: float = 0.0
    sockets: int = 0

    @property
    def row(self) -> str:
        return (
            f"  {self.name:36} {self.size:>9,} B  {self.status} {self.code:18} "
            f"{self.seconds:6.2f} s  {self.processor_s:5.2f} s cpu  {self.decoder_mb:6.1f} MB  "
            f"{self.sockets} sockets"
        )


async def _measure(only: str) -> dict[str, Any]:
    settings = {"MODEL": "scripted", "STORE": "false", "LIMIT_REQUESTS": "off"}
    settings["WAIT_FILE_S"] = "14400"  # what is long is answered too, and not made a job
    with _trap() as trap, tempfile.TemporaryDirectory() as folder:
        secret = write_wav(Path(folder) / "secret.wav", tone(1.0))
        files = _corpus(f"http://127.0.0.1:{trap.getsockname()[1]}", str(secret))
        async with OurServer(settings).serve() as server:
            watch = _Watch()
            url = server.url.replace("ws://", "http://") + "/transcribe"
            good = hostile.sound_files()["wav"]
            await _send(url, "good", good, watch)
            before = watch.server_mb
            found = []
            for name, content in files.items():
                if only in name:
                    found.append(await _send(url, name, content, watch))
                    print(found[-1].row, flush=True)
            after = watch.server_mb
            last = await _send(url, "good", good, watch)
        calls = _calls(trap)
    assert last.status == 200, "it still transcribes"
    return _summed(found, before, after, calls)


def _corpus(address: str, path: str) -> dict[str, bytes]:
    return {
        **hostile.refused(address, path),
        **hostile.references(address, path),
        **hostile.survived(),
        **bombs(),
        **heavy_bombs(),
    }


def _summed(found: list[Outcome], before: float, after: float, calls: int) -> dict[str, Any]:
    slowest = max(found, key=lambda each: each.seconds)
    hardest = max(found, key=lambda each: each.processor_s)
    largest = max(found, key=lambda each: each.decoder_mb)
    refused = sum(400 <= each.status < 500 for each in found)
    heard = sum(each.status == 200 for each in found)
    sockets = sum(each.sockets for each in found)
    print(
        f"  {len(found)} files: {refused} refused with 4xx, {heard} had sound left, "
        f"{len(found) - refused - heard} others; slowest {slowest.seconds:.2f} s "
        f"({slowest.name}, target {TARGET_S:g}); {hardest.processor_s:.2f} s of the processor "
        f"({hardest.name}); decoder at most {largest.decoder_mb:.0f} MB "
        f"({largest.name}, target {TARGET_MB:g}); {sockets} sockets, {calls} calls; "
        f"server {before:.0f} → {after:.0f} MB (target +{TARGET_GROWN_MB:g})",
        flush=True,
    )
    return {
        "target_s": TARGET_S,
        "target_mb": TARGET_MB,
        "target_grown_mb": TARGET_GROWN_MB,
        "refused": refused,
        "heard": heard,
        "calls": calls,
        "before_mb": round(before, 1),
        "after_mb": round(after, 1),
        "files": [asdict(each) for each in found],
    }


class _Watch:
    """Looks at the server, and at the process that decodes for it while there is one."""

    def __init__(self) -> None:
        self._server = next(
            child for child in psutil.Process().children() if "measured" in str(child.cmdline())
        )
        self.processor_s, self.decoder_mb, self.sockets = 0.0, 0.0, 0

    @property
    def server_mb(self) -> float:
        return float(self._server.memory_info().rss / 1e6)

    async def look(self) -> None:
        """Until cancelled."""
        while True:
            for child in self._server.children():
                with contextlib.suppress(psutil.Error, OSError):
                    if _DECODER not in child.cmdline():  # not yet: still the server's copy
                        continue
                    times = child.cpu_times()
                    self.processor_s = max(self.processor_s, times.user + times.system)
                    self.decoder_mb = max(self.decoder_mb, _peak_mb(child))
                    opened = _sockets(child.pid) - _sockets(self._server.pid)
                    self.sockets = max(self.sockets, len(opened))
            await asyncio.sleep(_LOOK_S)


def _peak_mb(process: psutil.Process) -> float:
    """Return the most memory it ever had, by the kernel's own book."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def _sockets(pid: int) -> set[str]:
    """Return its sockets, but for the one that a decoder was given to answer on.

    A decoder has its server's for a moment, until it has closed them. It is not dumpable: who
    looks must be root.
    """
    folder = f"/proc/{pid}/fd"
    held = {}
    for each in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            held[each] = os.readlink(f"{folder}/{each}")
    return {what for what in held.values() if what.startswith("socket:")} - {held.get("1", "")}


async def _send(url: str, name: str, content: bytes, watch: _Watch) -> Outcome:
    watch.processor_s, watch.decoder_mb, watch.sockets = 0.0, 0.0, 0
    looking = asyncio.create_task(watch.look())
    began = time.monotonic()
    async with httpx2.AsyncClient(timeout=600) as client:
        answer = await client.post(url, files={"file": (name, content)})
    seconds = time.monotonic() - began
    looking.cancel()
    code = answer.json().get("error", {}).get("code", "")
    return Outcome(
        name,
        len(content),
        answer.status_code,
        code,
        round(seconds, 3),
        round(watch.processor_s, 2),
        round(watch.decoder_mb, 1),
        watch.sockets,
    )


@contextlib.contextmanager
def _trap() -> Iterator[socket.socket]:
    """A listener that nobody may ask."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


def _calls(trap: socket.socket) -> int:
    calls = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            trap.accept()[0].close()
            calls += 1
    return calls
