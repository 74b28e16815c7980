"""PulseAudio's programs, as far as a test needs them: scripts on a PATH of their own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

LISTING = """\
Source #0
\tState: IDLE
\tName: alsa_output.pci.monitor
\tDescription: Monitor of Built-in Audio: Analog
\tProperties:
\t\tdevice.description = "Built-in Audio"
Source #3
\tName: alsa_input.usb-mic
\tDescription: Mikrofon für Ännchen
"""


def install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, parec: str | None = None, pactl: str = ""
) -> Path:
    """Make a PATH with only these Python programs on it; return where ``parec`` notes its words.

    ``words`` is what ``parec`` was called with, ``count`` how many times it was before.
    """
    noted = folder / "calls"
    head = f"""#!{sys.executable}
import os, pathlib, signal, sys
words, noted = sys.argv[1:], pathlib.Path({str(noted)!r})
count = len(noted.read_text().splitlines()) if noted.exists() else 0
out = sys.stdout.buffer
"""
    programs = folder / "programs"
    programs.mkdir()
    for name, body in (("parec", parec), ("pactl", pactl)):
        if body:
            note = 'noted.open("a").write(" ".join(words) + "\\n")\n' if name == "parec" else ""
            program = programs / name
            program.write_text(head + note + body)
            program.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    return noted
