"""Running the command line as a person does, inside this process."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest

from livecaption.cli import run as main


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    status: int
    out: str
    err: str


class CommandLine:
    """Calls ``main`` with arguments; the environment holds none of our variables."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Outcome:
        self._monkeypatch.setattr(sys, "argv", ["livecaption", *arguments])
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main()
        code = exit_.value.code
        captured = self._capsys.readouterr()
        return Outcome(code if isinstance(code, int) else 0, captured.out, captured.err)
