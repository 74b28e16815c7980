"""Server messages as a server would write them, with only what a test cares about spelled out."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from livecaption.core.audio import Samples

STARTED_AT = "2026-11-23T10:00:00.000Z"


def ready(session: str = "s_1", *, resumed: bool = False, resume_from: int = 0) -> str:
    return json.dumps(
        {
            "type": "ready",
            "protocol": 1,
            "session": session,
            "resume_token": f"token-of-{session}",
            "room": "main",
            "model": "micro-en",
            "language": "en",
            "started_at": STARTED_AT,
            "resumed": resumed,
            "resume_from": resume_from,
            "limits": {"max_frame_bytes": 65536, "idle_s": 60, "max_session_s": 86400},
        }
    )


def started(seq: int, utterance: int = 1, start: float = 0.0) -> str:
    return say("utterance_started", seq=seq, utterance=utterance, start=start)


def delta(seq: int, text: str, *, utterance: int = 1, end: float = 0.5) -> str:
    word = {"text": text.strip(), "start": 0.0, "end": end, "probability": 0.9}
    return say("delta", seq=seq, utterance=utterance, text=text, words=[word])


def partial(text: str, *, utterance: int = 1, revision: int = 1) -> str:
    return say("partial", utterance=utterance, revision=revision, text=text)


def final(seq: int, text: str, *, utterance: int = 1, end: float = 1.0) -> str:
    return say(
        "final",
        seq=seq,
        utterance=utterance,
        text=text,
        start=0.0,
        end=end,
        language="en",
        speaker=None,
        words=[],
    )


def ack(received: int, committed: int = 0) -> str:
    return say("ack", received=received, committed=committed)


def error(code: str, message: str, *, fatal: bool = True, retry_after_ms: int | None = None) -> str:
    return say("error", code=code, message=message, fatal=fatal, retry_after_ms=retry_after_ms)


def closed(reason: str = "stop") -> str:
    return say("closed", reason=reason, audio_s=1.0, captioned_s=1.0, silent_s=0.0, lost_s=0.0)


def say(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, **fields})


def numbered_samples(count: int, start: int = 0) -> Samples:
    """Samples whose values say where they belong, so that a hole or a repetition shows."""
    return (np.arange(start, start + count) % 30_011).astype(np.int16)
