"""Tuning the C library for computing on the CPU, by starting the program once more.

The attention of a 30 s window needs buffers of 54 to 72 MB. By default glibc maps each of them
anew and unmaps it again, and the page faults cost about as much as the computation: with the
settings below, encoding 30 s takes about half the time. glibc reads them only at the start of a
process, hence the new start, which keeps the process id and comes before any real work.

``OMP_WAIT_POLICY=PASSIVE`` keeps OpenMP's idle threads from spinning on the cores that serve
sockets. ``CT2_USE_MKL`` is left alone: forced on, it is several times slower on some processors.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["SETTINGS", "has_glibc", "is_tuned", "tune_allocator", "tuned_environment"]

SETTINGS = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(4 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(8 << 30),
    "OMP_WAIT_POLICY": "PASSIVE",
}

_UNLESS_CHOSEN = {"OPENBLAS_NUM_THREADS": "1"}
"""numpy multiplies small matrices here, the mel filters: with more threads they wait for each
other, and 6 s of features take 5 ms instead of 0.2 ms once other work runs on the machine."""

_GUARD = "LIVECAPTION_RESTARTED"
"""Set by the first start, so that no accident can make an endless chain of starts."""

_OUR_PROGRAMS = ("livecaption", "livecaption/__main__.py")


def tune_allocator() -> None:
    """Start this program again with SETTINGS, where that helps; otherwise return.

    Call it before threads, sockets and models exist, and only when computing on the CPU. It
    returns off glibc, when the user has chosen any of these settings, and in every program but
    our own command: tests and programs that import us must not be started twice.
    """
    environment = tuned_environment(os.environ)
    if environment is None or not has_glibc() or not _is_our_command(sys.argv[0]):
        return
    if not sys.executable:
        return
    sys.stdout.flush()
    sys.stderr.flush()
    # The arguments the interpreter was started with, so that -m, -X and -W survive.
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606


def tuned_environment(environ: Mapping[str, str]) -> dict[str, str] | None:
    """Return an environment with SETTINGS, or None where the user's own choice must stand."""
    chosen = any(name in environ for name in (*SETTINGS, _GUARD))
    if chosen or "glibc.malloc" in environ.get("GLIBC_TUNABLES", ""):
        return None
    return {**_UNLESS_CHOSEN, **environ, **SETTINGS, _GUARD: "1"}


def is_tuned(environ: Mapping[str, str]) -> bool:
    """Whether this process runs with SETTINGS."""
    return all(environ.get(name) == value for name, value in SETTINGS.items())


def has_glibc() -> bool:
    """Whether the C library is the one that reads SETTINGS."""
    try:
        return "glibc" in (os.confstr("CS_GNU_LIBC_VERSION") or "")
    except (AttributeError, ValueError, OSError):  # not POSIX; not glibc
        return False


def _is_our_command(program: str) -> bool:
    return Path(program).as_posix().endswith(tuple(f"/{name}" for name in _OUR_PROGRAMS))
