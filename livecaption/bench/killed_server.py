"""The real server in a process of its own, which is killed without a warning and started again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from livecaption.engine.allocator import tuned_environment
from livecaption.errors import OperatorError

__all__ = ["KilledServer", "killed_server"]

_PORT = re.compile(r"Captions at http://localhost:(\d+)")
_START_S = 600.0
"""A machine that is busy with other things takes long to load a model."""


class KilledServer:
    """One life of a server.

    Attributes:
        url: where it is.
    """

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self._process = process
        self.url = url

    def kill(self) -> None:
        """End it the way a power cut does."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(60)

    def stop(self) -> int:
        """End it the way a supervisor does; return its status."""
        self._process.terminate()
        return self._process.wait(90)


@contextmanager
def killed_server(directory: Path, settings: Mapping[str, str]) -> Iterator[KilledServer]:
    """Start ``livecaption serve``; it is gone when the block ends.

    Args:
        directory: its data.
        settings: by their name in upper case, such as ``{"MODEL": "micro-en"}``.

    Raises:
        OperatorError: it does not start; its log says why.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LIVECAPTION_")}
    environment = tuned_environment(environment) or environment
    given = {"PORT": "0", "DATA_DIR": str(directory), **settings}
    environment |= {f"LIVECAPTION_{name}": value for name, value in given.items()}
    with (directory / "server.log").open("a", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "livecaption", "serve"],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        reader = _Reader(process, log.write)
        try:
            yield KilledServer(process, f"http://127.0.0.1:{reader.port(_START_S)}")
        finally:
            process.kill()
            process.wait(60)
            reader.join(10.0)
            if process.stderr is not None:
                process.stderr.close()


class _Reader(threading.Thread):
    """Reads what the server says, so that it never waits for a reader."""

    def __init__(self, process: subprocess.Popen[str], keep: Callable[[str], object]) -> None:
        super().__init__(daemon=True)
        self._process = process
        self._keep = keep
        self._port: int | None = None
        self._known = threading.Event()
        self.start()

    def run(self) -> None:
        """Read to the end."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._keep(line)
            if (match := _PORT.search(line)) is not None:
                self._port = int(match[1])
                self._known.set()
        self._known.set()

    def port(self, timeout_s: float) -> int:
        """Wait until the port is known."""
        self._known.wait(timeout_s)
        if self._port is None:
            raise OperatorError("The server did not start; see server.log beside its data.")
        return self._port
