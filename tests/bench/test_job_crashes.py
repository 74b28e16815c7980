"""The real server, killed in the middle of jobs: ``python -m bench crashes`` made small."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecaption.bench.excerpts import load_audio
from livecaption.bench.job_crashes import Account, CrashRun, pieces
from livecaption.bundled import speech_clips


@pytest.mark.model
def test_every_job_ends_once_although_the_server_is_killed_three_times(tmp_path: Path) -> None:
    (meeting, *_) = load_audio(speech_clips())
    crashes = CrashRun(tmp_path, pieces(meeting.audio, 10.0), 3, lambda _: None)
    account = crashes.run(3)
    log = (tmp_path / "server.log").read_text("utf-8")
    assert account.is_clean, (account, log)
    assert account.kills == 3
    assert account.running_when_killed >= 1
    assert account.done + account.failed >= len(account.accepted)
    assert account.done >= 1


def test_a_broken_promise_is_seen() -> None:
    assert Account().is_clean
    for broken in ("changed", "lost", "unended", "unexplained", "empty"):
        account = Account()
        setattr(account, broken, ["j_1"])
        assert not account.is_clean
    assert not Account(left_over=1).is_clean
