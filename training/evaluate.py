"""Measure a model directory in faster-whisper on a CPU, on clips with known words.

Checks: ``wer`` word error rate, overall and by kind of clip; ``words`` errors of word times;
``silence`` what it makes of silence, noise and hum; ``prefixes`` what it makes of speech that is
cut off, as live captions do all the time; ``modes`` the word error rate under other decoding
options.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import jiwer
import numpy as np
import numpy.typing as npt
from faster_whisper import WhisperModel
from faster_whisper.transcribe import Segment

from training.scoring import (
    SpokenClip,
    load_clips,
    plain,
    transcript,
    word_error_line,
    word_time_errors,
)

_OPTIONS = {
    "beam_size": 1,
    "language": "en",
    "temperature": 0.0,
    "condition_on_previous_text": False,
}
"""How livecaption decodes with this model."""

_MODES: tuple[dict[str, object], ...] = (
    {},
    {"beam_size": 5},
    {"condition_on_previous_text": True},
    {"word_timestamps": True},
    {"vad_filter": True},
    {"without_timestamps": True},
    {"initial_prompt": "Meeting about the budget with Anna and Peter."},
    {"temperature": [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]},
)

_PREFIX_SECONDS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
_SILENCE_SECONDS = (0.5, 1, 3, 10, 30, 45)
_FAST_SPEECH = 190
"""Words a minute."""


def decode(
    model: WhisperModel, samples: npt.NDArray[np.float32], **options: object
) -> list[Segment]:
    """Transcribe 16 kHz samples with the options above, changed by `options`."""
    segments, _ = model.transcribe(samples, **{**_OPTIONS, **options})
    return list(segments)


def check_wer(model: WhisperModel, clips: list[SpokenClip]) -> None:
    """Word error rate, overall and by kind, accent and speed."""
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    started = time.monotonic()
    for clip in clips:
        text = transcript(decode(model, clip.samples))
        pair = (plain(clip.description["text"]), plain(text))
        for group in _groups(clip):
            groups[group].append(pair)
    elapsed = time.monotonic() - started
    audio = sum(clip.duration for clip in clips)
    print(f"{audio:.0f} s of audio in {elapsed:.1f} s: {audio / elapsed:.1f} x real time")
    for name in sorted(groups, key=lambda name: (name != "all", name)):
        print(word_error_line(name, groups[name]))


def _groups(clip: SpokenClip) -> list[str]:
    description = clip.description
    groups = ["all"]
    if "kind" in description:
        groups.append(f"kind: {description['kind']}")
    voices = {turn["voice"] for turn in description["turns"]}
    if len(voices) == 1:
        groups.append(f"accent: {voices.pop().split('+')[0]}")
    else:
        groups.append("several voices")
    if all(turn["rate"] > _FAST_SPEECH for turn in description["turns"]):
        groups.append(f"faster than {_FAST_SPEECH} words a minute")
    return groups


def check_words(model: WhisperModel, clips: list[SpokenClip]) -> None:
    """Errors of word times; a window's first word apart, since it is aligned from frame 0."""
    first: list[float] = []
    start: list[float] = []
    end: list[float] = []
    for clip in clips:
        segments = decode(model, clip.samples, word_timestamps=True)
        errors = word_time_errors(segments, clip.description["words"])
        first += errors.start[:1]
        start += errors.start[1:]
        end += errors.end
    _print_times("start of the first word", first)
    _print_times("start of other words", start)
    _print_times("end of words", end)


def _print_times(name: str, errors: list[float]) -> None:
    if not errors:
        print(f"{name}: no word is right, so there is no time to compare")
        return
    size = 1000 * np.abs(errors)
    print(
        f"{name}: n={len(errors)} mean {size.mean():.0f} ms, median {np.median(size):.0f} ms, "
        f"90th percentile {np.percentile(size, 90):.0f} ms, bias {1000 * np.mean(errors):+.0f} ms"
    )


def check_silence(model: WhisperModel, clips: list[SpokenClip]) -> None:
    """Words that come out of audio without speech; there should be none."""
    del clips
    random = np.random.RandomState(0)
    inputs = wordy = 0
    for seconds in _SILENCE_SECONDS:
        samples = int(16_000 * seconds)
        time_axis = np.arange(samples) / 16_000
        hum = 0.05 * np.sin(2 * np.pi * 50 * time_axis)
        for name, audio in (
            ("digital silence", np.zeros(samples)),
            ("white noise at -60 dB", random.randn(samples) * 1e-3),
            ("white noise at -30 dB", random.randn(samples) * 0.03),
            ("hum", hum + random.randn(samples) * 1e-3),
        ):
            inputs += 1
            text = transcript(decode(model, audio.astype(np.float32)))
            if text:
                wordy += 1
                print(f"{seconds} s of {name}: {text!r}")
    print(f"silence: {inputs - wordy} of {inputs} inputs gave no words")


def check_prefixes(model: WhisperModel, clips: list[SpokenClip]) -> None:
    """Errors on the first seconds of clips; the word that is cut may be there or not."""
    for seconds in _PREFIX_SECONDS:
        cut = [clip for clip in clips if clip.duration >= seconds]
        pairs, invented = [], 0
        for clip in cut:
            words = clip.description["words"]
            said = plain(" ".join(word["word"] for word in words if word["end"] <= seconds))
            split = [plain(w["word"]) for w in words if w["start"] < seconds < w["end"]]
            samples = clip.samples[: int(seconds * 16_000)]
            heard = plain(transcript(decode(model, samples))).split()
            if split and heard[-1:] == split:
                heard.pop()
            if said:
                pairs.append((said, " ".join(heard)))
            else:
                invented += len(heard)
        if pairs:
            print(word_error_line(f"first {seconds} s", pairs))
        print(f"first {seconds} s: {invented} words where none is complete")


def check_modes(model: WhisperModel, clips: list[SpokenClip]) -> None:
    """Word error rate under each of the decoding options, and time."""
    truths = [plain(clip.description["text"]) for clip in clips]
    for options in _MODES:
        started = time.monotonic()
        heard = [plain(transcript(decode(model, clip.samples, **options))) for clip in clips]
        elapsed = time.monotonic() - started
        rate = 100 * jiwer.wer(truths, heard)
        print(f"{options or 'as above'!s:<70} {rate:6.2f} %  {elapsed:.1f} s", flush=True)


_CHECKS: dict[str, Callable[[WhisperModel, list[SpokenClip]], None]] = {
    "wer": check_wer,
    "words": check_words,
    "silence": check_silence,
    "prefixes": check_prefixes,
    "modes": check_modes,
}


def main() -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="model directory")
    parser.add_argument("--clips", type=Path, nargs="+", required=True, help="folders of clips")
    parser.add_argument("--most", type=int, default=300, help="clips to use (%(default)s)")
    parser.add_argument(
        "--checks", nargs="+", choices=list(_CHECKS), default=list(_CHECKS), help="default: all"
    )
    parser.add_argument("--threads", type=int, default=1, help="of the CPU (%(default)s)")
    options = parser.parse_args()
    model = WhisperModel(
        str(options.model), device="cpu", compute_type="int8", cpu_threads=options.threads
    )
    clips = load_clips(options.clips, options.most)
    for check in options.checks:
        print(f"== {check}", flush=True)
        _CHECKS[check](model, clips)


if __name__ == "__main__":
    main()
