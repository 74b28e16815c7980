"""A whole recording as int16, 16 kHz, mono, read piece by piece: hours need no memory.

Decoded audio of unknown length goes to a file without a name first, which is gone with whoever
holds it, however that ends. Then its length is known, and any part can be read again.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np

from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.errors import MediaError, Overloaded
from livecaption.media.sources import Source

__all__ = ["MemoryRecording", "PcmFile", "no_space", "record", "spool_folder"]

_SAMPLE_BYTES = 2


def spool_folder() -> Path:
    """Return where large files without a name may lie; /tmp is often in memory."""
    disk = Path("/var/tmp")  # noqa: S108 - nobody can find a file there that has no name
    return disk if os.access(disk, os.W_OK) else Path(tempfile.gettempdir())


def no_space() -> Overloaded:
    """Return what a client hears when our disk takes no more: the file may be as good as any."""
    return Overloaded(
        "The server has no space for this file now; try again later.",
        retry_after=60.0,
        code="no_space",
    )


class MemoryRecording:
    """Samples that are in memory anyway.

    Args:
        samples: int16, 16 kHz, shape (n,).
    """

    def __init__(self, samples: Samples) -> None:
        self._samples = samples

    def __len__(self) -> int:
        return len(self._samples)

    def read(self, start: int, stop: int) -> Samples:
        """Return samples [start, stop)."""
        return self._samples[start:stop]


class PcmFile:
    """Raw samples in an anonymous file: native int16, 16 kHz, mono.

    Args:
        folder: where the file takes its space; None for ``spool_folder()``.
    """

    def __init__(self, folder: Path | None = None) -> None:
        # Buffering would read ahead 8 KiB for nothing, and hide from others what was written.
        self._file: IO[bytes] = tempfile.TemporaryFile(  # noqa: SIM115 - closed by ``close``
            buffering=0, dir=folder or spool_folder()
        )

    @property
    def fileno(self) -> int:
        """The file's descriptor, for another process to write to."""
        return self._file.fileno()

    def __len__(self) -> int:
        return os.fstat(self._file.fileno()).st_size // _SAMPLE_BYTES

    def append(self, samples: Samples) -> None:
        """Write samples at the end.

        Raises:
            OSError: the disk is full.
        """
        rest = memoryview(samples.tobytes())
        while rest:
            rest = rest[self._file.write(rest) :]

    def read(self, start: int, stop: int) -> Samples:
        """Return samples [start, stop)."""
        parts: list[bytes] = []
        at, end = start * _SAMPLE_BYTES, stop * _SAMPLE_BYTES
        while at < end and (part := os.pread(self._file.fileno(), end - at, at)):
            parts.append(part)
            at += len(part)
        return np.frombuffer(b"".join(parts), dtype=np.int16)

    def close(self) -> None:
        """Give the space back."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def record(source: Source, *, longest_h: float = 12.0) -> PcmFile:
    """Read a source to its end; it was named by the machine's owner.

    Raises:
        MediaError: it holds no audio, breaks off, never ends, or does not fit on the disk.
    """
    if source.live:
        raise MediaError(f"{source.name} never ends; use livecaption stream for it.")
    recording = PcmFile()
    try:
        _fill(recording, source, source.name, int(longest_h * 3600 * SAMPLE_RATE))
    except OSError as error:
        recording.close()
        raise MediaError(
            f"There is no room for the decoded audio of {source.name} in {spool_folder()} "
            f"({error.strerror}); an hour takes 115 MB."
        ) from error
    except BaseException:
        recording.close()
        raise
    return recording


def _fill(recording: PcmFile, blocks: Iterator[Samples], name: str, longest: int) -> None:
    taken = 0
    for block in blocks:
        recording.append(block)
        taken += len(block)
        if taken > longest:
            hours = longest / 3600 / SAMPLE_RATE
            raise MediaError(f"{name} is longer than {hours:g} hours; cut it into parts.")
    if not taken:
        raise MediaError(f"{name} holds no audio.")
