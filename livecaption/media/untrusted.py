"""Decodes files that strangers send: judged by their first bytes, then in a process apart.

The process has the file and a place for samples, open, and nothing else (see ``sandbox``): no
network, no other file, a gigabyte of memory, seconds of the processor for each minute of sound.
It is killed when nobody waits for it any more, and with this one.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from livecaption.core.audio import SAMPLE_RATE
from livecaption.errors import DamagedMedia, MediaTooLong, NotMedia, Overloaded
from livecaption.media.magic import HEAD_BYTES, KINDS, demuxer_of, tag_bytes
from livecaption.media.recording import PcmFile, no_space

__all__ = ["FileDecoder", "kind_of"]

logger = logging.getLogger(__name__)

_CHILD = "livecaption.media.decoder_child"
_MOST_REPORT_BYTES = 4096
_TICK_S = 1.0
_END_S = 10.0
"""For a process that has said all to end."""
_MOST_TAG_BYTES = 64 << 20
_MOST_TAGS = 16
"""Some programs write a second one; a file of nothing else would keep the event loop."""
_KEPT_ENVIRONMENT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")

_READS = "this server reads " + ", ".join(KINDS.values()) + "."
_DAMAGED = "This file is damaged, or is not what it seems: it cannot be decoded; send it again."


@dataclass(frozen=True, slots=True)
class _Report:
    """What the process said: the outcome is empty if it was ended."""

    outcome: str = ""
    declared: int = 0
    measures: dict[str, bool] = field(default_factory=dict)


class FileDecoder:
    """Decodes at most a few files at a time; see ``livecaption.files.work.Decode``.

    Args:
        at_once: processes at a time; further files wait.
        stall_s: time without any sound decoded, after which a process is ended. That is for disks
            that hang and machines that have no time: how much of the processor a file may take
            without giving sound is the kernel's business.
    """

    def __init__(self, *, at_once: int = 2, stall_s: float = 120.0) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._stall_s = stall_s
        self._told = False

    async def __call__(self, file: BinaryIO, recording: PcmFile, longest_s: float) -> None:
        """Write the samples of ``file`` to ``recording``, which is empty.

        Args:
            file: a regular file, open for reading.
            recording: where they go.
            longest_s: seconds that are taken.

        Raises:
            NotMedia: it is not audio or video, or of a kind that is not read.
            DamagedMedia: it is broken, or holds no sound.
            MediaTooLong: it lasts longer.
            Overloaded: this machine has no time for it, or no room for the samples.
        """
        demuxer = kind_of(file)
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        async with self._places:
            report = await self._run(demuxer, file.fileno(), recording, longest_s)
        if report.outcome == "no_space":
            logger.error(
                "there is no room for decoded audio, of which an hour takes 115 MB; make room, or "
                "set spool_dir to a larger place"
            )
        if report.outcome != "decoded":
            raise _refusal(report, longest_s)

    async def _run(
        self, demuxer: str, source: int, recording: PcmFile, longest_s: float
    ) -> _Report:
        longest = str(int(longest_s * SAMPLE_RATE))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", _CHILD, demuxer, longest),
            *(str(recording.fileno), str(os.getpid())),
            stdin=source,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            pass_fds=(recording.fileno,),
            cwd="/",
            env=_environment(),
        )
        assert process.stdout is not None
        said = asyncio.ensure_future(process.stdout.read(_MOST_REPORT_BYTES))
        try:
            if not await self._watch(said, recording):
                raise Overloaded(
                    "The server is too busy to decode this file; send it again later.",
                    retry_after=60.0,
                )
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _END_S)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            said.cancel()
        report = _understood(said)
        if not self._told and report.measures:
            self._told = True
            lacking = [name for name, done in report.measures.items() if not done]
            logger.info("files are decoded apart; not available here: %s", lacking or "nothing")
        return report

    async def _watch(self, said: asyncio.Future[bytes], recording: PcmFile) -> bool:
        """Wait until the process has said how it ended; return False when it makes no progress."""
        loop = asyncio.get_running_loop()
        known, since = 0, loop.time()
        while not said.done() and loop.time() - since < self._stall_s:
            await asyncio.wait({said}, timeout=_TICK_S)
            if len(recording) > known:
                known, since = len(recording), loop.time()
        return said.done()


def kind_of(file: BinaryIO) -> str:
    """Return FFmpeg's name of what reads a file, judged by its first bytes.

    Args:
        file: a regular file, open for reading; its position does not change.

    Raises:
        NotMedia: nothing does.
    """
    descriptor = file.fileno()
    head = os.pread(descriptor, HEAD_BYTES, 0)
    if not head:
        raise NotMedia("The file is empty; send a recording.")
    behind = 0
    for _ in range(_MOST_TAGS):
        tag = tag_bytes(head)
        if not tag or behind >= _MOST_TAG_BYTES:
            break
        behind += tag
        head = os.pread(descriptor, HEAD_BYTES, behind)
    demuxer = demuxer_of(head)
    if demuxer is None:
        raise NotMedia(f"This is not audio or video that can be read; {_READS}")
    return demuxer


def _environment() -> dict[str, str]:
    """Return what a process needs to start: no settings of ours, and no keys."""
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    paths = os.pathsep.join(os.path.abspath(path) for path in sys.path if path)
    # One thread of OpenBLAS and one arena: every further one takes up address space.
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
    return {**kept, **threads, "PYTHONPATH": paths, "LC_ALL": "C.UTF-8"}


def _understood(said: asyncio.Future[bytes]) -> _Report:
    if said.cancelled() or not said.done():
        return _Report()
    try:
        report: dict[str, Any] = json.loads(said.result())
        return _Report(str(report["outcome"]), int(report["declared"]), dict(report["measures"]))
    except (ValueError, KeyError, TypeError):
        return _Report()


def _refusal(report: _Report, longest_s: float) -> Exception:
    outcome = report.outcome
    if outcome == "too_long":
        minutes = longest_s / 60
        return MediaTooLong(
            f"This file is longer than {minutes:.0f} minutes; cut it into parts.",
            seconds=report.declared / SAMPLE_RATE or None,
        )
    if outcome == "no_space":
        return no_space()
    if outcome == "no_sound":
        return DamagedMedia("There is no sound in this file.", code="no_sound")
    if outcome == "unknown_coding":
        return NotMedia(f"The sound in this file is coded in a way that is not read; {_READS}")
    return DamagedMedia(_DAMAGED)
