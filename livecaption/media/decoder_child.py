"""The program that decodes one file of a stranger, and can do nothing else.

::

    python -m livecaption.media.decoder_child DEMUXER LONGEST OUTPUT PARENT
    standard input: the file    OUTPUT: descriptor for int16, 16 kHz, mono samples
    standard output: one line of JSON, {"outcome": …, "declared": …, "measures": {…}}

What FFmpeg has to say of the file stays here: only the outcome crosses. ``untrusted`` runs it.
"""

from __future__ import annotations

import errno
import io
import json
import os
import resource
import struct
import sys

from livecaption.media.sandbox import close_the_door, leave_privileges, more_time

__all__ = ["main"]

_SAMPLE_BYTES, _RATE = 2, 16_000
_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""The disk's fault; that a file gives more than it may is the file's."""
_CPU_SECONDS = 60
_LEAST_SPEED = 20
"""Times real time, of the whole file; FFmpeg decodes what recordings come in at hundreds."""


def main() -> None:
    """Decode standard input as the arguments say."""
    demuxer = sys.argv[1]
    longest, output, parent = map(int, sys.argv[2:5])
    _close_all_but(output)
    measures = leave_privileges(parent)
    # Not before: reading libraries is harmless, but needs no privileges either.
    import av.logging

    from livecaption.media.file_decoding import Decoding, NoSpace, Outcome, decode

    av.logging.set_level(av.logging.PANIC)
    # Once through everything, so that all that is loaded late is loaded now.
    decode(io.BytesIO(_example()), "wav", _RATE, len)
    seconds = _CPU_SECONDS + longest // _RATE // _LEAST_SPEED
    measures |= close_the_door(longest * _SAMPLE_BYTES, seconds)

    def write(samples: object) -> None:
        rest = memoryview(samples)  # type: ignore[arg-type]  # an array of numpy's is a buffer
        rest = rest.cast("B")
        try:
            while rest:
                rest = rest[os.write(output, rest) :]
        except OSError as error:
            if error.errno not in _DISK_ERRORS:
                raise
            raise NoSpace from None
        more_time()

    try:
        with open(0, "rb", buffering=0, closefd=False) as file:
            made = decode(file, demuxer, longest, write)
    except MemoryError:
        made = Decoding(Outcome.DAMAGED)
    report = {"outcome": made.outcome, "declared": made.declared, "measures": measures}
    os.write(1, json.dumps(report).encode())
    os._exit(0)  # the interpreter's own way out opens files


def _close_all_but(output: int) -> None:
    """Close what was handed on without being asked for: not every event loop sees to that."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    os.closerange(3, output)
    os.closerange(output + 1, most)


def _example() -> bytes:
    """Return a tenth of a second of silence, 44.1 kHz stereo, as WAV."""
    silence = bytes(4 * 4410)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, 44_100, 4 * 44_100, 4, 16)
    body = b"WAVE" + form + struct.pack("<4sI", b"data", len(silence)) + silence
    return struct.pack("<4sI", b"RIFF", len(body)) + body


if __name__ == "__main__":
    main()
