"""Two bounded pipes between an event loop that may never wait and one decoder thread that may.

``ByteFeed`` carries the bytes in, ``SampleFeed`` the samples out. Only the thread's ends block;
both ends can be cut off at any time, after which neither blocks again, so the thread always ends.
"""

from __future__ import annotations

import threading
from collections import deque

import numpy as np

from livecaption.core.audio import Samples

__all__ = ["ByteFeed", "SampleFeed"]


class ByteFeed:
    """Bytes for a blocking reader, at most ``capacity`` of them waiting.

    FFmpeg takes an empty read for the end of the stream, for ever, so ``read`` waits instead.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._changed = threading.Condition()

    def write(self, chunk: bytes) -> bool:
        """Queue bytes without waiting; False, and nothing queued, when they do not fit."""
        with self._changed:
            if self._size + len(chunk) > self._capacity:
                return False
            if chunk and not self._ended:
                self._chunks.append(chunk)
                self._size += len(chunk)
                self._changed.notify()
            return True

    def end(self) -> None:
        """Say that no bytes follow; what is queued can still be read."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def cut(self) -> None:
        """End now, without what is queued."""
        with self._changed:
            self._chunks.clear()
            self._size = 0
            self._ended = True
            self._changed.notify()

    def read(self, size: int) -> bytes:
        """Wait for bytes; return 1 to ``size`` of them, or none at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._chunks or self._ended)
            if not self._chunks:
                return b""
            chunk = self._chunks.popleft()
            if len(chunk) > size:
                self._chunks.appendleft(chunk[size:])
                chunk = chunk[:size]
            self._size -= len(chunk)
            return chunk


class SampleFeed:
    """Samples from a blocking writer, which waits while ``capacity`` or more are queued."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._parts: list[Samples] = []
        self._size = 0
        self._ended = False
        self._cut = False
        self._changed = threading.Condition()

    def write(self, samples: Samples) -> bool:
        """Wait for room, then queue; False when the reader has gone, so the writer can stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._cut or self._size < self._capacity)
            if len(samples) and not self._cut:
                self._parts.append(samples)
                self._size += len(samples)
                self._changed.notify_all()
            return not self._cut

    def end(self) -> None:
        """Say that no samples follow."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def cut(self) -> None:
        """Let the writer go: what it still has is thrown away."""
        with self._changed:
            self._cut = True
            self._parts.clear()
            self._changed.notify_all()

    def take(self) -> Samples:
        """Return everything queued, shape (n,), without waiting."""
        with self._changed:
            parts, self._parts, self._size = self._parts, [], 0
            self._changed.notify_all()
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int16)

    def wait(self, timeout: float) -> bool:
        """Wait until there is something to take or nothing follows; False after ``timeout`` s."""
        with self._changed:
            return self._changed.wait_for(lambda: bool(self._parts) or self._ended, timeout)

    @property
    def exhausted(self) -> bool:
        """True when nothing is queued and nothing follows."""
        with self._changed:
            return self._ended and not self._parts
