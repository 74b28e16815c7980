from __future__ import annotations

import json
from typing import Any

from livecaption.bench.caption_log import CaptionLog
from livecaption.bench.dialect import LiveCaptionDialect

Script = list[tuple[float, dict[str, Any]]]

SCRIPT: Script = [
    (0.0, {"type": "ready"}),
    (1.0, {"type": "partial", "utterance": 1, "revision": 1, "text": "good mour"}),
    (1.5, {"type": "delta", "utterance": 1, "words": [{"text": " Good"}, {"text": " morning"}]}),
    (1.6, {"type": "status", "lag": 0.4, "hop": 0.5, "queue": 0}),
    (2.0, {"type": "final", "utterance": 1, "text": "Good morning"}),
    (2.5, {"type": "gap", "from": 3.0, "to": 3.5, "reason": "overload"}),
    (
        3.0,
        {
            "type": "closed",
            "reason": "stop",
            "audio_s": 4.0,
            "captioned_s": 2.0,
            "silent_s": 1.5,
            "lost_s": 0.5,
        },
    ),
]


def heard(script: Script) -> tuple[LiveCaptionDialect, CaptionLog]:
    dialect, log = LiveCaptionDialect("room"), CaptionLog()
    for now, message in script:
        dialect.receive(json.dumps(message), log, now)
    return dialect, log


def test_a_key_goes_with_the_handshake_and_shows_itself_nowhere() -> None:
    keyed = LiveCaptionDialect("room", key="lck_secret")
    assert keyed.headers == {"Authorization": "Bearer lck_secret"}
    assert "lck_secret" not in repr(keyed)
    assert LiveCaptionDialect("room").headers == {}


def test_what_our_server_says_becomes_a_log() -> None:
    dialect, log = heard(SCRIPT)
    assert dialect.ready
    assert dialect.done
    segment = log.segments[1]
    words = [(word.text, word.arrived) for word in segment.words]
    assert words == [("Good", 1.5), ("morning", 1.5)]
    assert [(tail.arrived, tail.words) for tail in segment.tails] == [(1.0, ("good", "mour"))]
    assert segment.closed == 2.0
    assert (log.lost_s, log.received_s, log.accounted_s) == (0.5, 4.0, 4.0)
    assert (log.lags, log.problem, log.ended) == ([(1.6, 0.4)], None, 3.0)


def test_audio_that_vanished_without_a_gap_is_not_accounted_for() -> None:
    _, log = heard([entry for entry in SCRIPT if entry[1]["type"] != "gap"])
    assert log.received_s - log.accounted_s == 0.5


def test_an_end_that_nobody_asked_for_is_a_problem() -> None:
    _, log = heard([(1.0, {**SCRIPT[-1][1], "reason": "going_away"})])
    assert log.problem == "the server ended the session: going_away"
    _, log = heard([(1.0, {"type": "error", "fatal": True, "message": "Too fast."})])
    assert log.problem == "Too fast."
