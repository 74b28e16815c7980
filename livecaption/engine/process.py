"""One life of the engine, seen from the server: its process, its calls, its end.

Whoever waits for an answer is the watchdog: who has waited longer than any answer takes kills the
process, and all who wait hear of it. So does everybody when it ends by itself. Nothing here starts
it again; ``supervisor`` does.
"""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from livecaption.engine.allocator import has_glibc, tuned_environment
from livecaption.engine.failures import Failure, failure_of
from livecaption.engine.wire import Answer, Ask, Call, Done, Failed, Wire
from livecaption.errors import EngineDied, LiveCaptionError

__all__ = ["Cause", "EngineProcess", "NotSent", "Talk"]

_CHILD = "livecaption.engine.child"
_OWN = "LIVECAPTION_"
_REAP_S = 5.0
"""For the kernel to take a killed process away; one that waits for a device may take longer."""


class Cause(StrEnum):
    """Why a life ended."""

    SIGNAL = "signal"
    """Killed from outside, by a fault of its own code, or because memory was short."""
    EXIT = "exit"
    HANG = "hang"
    DEVICE = "device"
    """Its GPU context failed."""
    START = "start"
    """It did not come as far as working."""
    CLOSED = "closed"
    """We are going down."""


class NotSent(Exception):
    """The engine was gone before it could be asked: whatever was to be sent is blameless."""


class Talk:
    """One call under way; belongs to one thread at a time."""

    def __init__(
        self, life: EngineProcess, number: int, method: str, limit_s: float | None
    ) -> None:
        self._life = life
        self._number = number
        self._method = method
        self._limit_s = limit_s
        self.inbox: queue.SimpleQueue[Ask | Done | Failed | None] = queue.SimpleQueue()

    @property
    def is_over(self) -> bool:
        """Whether the engine has ended."""
        return self._life.ended

    def next(self, limit_s: float | None = None) -> Ask | Done | Failed:
        """Wait for what the engine says next.

        Args:
            limit_s: seconds without a word after which it hangs; None for the call's own limit.

        Raises:
            EngineDied: it ended, or said nothing for too long and was ended.
        """
        limit_s = self._limit_s if limit_s is None else limit_s
        try:
            message = self.inbox.get(timeout=limit_s)
        except queue.Empty:
            self._life.end(Cause.HANG, f"no answer to {self._method} for {limit_s:.1f} s")
            message = None
        if message is None:
            raise self._life.died()
        return message

    def answer(self, value: Any = None) -> None:
        """Answer its question."""
        self._life.send(Answer(self._number, value))

    def refuse(self) -> None:
        """Tell it to give the call up."""
        self._life.send(Answer(self._number, refused=True))


@dataclass(slots=True)
class _End:
    cause: Cause | None = None
    sentence: str = ""


class EngineProcess:
    """See the module; alive from the start.

    Args:
        number: which life it is.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.released: deque[int] = deque()
        """Handles that nobody needs any more; sent with the next call."""
        here, there = socket.socketpair()
        with there:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-P", "-m", _CHILD, str(there.fileno()), str(os.getpid())],
                pass_fds=(there.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=_environment(),
                # Ctrl-C in a terminal is for the server, which still needs its engine then.
                start_new_session=True,
            )
        self._wire = Wire(here)
        self._lock = threading.Lock()
        self._talks: dict[int, Talk] = {}
        self._calls = 0
        self._over = False
        self._ended = threading.Event()
        self._end = _End()
        threading.Thread(target=self._listen, name="livecaption-hear", daemon=True).start()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it is gone, or about to be."""
        return self._over

    def take_within(self, seconds: float) -> None:
        """Say after how long a process that takes no message hangs."""
        try:
            self._wire.send_within(seconds)
        except OSError:
            return  # it is gone

    def call(
        self,
        method: str,
        *arguments: Any,
        limit_s: float | None,
        answer: Callable[[Talk, Ask], None] | None = None,
    ) -> Any:
        """Have the engine do something, and wait for it.

        Args:
            method: see ``child``.
            arguments: of it; they are pickled.
            limit_s: seconds without a word after which it hangs; None for no limit.
            answer: answers its questions.

        Raises:
            NotSent: it is gone already.
            EngineDied: it is gone now.
            Exception: what the call raised there.
        """
        talk = self._begin(method, arguments, limit_s)
        while True:
            match talk.next():
                case Done(value=value):
                    return value
                case Failed(error=error):
                    raise self._judged(error)
                case Ask() as ask:
                    assert answer is not None
                    answer(talk, ask)

    def send(self, message: object) -> None:
        """Send a message, if there is somebody to take it."""
        with suppress(NotSent):
            self._send(message)

    def end(self, cause: Cause | None, sentence: str) -> None:
        """Kill it; the first cause is kept. None if it seems to have ended by itself."""
        with self._lock:
            first, self._over = not self._over, True
            if first and cause is not None:
                self._end = _End(cause, sentence)
        if first and cause is not None:
            self._process.kill()
        self._wire.close()

    def died(self) -> EngineDied:
        """Return what those who were waiting for an answer get."""
        return EngineDied("The engine ended while it worked on this.", life=self.number)

    def wait_ended(self) -> tuple[Cause, str]:
        """Wait for its end; return why it ended, as a cause and as a clause."""
        self._ended.wait()
        try:
            status = self._process.wait(_REAP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = None
        self._wire.release()
        with self._lock:
            if self._end.cause is not None:
                return self._end.cause, self._end.sentence
        return _status(status)

    # -- inside -----------------------------------------------------------------------------

    def _begin(self, method: str, arguments: tuple[Any, ...], limit_s: float | None) -> Talk:
        with self._lock:
            if self._over:
                raise NotSent
            self._calls += 1
            talk = Talk(self, self._calls, method, limit_s)
            self._talks[self._calls] = talk
            number = self._calls
            released = tuple(self.released.popleft() for _ in range(len(self.released)))
        self._send(Call(number, method, arguments, released))
        return talk

    def _send(self, message: object) -> None:
        try:
            self._wire.send(message)
        except BlockingIOError:
            self.end(Cause.HANG, "it takes no messages")
            raise NotSent from None
        except OSError:
            self.end(None, "")  # it went by itself: its status says how
            raise NotSent from None

    def _listen(self) -> None:
        """Hand out what the engine says, to its end."""
        try:
            while True:
                message = self._wire.receive()
                if isinstance(message, Ask):
                    talk = self._talks.get(message.number)
                else:
                    talk = self._talks.pop(message.number, None)
                if talk is not None:
                    talk.inbox.put(message)
        except EOFError:
            pass
        with self._lock:
            self._over = True
            self._ended.set()
            left = list(self._talks.values())
            self._talks.clear()
        for talk in left:
            talk.inbox.put(None)

    def _judged(self, error: Exception) -> Exception:
        """Return what a failed call raises; a device that is lost ends the process."""
        if isinstance(error, LiveCaptionError) or failure_of(error) is not Failure.DEVICE:
            return error
        self.end(Cause.DEVICE, str(error).splitlines()[0])
        died = self.died()
        died.__cause__ = error
        return died


def _environment() -> dict[str, str]:
    """Return the engine's: as ours, tuned, without our settings, some of which are secrets."""
    whole = (tuned_environment(os.environ) if has_glibc() else None) or os.environ
    kept = {name: value for name, value in whole.items() if not name.startswith(_OWN)}
    paths = os.pathsep.join(os.path.abspath(path) for path in sys.path if path)
    return {**kept, "PYTHONPATH": paths}


def _status(status: int | None) -> tuple[Cause, str]:
    if status is None:
        return Cause.HANG, "it cannot be ended: it waits for a device"
    if status >= 0:
        return Cause.EXIT, f"it ended with status {status}"
    name = signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"
    hint = "; the kernel does that when memory is short" if status == -signal.SIGKILL else ""
    return Cause.SIGNAL, f"it was ended by {name}{hint}"
