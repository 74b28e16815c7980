"""Checks of the machine as a server needs it: clock, open files, and the place for transcripts."""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import sys
from collections.abc import Callable
from pathlib import Path

from livecaption.cli.findings import Finding, Status
from livecaption.engine.download import free_bytes, size_text
from livecaption.settings import Settings

__all__ = ["clock", "exposure", "open_files", "read_kernel_clock", "transcripts"]

_BESIDES = 128
"""Files a server has open besides its sockets: libraries, model, transcripts, the log."""

_UNSYNCHRONISED = 0x0040
"""``STA_UNSYNC`` of adjtimex(2): nothing keeps this clock right."""
_MAX_ERROR_AT, _STATUS_AT, _TIMEX_BYTES = 24, 40, 256
"""Where ``struct timex`` has its fields on 64-bit Linux; it is 208 bytes long."""
_TOLERABLE_US = 1_000_000

KernelClock = tuple[bool, int]
"""Whether something keeps the clock right, and its largest error in microseconds."""


def clock(read: Callable[[], KernelClock | None] | None = None) -> Finding:
    """Whether wall-clock times in transcripts and for streaming services can be trusted."""
    known = (read or read_kernel_clock)()
    if known is None:
        return Finding("clock", Status.OK, "not looked at: this system does not tell")
    synchronised, error_us = known
    if synchronised and error_us <= _TOLERABLE_US:
        return Finding("clock", Status.OK, f"kept right, to {error_us / 1000:.0f} ms at most")
    return Finding(
        "clock",
        Status.WARN,
        "nothing keeps it right",
        "run chrony or systemd-timesyncd on the host: transcripts carry the time of day, and "
        "YouTube places captions by it; captions themselves do not need it",
    )


def read_kernel_clock() -> KernelClock | None:
    """Ask the kernel; None where that is not possible."""
    if not sys.platform.startswith("linux") or ctypes.sizeof(ctypes.c_long) != 8:
        return None
    answer = ctypes.create_string_buffer(_TIMEX_BYTES)  # modes = 0: only look
    if ctypes.CDLL(None, use_errno=True).adjtimex(answer) < 0:
        return None  # a container may forbid even looking
    (error_us,) = struct.unpack_from("=q", answer, _MAX_ERROR_AT)
    (status,) = struct.unpack_from("=i", answer, _STATUS_AT)
    return not status & _UNSYNCHRONISED, error_us


def open_files(settings: Settings) -> Finding:
    """Whether each reader and speaker that may come gets a file descriptor."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = settings.max_watchers + settings.max_streams + _BESIDES
    detail = f"{soft} may be open, {needed} for all readers and speakers that are let in"
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return Finding("open files", Status.OK, detail)
    remedy = f"ulimit -n {needed}, or LimitNOFILE={needed} in the systemd unit"
    if hard != resource.RLIM_INFINITY and hard < needed:
        remedy += f" (the hard limit is {hard}); or lower LIVECAPTION_MAX_WATCHERS"
    return Finding("open files", Status.WARN, detail, remedy)


def transcripts(settings: Settings) -> Finding:
    """Whether transcripts can be kept where they are to be kept."""
    folder = settings.transcripts
    if folder is None:
        return Finding("transcripts", Status.OK, "kept in memory only (--no-store)")
    there = _first_that_exists(folder)
    if not os.access(there, os.W_OK | os.X_OK):
        return Finding(
            "transcripts",
            Status.FAIL,
            f"{folder} cannot be written",
            f"give {there} to the server's user, choose another --data-dir, or use --no-store",
        )
    free, wanted = free_bytes(there), settings.max_store_mb * 1_000_000
    detail = f"{folder}, {size_text(free)} free for at most {size_text(wanted)}"
    if free < wanted:
        return Finding(
            "transcripts",
            Status.WARN,
            detail,
            "make room, or lower --max-store-mb; with a full disk captions are shown, not kept",
        )
    return Finding("transcripts", Status.OK, detail)


def exposure(settings: Settings) -> Finding:
    """Who reaches the server, as it is configured."""
    where = f"listens on {settings.host}"
    if settings.metrics_port is not None:
        where += f", metrics on {settings.metrics_host}:{settings.metrics_port} without a key"
    names = ", ".join(settings.allowed_hosts)
    if settings.allow_anonymous:
        return Finding(
            "exposure",
            Status.WARN,
            f"{where}; everybody who reaches it may publish and read",
            "leave --allow-anonymous away, or keep this network to people you trust",
        )
    if not names:
        return Finding("exposure", Status.OK, f"{where}; answers to loopback names only")
    return Finding("exposure", Status.OK, f"{where}; answers to {names} as well")


def _first_that_exists(folder: Path) -> Path:
    return next(each for each in (folder, *folder.absolute().parents) if each.exists())
