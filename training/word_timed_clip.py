"""A clip of synthetic speech together with the exact time of every word in it.

The audio is a 16 kHz mono FLAC; the JSON beside it holds ``text``, ``words`` [{word, start, end}],
``voice`` (all of them), ``turns`` [{start, end, voice, rate, pitch, text}], ``noise_snr_db``
(null without noise), ``duration`` and ``sample_rate``. All times are seconds.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from training.espeak import Espeak
from training.utterance import SAMPLE_RATE, synthesise_utterance
from training.voices import Voice

__all__ = ["ClipPlan", "Turn", "WordTimedClip", "make_clip", "save_clip"]

_TAIL = 0.4
"""Seconds of silence after the last turn."""

_FULL_SCALE = 0.99


@dataclass(frozen=True)
class Turn:
    """What one voice says, and the pause after it."""

    text: str
    voice: Voice
    pause: float | None = None
    """Seconds until the next turn; None draws it from the plan's range."""


@dataclass(frozen=True)
class ClipPlan:
    """What a clip is made of; times in seconds."""

    turns: tuple[Turn, ...]
    lead: float = 0.2
    """Silence before the first turn."""
    pauses: tuple[float, float] = (0.3, 1.2)
    """Range of the silence between turns."""
    noise_snr_db: float | None = None
    """Level of speech over pink noise; None adds no noise."""


@dataclass(frozen=True)
class WordTimedClip:
    """The audio and what the JSON says about it."""

    samples: npt.NDArray[np.float64]
    """Shape (samples,), 16 kHz, within full scale 1."""
    description: dict[str, Any]

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / SAMPLE_RATE


def make_clip(espeak: Espeak, plan: ClipPlan, random: Random) -> WordTimedClip:
    """Speak a plan.

    Args:
        espeak: the synthesiser.
        plan: turns in the order they are said.
        random: where levels, pauses and noise come from.
    """
    pieces: list[npt.NDArray[Any]] = [_silence(plan.lead)]
    words: list[dict[str, Any]] = []
    turns: list[dict[str, Any]] = []
    now = plan.lead
    for index, turn in enumerate(plan.turns):
        speech, spoken, _ = synthesise_utterance(espeak, turn.text, turn.voice)
        speech = speech * (0.7 / max(0.05, np.abs(speech).max())) * random.uniform(0.5, 1.0)
        words += [
            {"word": w.text, "start": round(w.start + now, 3), "end": round(w.end + now, 3)}
            for w in spoken
        ]
        turns.append(
            {
                "start": round(spoken[0].start + now, 3),
                "end": round(spoken[-1].end + now, 3),
                "voice": turn.voice.name,
                "rate": turn.voice.rate,
                "pitch": turn.voice.pitch,
                "text": turn.text,
            }
        )
        last = index + 1 == len(plan.turns)
        pause = _silence(_TAIL if last else _pause_after(turn, plan, random))
        pieces += [speech.astype(np.float32), pause]
        now += len(speech) / SAMPLE_RATE
        now += len(pause) / SAMPLE_RATE
    samples = np.concatenate(pieces)
    if plan.noise_snr_db is not None:
        samples = _add_pink_noise(samples, plan.noise_snr_db, random.randint(0, 1 << 30))
    samples = np.clip(samples, -_FULL_SCALE, _FULL_SCALE)
    return WordTimedClip(samples, _describe(plan, words, turns, len(samples)))


def save_clip(path: Path, clip: WordTimedClip, **more: object) -> None:
    """Write ``path.flac`` and ``path.json``.

    Args:
        path: without a suffix.
        clip: what to write.
        more: further fields of the JSON.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    pcm = (clip.samples * 32767).astype(np.int16)
    soundfile.write(path.with_suffix(".flac"), pcm, SAMPLE_RATE, subtype="PCM_16")
    description = json.dumps({**clip.description, **more}, indent=1)
    path.with_suffix(".json").write_text(description, encoding="utf-8")


def _silence(seconds: float) -> npt.NDArray[np.float32]:
    return np.zeros(int(seconds * SAMPLE_RATE), np.float32)


def _pause_after(turn: Turn, plan: ClipPlan, random: Random) -> float:
    return random.uniform(*plan.pauses) if turn.pause is None else turn.pause


def _add_pink_noise(samples: npt.NDArray[Any], snr_db: float, seed: int) -> npt.NDArray[np.float64]:
    white = np.fft.rfft(np.random.RandomState(seed).randn(len(samples)))
    frequencies = np.maximum(np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE), 30)
    noise = np.fft.irfft(white / np.sqrt(frequencies), len(samples))
    speech_power = np.mean(samples[np.abs(samples) > 1e-3] ** 2)
    scale = np.sqrt(speech_power / 10 ** (snr_db / 10) / np.mean(noise**2))
    return np.asarray(samples + noise * scale, np.float64)


def _describe(
    plan: ClipPlan, words: list[dict[str, Any]], turns: list[dict[str, Any]], samples: int
) -> dict[str, Any]:
    voices = dict.fromkeys(turn.voice.name for turn in plan.turns)
    return {
        "text": " ".join(turn.text for turn in plan.turns),
        "words": words,
        "voice": ", ".join(voices),
        "turns": turns,
        "noise_snr_db": plan.noise_snr_db,
        "duration": round(samples / SAMPLE_RATE, 3),
        "sample_rate": SAMPLE_RATE,
    }
