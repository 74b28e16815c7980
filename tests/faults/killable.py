"""A server in a process of its own that can be stopped or killed, and started again there."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["SCRIPTED", "SERVE", "KillableServer"]

SERVE = ("-m", "livecaption", "serve")
"""The program as people run it."""

SCRIPTED = ("-m", "tests.faults.scripted_process")
"""The same with an engine that knows ``talk(SECONDS)`` by heart; the seconds are to be added."""

_READY_S = 300.0
"""A model is warmed up first; a machine that is busy otherwise takes its time."""
_LOOK_S = 0.02


class KillableServer:
    """``async with KillableServer(directory, settings) as server``: ready inside, gone after it.

    Args:
        directory: for transcripts, and for what the server says (``server.log``).
        settings: by their name in upper case.
        program: arguments for Python.
    """

    def __init__(
        self, directory: Path, settings: Mapping[str, str], program: Sequence[str] = SERVE
    ) -> None:
        self.directory = directory
        self.port = _free_port()
        self._program = program
        own = {"HOST": "127.0.0.1", "PORT": str(self.port), "DATA_DIR": str(directory)}
        named = {f"LIVECAPTION_{name}": value for name, value in {**settings, **own}.items()}
        self._environment = {**os.environ, **named}
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """For clients."""
        return f"ws://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the process."""
        assert self._process is not None
        return self._process.pid

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.kill()

    async def start(self) -> None:
        """Start the process; return when it takes new sessions."""
        with (self.directory / "server.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, *self._program),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=log,
                env=self._environment,
            )
        try:
            async with asyncio.timeout(_READY_S):
                while not await self._is_ready():
                    assert self._process.returncode is None, "\n".join(self.troubles())
                    await asyncio.sleep(_LOOK_S)
        except BaseException:
            await self.kill()
            raise

    async def kill(self) -> None:
        """SIGKILL: no farewell, no flush; return when the process is gone."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    def signal(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send the process a signal; as a supervisor does to stop it."""
        assert self._process is not None
        self._process.send_signal(number)

    async def gone(self, within_s: float) -> int:
        """Wait until the process has ended by itself; return its status.

        Raises:
            TimeoutError: it has not.
        """
        assert self._process is not None
        async with asyncio.timeout(within_s):
            return await self._process.wait()

    def troubles(self) -> list[str]:
        """Return what the server logged as an error so far; the first lines of each kind."""
        log = (self.directory / "server.log").read_text("utf-8", errors="replace")
        wanted = (" ERROR ", "ERROR:", "Error:", "Traceback")
        found = [line for line in log.splitlines() if any(mark in line for mark in wanted)]
        return found[:20]

    async def get(self, path: str) -> tuple[int, bytes]:
        """Return status and body of a ``GET``.

        Raises:
            OSError: nobody answers.
        """
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
            answer = await reader.read()
        finally:
            writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        if not head:
            raise ConnectionError("the connection was closed without an answer")
        return int(head.split()[1]), body

    async def _is_ready(self) -> bool:
        try:
            status, _ = await self.get("/readyz")
        except OSError:
            return False
        return status == 200


def _free_port() -> int:
    with socket.socket() as chooser:
        chooser.bind(("127.0.0.1", 0))
        port: int = chooser.getsockname()[1]
        return port
