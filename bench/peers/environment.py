"""Where other servers are installed, and how."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

__all__ = ["Installation", "peers_folder"]


def peers_folder() -> Path:
    """Return the folder of the virtual environments: LIVECAPTION_PEERS, or the user's cache."""
    chosen = os.environ.get("LIVECAPTION_PEERS")
    return Path(chosen) if chosen else platformdirs.user_cache_path("livecaption-bench") / "peers"


@dataclass(frozen=True)
class Installation:
    """What pip is asked for."""

    name: str
    alone: tuple[str, ...] = ()
    """Installed without what they require, because they pin what cannot be had together."""
    packages: tuple[str, ...] = ()

    @property
    def python(self) -> Path:
        return peers_folder() / self.name / "bin" / "python"

    def ensure(self) -> None:
        """Install unless that was done with the same pins before.

        Raises:
            RuntimeError: pip failed; the message is the end of what it said.
        """
        stamp = peers_folder() / self.name / "installed.txt"
        wanted = "\n".join((*self.alone, *self.packages))
        if stamp.is_file() and stamp.read_text() == wanted:
            return
        folder = peers_folder() / self.name
        print(f"  installing {self.name} into {folder}", file=sys.stderr, flush=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        _run([sys.executable, "-m", "venv", str(folder)])
        pip = [str(self.python), "-m", "pip", "install", "--quiet"]
        if self.alone:
            _run([*pip, "--no-deps", *self.alone])
        if self.packages:
            _run([*pip, *self.packages])
        stamp.write_text(wanted)


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError("\n".join(done.stderr.splitlines()[-8:]))
