"""Make speech clips with exact word times, to measure latency and errors against.

Three kinds, none of which needs a sentence list:

- ``mixed``: 12 short clips (2 to 9 s) and 3 long ones (1 to 3 minutes) of several voices
- ``single``: many clips of one held-out sentence each, for a word error rate
- ``script``: one clip of your own text
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from training.espeak import Espeak
from training.sentences import SentenceSource
from training.voices import Voice, random_voice
from training.word_timed_clip import ClipPlan, Turn, WordTimedClip, make_clip, save_clip

SHORT_CLIPS = 12
LONG_CLIP_SECONDS = (65, 110, 170)
LONGEST_SINGLE = 29.0
"""Seconds; a single clip must fit one window."""

_NAMED_SHARE = 0.15
_SOURCE_SEED = 4242


def make_mixed(arguments: argparse.Namespace) -> None:
    """Write short_00 ... short_11 and long_0 ... long_2 from held-out sentences."""
    espeak = Espeak()
    random = Random(arguments.seed)
    source = SentenceSource(arguments.sentences, held_out=True, seed=_SOURCE_SEED)
    half = len(source.written) // 2
    written = source.written[half:] if arguments.second_half else source.written[:half]
    source.random = Random(arguments.seed + 1)
    next_sentence = _without_repeats(source, written, random).__next__
    for index in range(SHORT_CLIPS):
        # template sentences alone are rarely as long as the later clips
        pair = index % 3 == 2 or (not written and index >= 6)
        clip = _short_clip(espeak, index, 2 if pair else 1, next_sentence, random)
        save_clip(arguments.out / f"short_{index:02d}", clip)
    for index in range(len(LONG_CLIP_SECONDS)):
        clip = _long_clip(espeak, index, next_sentence, random)
        save_clip(arguments.out / f"long_{index}", clip)
        print(f"long_{index}: {clip.duration:.1f} s", flush=True)


def _without_repeats(source: SentenceSource, written: list[str], random: Random) -> Iterator[str]:
    """Half written, half conversational sentences of four words or more; each one once."""
    used = set()
    while True:
        if written and random.random() < 0.5:
            sentence = random.choice(written)
        else:
            sentence = source.conversational()
        if sentence not in used and len(sentence.split()) > 3:
            used.add(sentence)
            yield sentence


def _short_clip(
    espeak: Espeak, index: int, sentences: int, next_sentence: Callable[[], str], random: Random
) -> WordTimedClip:
    """One voice; each clip is 0.6 s longer than the one before."""
    target = 2.2 + index * 0.6
    while True:
        voice = random_voice(random, named_share=_NAMED_SHARE)
        turns = [Turn(next_sentence(), voice) for _ in range(sentences)]
        noise_snr_db = random.uniform(22, 32) if index % 4 == 3 else None
        clip = make_clip(espeak, ClipPlan(tuple(turns), noise_snr_db=noise_snr_db), random)
        if abs(clip.duration - target) < 0.8:
            return clip


def _long_clip(
    espeak: Espeak, index: int, next_sentence: Callable[[], str], random: Random
) -> WordTimedClip:
    """Two to four voices in turns of one to three sentences; the second clip has noise."""
    target = LONG_CLIP_SECONDS[index]
    voices = [random_voice(random, named_share=_NAMED_SHARE) for _ in range(2 + index)]
    turns: list[Turn] = []
    estimate = 0.0
    while estimate < target - 4:
        voice = random.choice(voices)
        for _ in range(random.choice([1, 1, 2, 3])):
            sentence = next_sentence()
            turns.append(Turn(sentence, voice))
            estimate += len(sentence) / 14.0 + 1.0  # 14 characters a second, and the pause
    noise_snr_db = 28 if index == 1 else None
    plan = ClipPlan(tuple(turns), lead=0.5, pauses=(0.25, 1.8), noise_snr_db=noise_snr_db)
    return make_clip(espeak, plan, random)


def make_single(arguments: argparse.Namespace) -> None:
    """Write u000, u001, ...: held-out sentences of both kinds in random voices."""
    espeak = Espeak()
    random = Random(arguments.seed)
    source = SentenceSource(arguments.sentences, held_out=True, seed=arguments.seed + 1)
    written = source.written[50 : 50 + arguments.written]
    sentences = [(sentence, "written") for sentence in written]
    sentences += [
        (source.conversational(), "conversational") for _ in range(arguments.conversational)
    ]
    for index, (sentence, kind) in enumerate(sentences):
        turn = Turn(sentence, random_voice(random))
        clip = make_clip(espeak, ClipPlan((turn,)), random)
        if clip.duration < LONGEST_SINGLE:
            save_clip(arguments.out / f"u{index:03d}", clip, kind=kind)


def make_scripted(arguments: argparse.Namespace) -> None:
    """Write one clip of given text; the JSON of an existing clip is a script too."""
    script = json.loads(arguments.script.read_text(encoding="utf-8"))
    turns = tuple(_scripted_turn(turn) for turn in script["turns"])
    clip = make_clip(Espeak(), ClipPlan(turns, lead=0.5), Random(arguments.seed))
    title = {"title": script["title"]} if "title" in script else {}
    save_clip(arguments.out, clip, **title)
    print(f"{arguments.out}: {clip.duration:.1f} s")


def _scripted_turn(turn: dict[str, str | int | float]) -> Turn:
    settings = {
        name: int(turn[name])
        for name in ("rate", "pitch", "pitch_range", "word_gap")
        if name in turn
    }
    pause = float(turn["pause"]) if "pause" in turn else None
    return Turn(str(turn["text"]), Voice(str(turn["voice"]), **settings), pause)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = parser.add_subparsers(required=True)
    mixed = kinds.add_parser("mixed", help="12 short and 3 long clips")
    mixed.set_defaults(make=make_mixed, seed=31337)
    mixed.add_argument(
        "--second-half",
        action="store_true",
        help="take the other half of the held-out sentences, so that two sets share none",
    )
    single = kinds.add_parser("single", help="one sentence per clip, for a word error rate")
    single.set_defaults(make=make_single, seed=777)
    single.add_argument("--written", type=int, default=200, help="clips from the sentence list")
    single.add_argument("--conversational", type=int, default=100, help="from our templates")
    for kind in (mixed, single):
        kind.add_argument("--sentences", type=Path, help="sentence list; none: our templates only")
        kind.add_argument("--out", type=Path, required=True, help="folder")
    script = kinds.add_parser("script", help="your own text")
    script.set_defaults(make=make_scripted, seed=1)
    script.add_argument(
        "script",
        type=Path,
        help='JSON: {"title": ..., "turns": [{"text", "voice", and as wanted "rate" (words a '
        'minute), "pitch", "pitch_range", "word_gap", "pause" (seconds until the next turn)}]}',
    )
    script.add_argument("--out", type=Path, required=True, help="path without a suffix")
    for kind in (mixed, single, script):
        kind.add_argument("--seed", type=int, help="default: %(default)s")
    return parser.parse_args()


def main() -> None:
    """Make the kind of clips that was asked for."""
    arguments = _parse()
    arguments.make(arguments)


if __name__ == "__main__":
    main()
