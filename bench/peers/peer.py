"""A server of another project as a target of the harness."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.peers.environment import Installation
from livecaption.bench.dialect import Dialect
from livecaption.bench.server_process import ServerUnderTest
from livecaption.bench.vitals import ProcessWatch, Vitals
from livecaption.engine.allocator import tuned_environment
from livecaption.errors import OperatorError

__all__ = ["Peer", "PeerTarget"]

_START_S = 120.0
_SERVERS = Path(__file__).parent / "servers"


@dataclass(frozen=True)
class Peer:
    """One rival."""

    name: str
    title: str
    """With its version."""
    installation: Installation | None
    """None: runs in our own environment."""
    server: str
    """The program in ``servers/``; gets ``--model DIR --port N --threads N``."""
    new_dialect: Callable[[int], Dialect]
    settings: str
    """Which settings it runs with, and why those."""
    arguments: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    """What had to be changed to make it run here, each in a sentence."""


@dataclass(frozen=True)
class PeerTarget:
    """A rival with a model."""

    peer: Peer
    model: Path
    threads: int
    log: list[str] = field(default_factory=list)
    """The end of what its last server wrote, for reports of failures."""

    @property
    def name(self) -> str:
        return self.peer.name

    def dialect(self, index: int) -> Dialect:
        return self.peer.new_dialect(index)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[ServerUnderTest]:
        """See ``Target``; the peer gets our allocator settings, so that those are no advantage."""
        port = _free_port()
        environment = tuned_environment(os.environ) or dict(os.environ)
        # Nothing may be fetched: the model lies here, and a benchmark must not depend on a hub.
        environment |= {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": str(self.threads)}
        output = tempfile.TemporaryFile()  # noqa: SIM115 - closed below, after its last use
        process = await asyncio.create_subprocess_exec(
            *self._command(port), env=environment, stdout=output, stderr=output
        )
        vitals = Vitals()
        watching = asyncio.create_task(ProcessWatch(process.pid, vitals).watch())
        try:
            await self._wait_ready(process, port, output)
            facts = {"name": self.model.name, "server": self.peer.title}
            yield ServerUnderTest(f"ws://127.0.0.1:{port}", facts, vitals)
        finally:
            watching.cancel()
            self.log[:] = _last_lines(output)
            await _stop(process)
            output.close()

    def _command(self, port: int) -> list[str]:
        import sys

        installation = self.peer.installation
        python = sys.executable if installation is None else str(installation.python)
        return [
            *(python, str(_SERVERS / self.peer.server), "--model", str(self.model)),
            *("--port", str(port), "--threads", str(self.threads), *self.peer.arguments),
        ]

    async def _wait_ready(self, process, port: int, output) -> None:
        deadline = asyncio.get_running_loop().time() + _START_S
        while asyncio.get_running_loop().time() < deadline:
            if process.returncode is not None:
                reason = " / ".join(_last_lines(output)[-3:])
                raise OperatorError(f"{self.peer.name} ended before it was ready: {reason}")
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                # The port opens a moment before some servers take streams.
                await asyncio.sleep(2.0)
                return
            await asyncio.sleep(0.3)
        raise OperatorError(f"{self.peer.name} was not ready within {_START_S:.0f} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _last_lines(output) -> list[str]:
    output.seek(0)
    return output.read().decode(errors="replace").splitlines()[-40:]


async def _stop(process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(5):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
