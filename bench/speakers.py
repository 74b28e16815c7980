"""Publishers at speaking speed through the client that ships, for benchmarks of what goes wrong."""

from __future__ import annotations

import argparse
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.word_diff import TimedWord, WordDiff, diff_words
from livecaption.bench.excerpts import Excerpt, excerpts, load_audio
from livecaption.bundled import model_path, speech_clips
from livecaption.client import ConnectionOptions, paced, publish
from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.core.stats import percentile
from tests.faults.heard import Heard
from tests.faults.killable import SCRIPTED, SERVE, KillableServer
from tests.faults.talk import talk

__all__ = [
    "Speech",
    "Speeches",
    "account",
    "add_speaker_options",
    "compare",
    "quantiles",
    "speak",
    "speeches",
    "stored_text",
]

_BLOCK = SAMPLE_RATE // 10


@dataclass(frozen=True, slots=True)
class Speech:
    """What one publisher says."""

    excerpt: Excerpt
    words: tuple[TimedWord, ...]


@dataclass(frozen=True, slots=True)
class Speeches:
    """What all of them say, and the server that can hear it."""

    each: list[Speech]
    program: tuple[str, ...]
    settings: dict[str, str]


def speeches(engine: str, streams: int, seconds: float, threads: int) -> Speeches:
    """Return what is said, and with what it is heard.

    Args:
        engine: ``micro-en``, the bundled model, which hears the bundled clips; or ``scripted``,
            which hears a talk whose words are all different, without an error.
        streams: how many speak.
        seconds: how long.
        threads: of the model.
    """
    common = {"ADMISSION": "false", "MAX_STREAMS": str(streams)}
    if engine == "scripted":
        audio, said = talk(seconds)
        words = tuple(
            TimedWord(w.text.strip(), w.start / SAMPLE_RATE, w.stop / SAMPLE_RATE) for w in said
        )
        speech = Speech(Excerpt("talk", audio, 0, len(audio), ()), words)
        return Speeches([speech] * streams, (*SCRIPTED, str(seconds)), common)
    model = {"MODEL": str(model_path()), "DEVICE": "cpu", "CPU_THREADS": str(threads)}
    said_by = excerpts(load_audio(speech_clips()), streams, seconds)
    each = [Speech(e, tuple(TimedWord(w.word, w.start, w.stop) for w in e.words)) for e in said_by]
    return Speeches(each, SERVE, {**common, **model})


async def speak(url: str, excerpt: Excerpt, room: str, heard: Heard) -> None:
    """Say an excerpt at speaking speed, over every loss of the connection.

    Raises:
        LiveCaptionError: the session could not be kept.
    """
    sound = paced(_blocks(excerpt))
    async with publish(url, sound, options=ConnectionOptions(), room=room, language="en") as client:
        async for event in client:
            heard.take(event)


async def stored_text(server: KillableServer, room: str) -> str:
    """Return what the server has stored of a room, as text."""
    status, body = await server.get(f"/v1/rooms/{room}/transcript?format=json")
    if status != 200:
        return f"HTTP {status}"
    entries = json.loads(body)["entries"]
    return " ".join(e["text"] for e in entries if e["type"] == "utterance" and e["text"])


def account(heard: Sequence[Heard]) -> dict[str, Any]:
    """Say what all of them got, and which promises were not kept."""
    ends = [each.closed for each in heard if each.closed is not None]
    return {
        "words": sum(len(each.words) for each in heard),
        "gaps": sum(len(each.gaps) for each in heard),
        "declared_lost_s": round(sum(each.lost_s for each in heard), 3),
        "accounted_lost_s": round(sum(end.lost_s for end in ends), 3),
        "audio_s": round(sum(end.audio_s for end in ends), 3),
        "unfinished": len(heard) - len(ends),
        "sessions": sum(each.sessions for each in heard),
        "withdrawn": sum(each.withdrawn for each in heard),
        "broken_promises": [broken for each in heard for broken in each.broken],
    }


def add_speaker_options(parser: argparse.ArgumentParser, streams: int) -> None:
    """Add who speaks to what."""
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--streams", type=int, default=streams)
    parser.add_argument("--engine", choices=["micro-en", "scripted"], default="micro-en")
    parser.add_argument("--threads", type=int, default=2, help="of the model")


def compare(said: Speeches, runs: Mapping[str, Sequence[Heard]]) -> dict[str, Any]:
    """Return what each run has of what was said, and of the uncut run where there is one."""
    uncut = runs.get("uncut")
    return {
        "errors": {name: asdict(_errors_of(said, heard)) for name, heard in runs.items()},
        "differences_from_uncut": {
            name: asdict(_differ(uncut, heard))
            for name, heard in runs.items()
            if uncut is not None and name != "uncut"
        },
    }


def _differ(reference: Sequence[Heard], other: Sequence[Heard]) -> WordDiff:
    """Compare two runs of the same speech, speaker by speaker."""
    diffs = [
        diff_words(_words_of(a), _words_of(b), same_clock=a.sessions == b.sessions == 1)
        for a, b in zip(reference, other, strict=True)
    ]
    return sum(diffs, WordDiff())


def _errors_of(said: Speeches, heard: Sequence[Heard]) -> WordDiff:
    """Compare a run with what was said."""
    diffs = [
        diff_words(speech.words, _words_of(each), same_clock=each.sessions == 1)
        for speech, each in zip(said.each, heard, strict=True)
    ]
    return sum(diffs, WordDiff())


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """Return median, 95th percentile and maximum."""
    named = {"p50": percentile(values, 50), "p95": percentile(values, 95), "max": max(values)}
    return {name: round(value, 3) for name, value in named.items()}


def _words_of(heard: Heard) -> list[TimedWord]:
    return [TimedWord(word.text, word.start, word.end) for word in heard.words]


async def _blocks(excerpt: Excerpt) -> AsyncIterator[Samples]:
    for at in range(0, excerpt.samples, _BLOCK):
        yield excerpt.block(at, _BLOCK)
