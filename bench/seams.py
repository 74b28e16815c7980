"""An hour of speech without a pause, in simulated time: are words lost or doubled at seams?

Utterances of the clips follow each other with the silence between them cut to 0.1 s, in an order
that is never the same, so that windows are trimmed, slid and broken at other places each time.
What counts is what the hour loses and doubles beyond what the same model loses and doubles
offline, when the same audio is transcribed as a file: that is the model's doing. Each clip played
alone, with its pauses, stands beside it.
"""

from __future__ import annotations

import argparse
import tempfile
import wave
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from bench.accuracy import offline_text
from bench.simulations import BASE, DECODE_S, ENGINE, load, speech
from livecaption.bench.excerpts import Excerpt, LoadedClip, whole
from livecaption.bench.simulated import play_simulated
from livecaption.bench.word_errors import WordErrors, count_errors
from livecaption.bundled import ClipWord
from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.engine.faster_whisper import FasterWhisperTranscriber

TITLE = "an hour of speech without a pause: words lost and doubled at seams"
_SILENCE_S = 0.1
_SPLIT_S = 0.4


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=60.0)


def run(options: argparse.Namespace) -> dict[str, Any]:
    model = load()
    engine = FasterWhisperTranscriber(model.model, model.info, ENGINE)
    clips = speech()
    alone = WordErrors(0, 0, 0, 0)
    for loaded in clips:
        alone += _errors(engine, whole(loaded), loaded.audio)
    rng = np.random.default_rng(7)
    pieces = [piece for loaded in clips for piece in _pieces(loaded)]
    hour = offline = WordErrors(0, 0, 0, 0)
    seconds, sessions = 0.0, 0
    while seconds < 60 * options.minutes:
        # Sessions of about five minutes: alignment of a whole hour would be a guess.
        said = _joined([pieces[i] for i in rng.permutation(len(pieces))], 300.0)
        hour += _errors(engine, said, said.sound)
        offline += _errors_offline(said)
        seconds += said.duration
        sessions += 1
        print(f"  {seconds / 60:.1f} min: live {_describe(hour)}", flush=True)
        print(f"  {' ' * 8} offline {_describe(offline)}", flush=True)
    print(f"  each clip alone: {_describe(alone)}")
    return {
        "minutes": round(seconds / 60, 1),
        "sessions": sessions,
        "continuous": _row(hour),
        "offline": _row(offline),
        "alone": _row(alone),
    }


def _errors(engine: FasterWhisperTranscriber, said: Excerpt, audio: Samples) -> WordErrors:
    config = replace(BASE, session=f"s-{said.name}")
    log = play_simulated(engine, audio, config, decode_s=DECODE_S).log
    return count_errors([w.word for w in said.words], [w.text for w in log.words])


def _errors_offline(said: Excerpt) -> WordErrors:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "joined.wav")
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(said.sound.tobytes())
        return count_errors([w.word for w in said.words], offline_text(path).split())


def _pieces(loaded: LoadedClip) -> list[tuple[Samples, tuple[ClipWord, ...]]]:
    """Cut a clip in its pauses, with a little of the silence on both sides."""
    words, audio = loaded.clip.words, loaded.audio
    cuts = [i + 1 for i, (a, b) in enumerate(pairwise(words)) if b.start - a.stop >= _SPLIT_S]
    pieces = []
    for first, stop in pairwise([0, *cuts, len(words)]):
        begin = max(0.0, words[first].start - _SILENCE_S / 2)
        end = words[stop - 1].stop + _SILENCE_S / 2
        sound = audio[int(begin * SAMPLE_RATE) : int(end * SAMPLE_RATE)]
        pieces.append((sound, tuple(_shift(w, -begin) for w in words[first:stop])))
    return pieces


def _joined(pieces: list[tuple[Samples, tuple[ClipWord, ...]]], most_s: float) -> Excerpt:
    sounds: list[Samples] = []
    words: list[ClipWord] = []
    at = 0
    for sound, said in pieces:
        if at > most_s * SAMPLE_RATE:
            break
        words += [_shift(word, at / SAMPLE_RATE) for word in said]
        sounds.append(sound)
        at += len(sound)
    return Excerpt("joined", np.concatenate(sounds), 0, at, tuple(words))


def _shift(word: ClipWord, seconds: float) -> ClipWord:
    return ClipWord(word.word, word.start + seconds, word.stop + seconds)


def _row(errors: WordErrors) -> dict[str, Any]:
    said = max(1, errors.said)
    return {
        "said": errors.said,
        "word_error_rate": round(errors.rate, 4),
        "lost": errors.lost,
        "lost_share": round(errors.lost / said, 4),
        "doubled": errors.doubled,
        "doubled_share": round(errors.doubled / said, 5),
    }


def _describe(errors: WordErrors) -> str:
    row = _row(errors)
    return (
        f"{row['said']} words, errors {row['word_error_rate']:.2%}, lost {row['lost']} "
        f"({row['lost_share']:.2%}), doubled {row['doubled']} ({row['doubled_share']:.3%})"
    )
