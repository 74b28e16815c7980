"""Memory of this process. Linux only, as is the allocator advice in `cpu_allocator.sh`."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

__all__ = ["release_memory", "resident_gigabytes"]


def resident_gigabytes() -> float:
    """Resident memory in GB (10^9 bytes)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e9


def release_memory() -> None:
    """Give free pages back when running under tcmalloc that was told never to do so."""
    library = ctypes.CDLL(None)
    if hasattr(library, "MallocExtension_ReleaseFreeMemory"):
        library.MallocExtension_ReleaseFreeMemory()
