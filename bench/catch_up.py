"""Audio that arrives in one piece after an outage, in simulated time: is it captioned as well?

The bundled clips are heard live, and again with outages of one length after the other: nothing
arrives for so long, then all of it at once. The engine takes a fixed time for a decode, so the
figures do not depend on the machine. What differs from the live run is what a backlog costs.
"""

from __future__ import annotations

import argparse
import heapq
from collections.abc import Iterator
from dataclasses import asdict
from itertools import count
from typing import Any

from bench.simulations import BASE, ENGINE, load, speech
from bench.word_diff import TimedWord, WordDiff, diff_words
from livecaption.bench.excerpts import Excerpt, excerpts
from livecaption.core.audio import SAMPLE_RATE
from livecaption.core.captions import Delta
from livecaption.core.decode import DecodeResult
from livecaption.core.session import CaptionSession
from livecaption.detect.webrtc import new_detector
from livecaption.engine.faster_whisper import FasterWhisperTranscriber

TITLE = "audio that arrives in one piece after an outage: words lost, in simulated time"
_TICK = SAMPLE_RATE // 10


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=150.0, help="of each speaker")
    parser.add_argument("--speakers", type=int, default=5)
    parser.add_argument("--clips", help="names, separated by commas; default: all five")
    parser.add_argument("--outages", default="2,5,10,20,40,60", help="seconds each")
    parser.add_argument("--live", type=float, default=10.0, help="seconds between two outages")
    parser.add_argument("--decode", type=float, default=0.2, help="seconds for a decode")


def run(options: argparse.Namespace) -> dict[str, Any]:
    model = load()
    engine = FasterWhisperTranscriber(model.model, model.info, ENGINE)
    said = excerpts(
        speech(options.clips and options.clips.split(",")), options.speakers, options.seconds
    )
    live = [_words(engine, each, options, 0.0) for each in said]
    rows = []
    for outage in (0.0, *map(float, options.outages.split(","))):
        heard = [_words(engine, each, options, outage) for each in said]
        from_live = sum(map(_diff, live, heard), WordDiff())
        reference = [[TimedWord(w.word, w.start, w.stop) for w in each.words] for each in said]
        from_said = sum(map(_diff, reference, heard), WordDiff())
        rows.append({"outage_s": outage, "live": asdict(from_live), "said": asdict(from_said)})
        print(f"  {outage:4.0f} s  from the live run: {from_live}", flush=True)
        print(f"          from what was said: {from_said}", flush=True)
    return {"rows": rows}


def _diff(reference: list[TimedWord], heard: list[TimedWord]) -> WordDiff:
    return diff_words(reference, heard)


def _words(
    engine: FasterWhisperTranscriber, said: Excerpt, options: argparse.Namespace, outage: float
) -> list[TimedWord]:
    session = CaptionSession(BASE, new_detector())
    words: list[TimedWord] = []
    waiting: list[tuple[float, int, DecodeResult]] = []
    number = count()

    def drain(now: float) -> None:
        for request in session.requests_to_decode():
            (result,) = engine.transcribe([engine.prepare(request)])
            heapq.heappush(waiting, (now + options.decode, next(number), result))
        for event in session.events_to_publish():
            if isinstance(event, Delta):
                words.extend(
                    TimedWord(w.text.strip(), w.start / SAMPLE_RATE, w.stop / SAMPLE_RATE)
                    for w in event.words
                )

    def answer(until: float) -> None:
        while waiting and waiting[0][0] <= until:
            due, _, result = heapq.heappop(waiting)
            session.receive_result(result)
            drain(due)

    sent = 0
    for now, has in _arrivals(said.samples, options.live, outage):
        answer(now)
        while sent < has:
            session.receive_audio(said.block(sent, min(_TICK, has - sent)))
            sent += min(_TICK, has - sent)
            drain(now)
    session.receive_eof("stop")
    drain(now)
    answer(float("inf"))
    engine.forget(BASE.session)
    return words


def _arrivals(samples: int, live: float, outage: float) -> Iterator[tuple[float, int]]:
    """Yield moments (seconds) and how many samples have arrived by then."""
    for said in range(_TICK, samples + _TICK, _TICK):
        now = said / SAMPLE_RATE
        if now % (live + outage) <= live or said >= samples:
            yield now, min(said, samples)
