"""Which synthetic voices speak, and how: accents, variants, rate and pitch."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

__all__ = ["Voice", "random_voice"]


def _names(block: str) -> tuple[str, ...]:
    return tuple(block.split())


_ACCENTS = {
    "en-us": 0.38,
    "en": 0.22,
    "en-gb-x-rp": 0.10,
    "en-gb-scotland": 0.08,
    "en-us-nyc": 0.08,
    "en-029": 0.05,
    "en-gb-x-gbclan": 0.05,
    "en-gb-x-gbcwmd": 0.04,
}
_CORE_VARIANTS = (
    *("", ""),  # the plain voice twice as often
    *("m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8"),
    *("f1", "f2", "f3", "f4", "f5"),
)
_NAMED_VARIANTS = _names(
    """
    Andy Annie Alex Alicia Andrea Gene Hugo Jacky Lee Michael Mike adam anika antonio aunty
    belinda benjamin boris caleb david ed edward grandma grandpa iven john linda max michel
    miguel norbert pablo paul pedro quincy rob robert sandro shelby steph travis victor zac
    klatt klatt2 klatt3
    """
)


@dataclass(frozen=True)
class Voice:
    """A voice of espeak-ng with its settings."""

    name: str
    """Accent, or accent+variant: ``en-us+f3``."""
    rate: int = 170
    """Words per minute."""
    pitch: int = 50
    """0 to 99."""
    pitch_range: int = 50
    """0 (monotone) to 99."""
    word_gap: int = 0
    """Extra pause between words, units of 10 ms at the default rate."""


def random_voice(random: Random, *, named_share: float = 0.25) -> Voice:
    """Draw a voice.

    Args:
        random: where all choices come from.
        named_share: probability of one of the more exotic, named variants.
    """
    accent = random.choices(list(_ACCENTS), list(_ACCENTS.values()))[0]
    named = random.random() < named_share
    variant = random.choice(_NAMED_VARIANTS if named else _CORE_VARIANTS)
    return Voice(
        name=f"{accent}+{variant}" if variant else accent,
        rate=int(random.triangular(120, 220, 165)),
        pitch=random.randint(25, 75),
        pitch_range=random.randint(30, 70),
        word_gap=random.choice([0] * 7 + [1, 2, 4]),
    )
