"""Which tail words should be shown: rules compared over one and the same run.

What is shown changes neither what is decoded nor what is committed, so the clips are played once
in simulated time, every hypothesis is kept, and each rule is played over them. This is the
measurement behind ``docs/adr/0008-what-a-tail-shows.md``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from bench.simulations import BASE, DECODE_S, ENGINE, load, speech
from livecaption.bench.caption_log import CaptionLog
from livecaption.bench.excerpts import LoadedClip, whole
from livecaption.bench.figures import measure
from livecaption.bench.load_run import RunFigures
from livecaption.bench.report import run_report
from livecaption.bench.simulated import play_simulated
from livecaption.core.audio import SAMPLE_RATE
from livecaption.core.hypothesis import Word
from livecaption.core.policy import REALTIME
from livecaption.core.publisher import CaptionPublisher
from livecaption.core.utterance import Utterance
from livecaption.engine.faster_whisper import FasterWhisperTranscriber

TITLE = "rules for showing tentative words, compared over one run"

Rule = Callable[["Moment"], int]
"""How many words of the tail are shown."""


@dataclass(frozen=True)
class Moment:
    """What a rule may look at."""

    tail: tuple[Word, ...]
    before: tuple[Word, ...]
    """The tail of the hypothesis before, less what was committed of it."""
    covered: int
    """End of what was decoded, samples."""
    begun: bool
    """Whether words of the utterance are committed."""


@dataclass(frozen=True)
class _Call:
    utterance: int
    fresh: tuple[Word, ...]
    moment: Moment
    resolved: bool


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--hop", type=float, default=REALTIME.hop / SAMPLE_RATE)
    parser.add_argument("--clips", help="names of clips, separated by commas; default: all five")


def rules() -> dict[str, Rule]:
    chosen: dict[str, Rule] = {"everything": lambda m: len(m.tail)}
    for least in (0.5, 0.8, 0.9):
        chosen[f"probability at least {least}"] = _while(lambda w, _, p=least: w.probability >= p)
    chosen["not the last word"] = lambda m: max(len(m.tail) - 1, _first(m))
    chosen["last word only if probable (0.9)"] = _unless_unsure
    chosen["only what two decodes agree on"] = _agreed
    for seconds in (0.08, 0.1, 0.12, 0.16, 0.2):
        chosen[f"not within {seconds} s of the end"] = _heard(seconds)
    chosen["not within 0.12 s, first word too"] = _heard(0.12, first=False)
    return chosen


def _first(moment: Moment) -> int:
    return int(not moment.begun and bool(moment.tail))


def _while(keep: Callable[[Word, Moment], bool]) -> Rule:
    def rule(moment: Moment) -> int:
        count = 0
        while count < len(moment.tail) and keep(moment.tail[count], moment):
            count += 1
        return count

    return rule


def _heard(seconds: float, *, first: bool = True) -> Rule:
    margin = int(seconds * SAMPLE_RATE)
    plain = _while(lambda word, moment: word.stop <= moment.covered - margin)
    return lambda m: max(plain(m), _first(m) if first else 0)


def _unless_unsure(moment: Moment) -> int:
    sure = not moment.tail or moment.tail[-1].probability >= 0.9
    return len(moment.tail) if sure else max(len(moment.tail) - 1, _first(moment))


def _agreed(moment: Moment) -> int:
    count = 0
    while count < min(len(moment.tail), len(moment.before)):
        if moment.tail[count].text != moment.before[count].text:
            break
        count += 1
    return max(count, _first(moment))


def run(options: argparse.Namespace) -> dict[str, Any]:
    model = load()
    clips = speech(options.clips.split(",") if options.clips else None)
    engine = FasterWhisperTranscriber(model.model, model.info, ENGINE)
    policy = REALTIME.with_hop(int(options.hop * SAMPLE_RATE))
    takes = [_record(engine, loaded, policy) for loaded in clips]
    rows = []
    for name, rule in rules().items():
        figures = [
            measure(whole(loaded), _replay(calls, rule))
            for loaded, calls in zip(clips, takes, strict=True)
        ]
        audio_s = sum(f.audio_s for f in figures)
        report = run_report(RunFigures(1, audio_s, tuple(figures), {}, 0.0))
        rows.append({"rule": name, **report})
        first, shown = report["first_text_s"], report["shown_s"]
        print(
            f"  {name:34} changed {report['flicker']:6.1%}   first text {first['p50']:.2f}/"
            f"{first['p95']:.2f} s   shown right {shown['p50']:.2f}/{shown['p95']:.2f} s",
            flush=True,
        )
    return {"hop_s": options.hop, "rules": rows}


def _record(
    engine: FasterWhisperTranscriber, loaded: LoadedClip, policy: Any
) -> list[tuple[float, _Call]]:
    """Play a clip and keep every hypothesis as it was about to be published."""
    calls: list[tuple[float, _Call]] = []
    tails: dict[int, tuple[Word, ...]] = {}
    heard = [0]
    publish = CaptionPublisher.publish

    def keep(self: CaptionPublisher, utterance: Utterance) -> tuple[Word, ...]:
        fresh = tuple(utterance.committed[utterance.published :])
        tail = () if utterance.resolved else utterance.agreement.tentative
        before = tails.get(utterance.number, ())[len(fresh) :]
        moment = Moment(tail, before, utterance.covered, bool(utterance.committed))
        call = _Call(utterance.number, fresh, moment, utterance.resolved)
        # Every publication follows a result, which takes DECODE_S to come.
        now = utterance.covered / SAMPLE_RATE + DECODE_S
        heard[0] = max(heard[0], now)
        calls.append((heard[0], call))
        tails[utterance.number] = tail
        return publish(self, utterance)

    CaptionPublisher.publish = keep
    try:
        config = replace(BASE, policy=policy)
        play_simulated(engine, loaded.audio, config, decode_s=DECODE_S)
    finally:
        CaptionPublisher.publish = publish
    return calls


def _replay(calls: list[tuple[float, _Call]], rule: Rule) -> CaptionLog:
    log = CaptionLog()
    for now, call in calls:
        if call.fresh:
            log.commit(call.utterance, [word.text.strip() for word in call.fresh], now)
        shown = 0 if call.resolved else rule(call.moment)
        words = [word.text.strip() for word in call.moment.tail[:shown]]
        log.show(call.utterance, words, now)
    return log
