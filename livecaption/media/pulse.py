"""PulseAudio, and PipeWire where it stands in for it: sources and monitors, by their names.

``parec`` records and ``pactl`` lists, the two programs PulseAudio comes with; they speak to
PipeWire as well. A monitor is what a loudspeaker plays, so a meeting in any program can be heard.
"""

from __future__ import annotations

import os
import selectors
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import IO, Self

from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.errors import MediaError
from livecaption.media.devices import Device
from livecaption.media.raw import RawFormat, decode_raw
from livecaption.media.source import BLOCK_SAMPLES, Source, reblock

__all__ = ["open_pulse", "pulse_devices"]

_ALIASES = {"": "@DEFAULT_SOURCE@", "default": "@DEFAULT_SOURCE@", "monitor": "@DEFAULT_MONITOR@"}
_FIRST_SOUND_S = 1.0
"""``parec`` that is refused says so within milliseconds; one that is silent for so long records."""

_END_S = 2.0
_ERROR_BYTES = 300
_BLOCK_BYTES = 2 * BLOCK_SAMPLES
_INSTALL = (
    "install PulseAudio's programs (Debian and Ubuntu: pulseaudio-utils, which also speaks to "
    "PipeWire)"
)


def open_pulse(device: str) -> Source:
    """Record from a source of PulseAudio.

    Args:
        device: its name, as ``pulse_devices`` has it; ``default`` or nothing for the default
            source, ``monitor`` for what the default sink plays.

    Raises:
        MediaError: ``parec`` is not installed, or cannot record from it.
    """
    name = f"pulse:{device}"
    program = shutil.which("parec")
    if program is None:
        raise MediaError(f"{name} cannot be opened: there is no parec; {_INSTALL}.")
    recorder = _Recorder(name, program, _ALIASES.get(device, device))
    return Source(name, reblock(recorder.pieces()), recorder, live=True, cut=recorder.end)


def pulse_devices() -> list[Device]:
    """Return the sources and monitors of this machine; empty without PulseAudio.

    Raises:
        MediaError: it is installed, but does not answer.
    """
    program = shutil.which("pactl")
    if program is None:
        return []
    try:
        listed = subprocess.run(  # noqa: S603 - a program of the system, without words of others
            [program, "list", "sources"],
            capture_output=True,
            timeout=10.0,
            check=True,
            env={**os.environ, "LC_ALL": "C.UTF-8"},  # the words below are translated otherwise
        )
    except (OSError, subprocess.SubprocessError):
        raise MediaError(
            "PulseAudio does not answer; is it running, and in this user's session?"
        ) from None
    return list(_devices(listed.stdout.decode(errors="replace")))


def _devices(listing: str) -> Iterator[Device]:
    name: str | None = None
    for line in listing.splitlines():
        key, _, value = line.strip().partition(": ")
        if key == "Name":
            name = value
        elif key == "Description" and name is not None:
            yield Device(f"pulse:{name}", value)
            name = None


class _Recorder(AbstractContextManager["_Recorder"]):
    """A running ``parec``, its sound in a pipe.

    It is in a session of its own, so that a Ctrl-C meant for us does not end it before its last
    sound has been read; when we are killed, it ends with the pipe.
    """

    def __init__(self, name: str, program: str, device: str) -> None:
        self._name = name
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the recorder
        command = [program, f"--device={device}", "--format=s16le", f"--rate={SAMPLE_RATE}"]
        command += ["--channels=1", "--latency-msec=50", "--client-name=livecaption"]
        self._process = subprocess.Popen(  # noqa: S603 - the device is one argument, no shell
            command,
            bufsize=0,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self._pipe: IO[bytes] = self._process.stdout
        self._ended = False
        self._first: bytes | None = None
        self._first = self._listen()
        if self._first == b"":
            said = self._last_words()
            self.__exit__(None, None, None)
            raise MediaError(
                f"{name} cannot be recorded from ({said}); "
                "`livecaption stream --list-devices` has the names."
            )

    def pieces(self) -> Iterator[Samples]:
        """Yield samples as they are recorded.

        Raises:
            MediaError: the recording stopped, and not because of ``end``.
        """
        yield from decode_raw(self, RawFormat())
        if not self._ended:
            raise MediaError(f"{self._name} broke off ({self._last_words()}).")

    def read(self, size: int) -> bytes:
        """Read what there is, at most ``size`` bytes; wait while there is nothing."""
        first, self._first = self._first, None
        return first or self._pipe.read(size)

    def end(self) -> None:
        """Stop recording; ``pieces`` ends. May be called from any thread."""
        self._ended = True
        self._process.terminate()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()
        try:
            self._process.wait(timeout=_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._pipe.close()
        self._complaints.close()

    def _listen(self) -> bytes | None:
        """Wait for the first sound; empty when there will be none, None when it takes longer."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._pipe, selectors.EVENT_READ)
            return self.read(_BLOCK_BYTES) if selector.select(_FIRST_SOUND_S) else None

    def _last_words(self) -> str:
        try:
            status = self._process.wait(timeout=_END_S)
        except subprocess.TimeoutExpired:
            return "no more sound comes"
        self._complaints.seek(0)
        said = self._complaints.read(_ERROR_BYTES).decode(errors="replace")
        return " ".join(said.split()) or f"parec ended with status {status}"
