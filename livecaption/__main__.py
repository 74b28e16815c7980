"""The start of the program: tunes the process, then runs the command line.

Tuning starts the program once more (see ``engine.allocator``), so it comes before anything large
is imported.
"""

from __future__ import annotations

import sys

from livecaption.engine.allocator import tune_allocator

__all__ = ["main"]

_COMPUTES = ("serve", "demo", "transcribe", "doctor")


def main() -> None:
    """Run ``livecaption``."""
    if any(argument in _COMPUTES for argument in sys.argv[1:2]) and "cuda" not in sys.argv:
        tune_allocator()
    from livecaption.cli import run

    run()


if __name__ == "__main__":
    main()
