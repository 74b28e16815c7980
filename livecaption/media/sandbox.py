"""What a process that decodes strangers' files gives up, for as long as it lives.

Each measure is tried by itself, because containers and kernels allow different ones; what took
effect is returned. Resource limits alone always do. Standard library only: it runs before anything
else is imported.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Callable

__all__ = ["close_the_door", "leave_privileges", "more_time"]

_MEMORY = 1024 * 1024 * 1024
_FILES = 16
_BURST_S = 8
"""Processor time without any sound decoded; real files need hundredths of a second."""
_SLACK_BYTES = 1 << 20

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _PR_SET_DUMPABLE = 1, 38, 22, 4
_CLONE_NEWUSER, _CLONE_NEWNET, _CLONE_NEWIPC = 0x10000000, 0x40000000, 0x08000000

# Linux, include/uapi/linux/{audit,seccomp,bpf_common}.h
_RET_ALLOW, _RET_EPERM, _RET_KILL = 0x7FFF0000, 0x00050001, 0x80000000
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_NUMBER_AT, _ARCH_AT, _FIRST_ARGUMENT_AT = 0, 4, 16

# Reading, writing and closing what is open, memory, time, the end. No open, no socket, no process,
# no thread, no signal: an attempt fails with EPERM. The last one, prlimit64, is for limits of its
# own (pid 0): it could reach into its parent.
_X86_64 = (
    *(0, 1, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 17, 19, 20, 24, 25, 28, 39, 60, 96, 97, 98, 131),
    *(160, 186, 202, 204, 219, 228, 229, 230, 231, 262, 318, 324, 334, 302),
)
_AARCH64 = (
    *(57, 62, 63, 64, 65, 66, 67, 79, 80, 93, 94, 98, 113, 114, 115, 123, 124, 128, 132, 134, 135),
    *(139, 163, 164, 165, 169, 172, 178, 214, 215, 216, 222, 226, 233, 278, 283, 293, 261),
)
_CALLS = {"x86_64": (0xC000003E, _X86_64), "aarch64": (0xC00000B7, _AARCH64)}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def leave_privileges(parent: int) -> dict[str, bool]:
    """Give up what is not needed to import libraries: privileges, the network, memory.

    Args:
        parent: process id; with that process this one ends.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    os.nice(10)
    if sys.platform != "linux":
        return {}
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before it could be watched
        os._exit(1)
    return {
        "no_new_privileges": libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0,
        "no_network": _any(
            lambda: libc.unshare(_CLONE_NEWNET | _CLONE_NEWIPC),
            lambda: libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC),
        ),
        "not_dumpable": libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0,
    }


def close_the_door(most_bytes: int, most_seconds: int) -> dict[str, bool]:
    """Give up everything but reading and writing what is open; for good.

    Args:
        most_bytes: that may be written to a file.
        most_seconds: of processor time in all; see ``more_time``.
    """
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes + _SLACK_BYTES,) * 2)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, _FILES))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (most_seconds, most_seconds))
    more_time()
    return {"seccomp": _filter_calls()}


def more_time() -> None:
    """Allow a few more seconds of the processor: something was decoded.

    Without it the kernel ends the process, however deep in a codec it is.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + _BURST_S
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (min(until, hard), hard))


def _filter_calls() -> bool:
    if sys.platform != "linux" or platform.machine() not in _CALLS or sys.maxsize <= 1 << 32:
        return False
    code = _program(*_CALLS[platform.machine()])
    program = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    mode_filter = 2
    return bool(libc.prctl(_PR_SET_SECCOMP, mode_filter, ctypes.byref(program), 0, 0) == 0)


def _program(arch: int, allowed: tuple[int, ...]) -> bytes:
    """Write the filter: the number of a call is compared with one after the other."""
    *free, own_only = allowed
    steps = [
        (_LOAD, 0, 0, _ARCH_AT),
        (_EQUAL, 1, 0, arch),
        (_RETURN, 0, 0, _RET_KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    behind = 4  # to the last step, from the one behind the comparisons
    steps += [(_EQUAL, behind + left, 0, n) for left, n in zip(_downto(free), free, strict=True)]
    steps += [
        (_EQUAL, 0, 2, own_only),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_EQUAL, 1, 0, 0),
        (_RETURN, 0, 0, _RET_EPERM),
        (_RETURN, 0, 0, _RET_ALLOW),
    ]
    return b"".join(struct.pack("<HBBI", *step) for step in steps)


def _downto(numbers: list[int]) -> range:
    return range(len(numbers) - 1, -1, -1)


def _any(*attempts: Callable[[], int]) -> bool:
    return any(attempt() == 0 for attempt in attempts)
