"""What a server and its engine's process say to each other, and how it crosses the socket.

::

    server ── Call ─────────▶ engine     a method with its arguments
           ◀───────── Ask ──             while it works: "may I?", "give me samples 0 to 480,000"
           ── Answer ───────▶
           ◀── Done, Failed ─            what came of it

Length-prefixed pickles: both ends are this very program, and the socket has no name that others
could open. Everybody else must be given another door.
"""

from __future__ import annotations

import builtins
import pickle
import socket
import struct
import threading
import traceback
from dataclasses import dataclass
from typing import Any

from livecaption.errors import LiveCaptionError

__all__ = ["Answer", "Ask", "Call", "Done", "Failed", "Wire", "portable"]

_LENGTH = struct.Struct("!Q")
_MOST_BYTES = 1 << 30
"""No message comes near it; a length beyond is the stream out of step."""


@dataclass(frozen=True, slots=True)
class Call:
    """Do something."""

    number: int
    method: str
    arguments: tuple[Any, ...]
    released: tuple[int, ...] = ()
    """Handles that nobody needs any more."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A question in the course of a call."""

    number: int
    """Of the call."""
    question: str
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to it."""

    number: int
    value: Any = None
    refused: bool = False
    """There is none, and the call is to be given up."""


@dataclass(frozen=True, slots=True)
class Done:
    """A call's result."""

    number: int
    value: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """What a call raised."""

    number: int
    error: Exception


class Wire:
    """One end of the socket: sends from any thread, receives in one.

    Args:
        end: a connected stream socket, which it owns.
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._sending = threading.Lock()

    def send_within(self, seconds: float) -> None:
        """Give up a peer that takes nothing for that long, from now on."""
        whole, part = divmod(seconds, 1.0)
        patience = struct.pack("@ll", int(whole), int(part * 1e6))
        # Not ``settimeout``, which would hold for receiving, too.
        self._end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, patience)

    def send(self, message: object) -> None:
        """Send a message.

        Raises:
            BlockingIOError: the peer takes nothing.
            OSError: it is gone.
        """
        body = pickle.dumps(message, protocol=5)
        with self._sending:
            self._end.sendall(_LENGTH.pack(len(body)))
            self._end.sendall(body)

    def receive(self) -> Any:
        """Wait for a message.

        Raises:
            EOFError: the peer is gone.
        """
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size))
        if length > _MOST_BYTES:
            raise EOFError("the stream is out of step")
        return pickle.loads(self._read(length))  # noqa: S301 - our own process is at the other end

    def close(self) -> None:
        """End both directions; whoever waits to receive, here or there, gets EOFError."""
        try:
            self._end.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the peer was quicker

    def release(self) -> None:
        """Give the descriptor back; nobody may use it any more."""
        self._end.close()

    def _read(self, count: int) -> bytearray:
        data = bytearray(count)
        view = memoryview(data)
        while view:
            try:
                got = self._end.recv_into(view)
            except OSError as error:
                raise EOFError("the peer is gone") from error
            if not got:
                raise EOFError("the peer is gone")
            view = view[got:]
        return data


def portable(error: Exception) -> Exception:
    """Return an error that can be raised on the other side, with its traceback as a note.

    What is neither ours nor Python's own becomes a ``RuntimeError``: its class may not be there.
    """
    own = isinstance(error, LiveCaptionError)
    sent = error
    if not own and getattr(builtins, type(error).__name__, None) is not type(error):
        sent = RuntimeError(f"{type(error).__name__}: {error}")
    try:
        pickle.loads(pickle.dumps(sent))  # noqa: S301 - just made here
    except Exception:  # noqa: BLE001 - what an error carries may be anything
        sent = RuntimeError(f"{type(error).__name__}: {error}")
    if not own:
        sent.add_note("".join(traceback.format_exception(error)).rstrip())
    return sent
