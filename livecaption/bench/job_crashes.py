"""Kills a server in the middle of jobs, again and again, and counts what became of them.

Each life of the server takes new files, works on old ones, and is killed at a moment that a seed
chooses: while a job runs, or just when one has ended, and sometimes while a file is being sent. The
last life works off what is left. Promised is: whatever was accepted with 202 ends once, as done or
as failed with the reason that the process died, and no file is left over.
"""

from __future__ import annotations

import io
import math
import random
import threading
import time
import wave
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import numpy as np

from livecaption.bench.killed_server import KilledServer, killed_server
from livecaption.core.audio import SAMPLE_RATE, Samples

__all__ = ["Account", "CrashRun", "pieces"]

_SETTINGS = {
    "MODEL": "micro-en",
    "DEVICE": "cpu",
    "CPU_THREADS": "1",
    "JOB_WORKERS": "2",
    "JOB_WORKERS_PER_KEY": "2",
    "LIMIT_REQUESTS": "100000/minute",
    "LIMIT_READS": "100000/minute",
    "LOG_LEVEL": "warning",
}
_ENOUGH_WAITING = 5
_PATIENCE_S = 300.0
_LOOK_S = 0.02


def pieces(audio: Samples, seconds: float) -> list[bytes]:
    """Cut audio into WAV files.

    Args:
        audio: int16, 16 kHz, shape (n,).
        seconds: length of each.
    """
    step = round(seconds * SAMPLE_RATE)
    return [_wav(audio[at : at + step]) for at in range(0, len(audio) - step + 1, step)]


def _wav(samples: Samples) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.ascontiguousarray(samples, dtype="<i2").tobytes())
    return written.getvalue()


@dataclass(slots=True)
class Account:
    """What became of everything."""

    kills: int = 0
    running_when_killed: int = 0
    """Jobs that were under way, over all kills."""
    accepted: list[str] = field(default_factory=list)
    """Ids that were answered with 202."""
    broken_off: int = 0
    """Uploads that a kill ended without an answer."""
    ends: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Id → status and time of the end, as first seen."""
    changed: list[str] = field(default_factory=list)
    """Jobs whose end changed after it was seen: never."""
    lost: list[str] = field(default_factory=list)
    """Accepted, and not there any more: never."""
    unended: list[str] = field(default_factory=list)
    """Neither done nor failed at the end: never."""
    unexplained: list[str] = field(default_factory=list)
    """Failed for another reason than that their process died: never."""
    empty: list[str] = field(default_factory=list)
    """Done without a text: never."""
    done: int = 0
    failed: int = 0
    left_over: int = 0
    """Files in the folder of uploads at the end."""
    seconds: float = 0.0

    @property
    def is_clean(self) -> bool:
        """Whether every promise was kept."""
        broken = (self.changed, self.lost, self.unended, self.unexplained, self.empty)
        return not any(broken) and not self.left_over


class CrashRun:
    """One run.

    Args:
        directory: for the server's data; empty.
        files: what is sent, in turn.
        seed: chooses the moments.
        say: takes a line of progress.
    """

    def __init__(
        self, directory: Path, files: Sequence[bytes], seed: int, say: Callable[[str], None]
    ) -> None:
        self._directory = directory
        self._files = files
        self._luck = random.Random(seed)  # noqa: S311 - moments, not secrets
        self._say = say
        self._sent = 0
        self.account = Account()

    def run(self, kills: int, *, limit_s: float = math.inf) -> Account:
        """Kill so many times, then let the server finish; return the account.

        Args:
            kills: how often.
            limit_s: no further kill after this time.
        """
        began = time.monotonic()
        for number in range(1, kills + 1):
            if time.monotonic() - began > limit_s:
                break
            with killed_server(self._directory, _SETTINGS) as server:
                self._live(server)
            account = self.account
            self._say(
                f"kill {number}: {account.running_when_killed} running so far, "
                f"{len(account.accepted)} accepted, {len(account.ends)} ended"
            )
        with killed_server(self._directory, _SETTINGS) as server:
            self._finish(server)
            server.stop()
        self.account.left_over = sum(1 for _ in (self._directory / "uploads").iterdir())
        self.account.seconds = time.monotonic() - began
        return self.account

    def _live(self, server: KilledServer) -> None:
        """One life: send, wait until something runs, wait a moment, kill."""
        with httpx2.Client(base_url=server.url, timeout=120.0) as client:
            waiting = sum(job["status"] in ("queued", "running") for job in self._seen(client))
            for _ in range(max(1, _ENOUGH_WAITING - waiting)):
                self._send(client)
            self._until(client, lambda jobs: any(job["status"] == "running" for job in jobs))
            sending = self._send_beside(server.url) if self._luck.random() < 0.5 else None
            if self._luck.random() < 0.5:
                # Just when one has ended: between its result, its file and the next one.
                before = len(self.account.ends)
                self._until(client, lambda _: len(self.account.ends) > before)
                _pause(self._luck.uniform(0.0, 0.1))
            else:
                _pause(self._luck.uniform(0.0, 1.0))
            running = sum(job["status"] == "running" for job in self._seen(client))
        server.kill()
        if sending is not None:
            sending.join(120.0)
        self.account.kills += 1
        self.account.running_when_killed += running

    def _finish(self, server: KilledServer) -> None:
        account = self.account
        with httpx2.Client(base_url=server.url, timeout=120.0) as client:
            jobs = self._until(
                client, lambda jobs: all(job["status"] in ("done", "failed") for job in jobs)
            )
            found = {job["id"]: job for job in jobs}
            account.lost = [job for job in account.accepted if job not in found]
            for job in found.values():
                self._judge(client, job)

    def _judge(self, client: httpx2.Client, job: dict[str, Any]) -> None:
        account = self.account
        match job["status"]:
            case "done":
                account.done += 1
                text = client.get(f"{job['transcript_url']}?format=txt").text
                if not text.strip():
                    account.empty.append(job["id"])
            case "failed":
                account.failed += 1
                if job["error"]["code"] != "process_died":
                    account.unexplained.append(f"{job['id']}: {job['error']['code']}")
            case _:
                account.unended.append(job["id"])

    def _send(self, client: httpx2.Client) -> None:
        content = self._files[self._sent % len(self._files)]
        self._sent += 1
        answer = client.post("/v1/jobs", files={"file": (f"{self._sent}.wav", content)})
        if answer.status_code == 202:
            self.account.accepted.append(answer.json()["id"])

    def _send_beside(self, url: str) -> threading.Thread:
        def send() -> None:
            try:
                with httpx2.Client(base_url=url, timeout=120.0) as client:
                    self._send(client)
            except httpx2.HTTPError:
                self.account.broken_off += 1

        sending = threading.Thread(target=send)
        sending.start()
        return sending

    def _seen(self, client: httpx2.Client) -> list[dict[str, Any]]:
        """List all jobs, and compare those that have ended with how they ended before."""
        jobs: list[dict[str, Any]] = []
        page = "/v1/jobs?limit=200"
        while page:
            answer = client.get(page).json()
            jobs += answer["jobs"]
            page = answer["next"]
        for job in jobs:
            if job["status"] in ("done", "failed"):
                end = (job["status"], job["ended_at"])
                if self.account.ends.setdefault(job["id"], end) != end:
                    self.account.changed.append(job["id"])
        return jobs

    def _until(
        self, client: httpx2.Client, condition: Callable[[list[dict[str, Any]]], bool]
    ) -> list[dict[str, Any]]:
        """Poll until a condition holds, or patience ends: then what is left undone is counted."""
        until = time.monotonic() + _PATIENCE_S
        while not condition(jobs := self._seen(client)) and time.monotonic() < until:
            _pause(_LOOK_S)
        return jobs


def _pause(seconds: float) -> None:
    with suppress(TimeoutError):
        threading.Event().wait(seconds)
