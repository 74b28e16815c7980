"""The words this program says to the person at the terminal, apart from captions."""

from __future__ import annotations

import sys

from rich.console import Console

__all__ = ["complain", "report", "stderr"]

stderr = Console(stderr=True, soft_wrap=True, highlight=False)


def report(sentence: str) -> None:
    """Say something worth knowing, on standard error."""
    stderr.print(sentence, markup=False)


def complain(sentence: str) -> None:
    """Say what went wrong, in one line on standard error."""
    if sys.stderr.isatty():
        stderr.print(f"error: {sentence}", style="bold red", markup=False)
    else:
        stderr.print(f"error: {sentence}", markup=False)
