"""Whole files: ours next to ``faster_whisper.transcribe``, the same model, beam and detector.

Both decode the file themselves. faster-whisper is asked twice: with its own defaults (temperatures
up to 1, earlier text as context), and with what the model's maker says suits it, as ours is.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

from bench.simulations import speech
from livecaption.bench.word_errors import WordErrors, count_errors
from livecaption.bundled import Clip
from livecaption.core.file_transcript import FileOptions
from livecaption.engine.files import FileTranscriber
from livecaption.engine.loading import LoadedModel, ModelOptions, load_model
from livecaption.media.recording import record
from livecaption.media.sources import open_source

TITLE = "whole files: word error rate and speed, ours and faster_whisper.transcribe"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--clips", help="names of clips, separated by commas; default: all five")
    parser.add_argument("--model", default="micro-en")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=3, help="the fastest counts")


def run(options: argparse.Namespace) -> dict[str, Any]:
    loaded = load_model(
        ModelOptions(model=options.model, device=options.device, cpu_threads=options.threads),
        print,
    )
    ways = {"ours": _ours, "faster-whisper": _theirs, "faster-whisper, as suits": _theirs_suited}
    clips = [each.clip for each in speech(options.clips.split(",") if options.clips else None)]
    totals = {name: _total(name, way, loaded, clips, options.repeats) for name, way in ways.items()}
    return {"model": loaded.info.name, "clips": [clip.name for clip in clips], "ways": totals}


def _total(
    name: str,
    way: Callable[[LoadedModel, Clip], str],
    loaded: LoadedModel,
    clips: list[Clip],
    repeats: int,
) -> dict[str, Any]:
    errors, seconds, rows = WordErrors(0, 0, 0, 0), 0.0, []
    for clip in clips:
        took, text = min(_timed(way, loaded, clip) for _ in range(repeats))
        found = count_errors([word.word for word in clip.words], text.split())
        errors, seconds = errors + found, seconds + took
        rows.append({"clip": clip.name, "word_error_rate": found.rate, "seconds": took})
    audio = sum(clip.duration for clip in clips)
    print(
        f"  {name:25} {errors.rate:6.2%} word errors, {seconds:5.2f} s for {audio:.0f} s "
        f"({audio / seconds:.0f} × real time)",
        flush=True,
    )
    return {"word_error_rate": errors.rate, "seconds": seconds, "audio_s": audio, "clips": rows}


def _timed(
    way: Callable[[LoadedModel, Clip], str], loaded: LoadedModel, clip: Clip
) -> tuple[float, str]:
    began = time.perf_counter()
    text = way(loaded, clip)
    return time.perf_counter() - began, text


def _ours(loaded: LoadedModel, clip: Clip) -> str:
    with open_source(str(clip.audio)) as source, record(source) as recording:
        segments = FileTranscriber(loaded).open(recording, FileOptions(language="en"))
        return "".join(segment.text for segment in segments)


def _theirs(loaded: LoadedModel, clip: Clip) -> str:
    segments, _ = loaded.model.transcribe(str(clip.audio), language="en", vad_filter=True)
    return "".join(segment.text for segment in segments)


def _theirs_suited(loaded: LoadedModel, clip: Clip) -> str:
    segments, _ = loaded.model.transcribe(
        str(clip.audio),
        language="en",
        vad_filter=True,
        word_timestamps=True,
        condition_on_previous_text=loaded.info.previous_text,
        **({} if loaded.temperature_fallback else {"temperature": 0.0}),
    )
    return "".join(segment.text for segment in segments)
