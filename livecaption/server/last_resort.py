"""The end of a process that does not end by itself.

Python waits for its threads on the way down, and an engine that hangs in a driver never returns.
So a watchdog of the interpreter, which needs neither event loop nor lock, ends the process when its
time is over. It writes where each thread was to standard error: places in the program, no data.
What had been shown is on the disk by then; a job that was under way is found by the next process.
"""

from __future__ import annotations

import faulthandler
import sys

__all__ = ["WAY_DOWN_S", "end_within"]

WAY_DOWN_S = 4.5
"""For everything behind the last captions; with half a second to spare it is five."""


def end_within(seconds: float) -> None:
    """End this process with status 1 if it still runs then; a later call replaces an earlier one.

    Args:
        seconds: more than 0.
    """
    faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__ or sys.stderr)
