"""Numbers, years and times of day as they are spoken: the model never sees a digit."""

from __future__ import annotations

from random import Random

from training.word_lists import ONES, TENS

__all__ = ["clock_time", "digit", "small_number", "spoken_number", "spoken_year"]

_BEFORE_THE_HOUR = (
    "half past",
    "quarter past",
    "quarter to",
    "ten past",
    "twenty to",
    "five past",
)
_CENTURIES = ("seventeen", "eighteen", "nineteen", "nineteen", "twenty")  # nineteen twice as often
_MINUTES = ("fifteen", "thirty", "forty five", "twenty", "ten", "fifty")
_PART_OF_DAY = (" in the morning", " in the afternoon", " in the evening", " tonight")


def digit(random: Random) -> str:
    """One digit of a telephone number."""
    return ONES[random.randint(0, 9)]


def small_number(random: Random) -> str:
    """1 to 99."""
    value = random.randint(1, 99)
    if value < 20:
        return ONES[value]
    return TENS[value // 10 - 2] + (" " + ONES[value % 10] if value % 10 else "")


def spoken_number(random: Random) -> str:
    """1 to 9 million, small ones most often."""
    draw = random.random()
    if draw < 0.5:
        return small_number(random)
    if draw < 0.8:
        hundreds = ONES[random.randint(1, 9)] + " hundred"
        return hundreds + (" and " + small_number(random) if random.random() < 0.6 else "")
    if random.random() < 0.8:
        large = small_number(random) + " thousand"
    else:
        large = ONES[random.randint(1, 9)] + " million"
    if random.random() < 0.4:
        large += " " + ONES[random.randint(1, 9)] + " hundred"
    return large


def spoken_year(random: Random) -> str:
    """A year from the eighteenth century on, in either of the two ways years are said."""
    if random.random() < 0.5:
        century = random.choice(_CENTURIES) + " "
        if random.random() < 0.7:
            return century + random.choice(TENS) + " " + ONES[random.randint(1, 9)]
        return century + random.choice(ONES[10:])
    if random.random() < 0.5:
        return "two thousand and " + ONES[random.randint(1, 19)]
    return "twenty " + random.choice(TENS[:2]) + " " + ONES[random.randint(1, 9)]


def clock_time(random: Random) -> str:
    """A time of day."""
    draw, hour = random.random(), ONES[random.randint(1, 12)]
    if draw < 0.3:
        return hour + " o'clock"
    if draw < 0.6:
        return random.choice(_BEFORE_THE_HOUR) + " " + hour
    if draw < 0.8:
        return hour + " " + random.choice(_MINUTES)
    return hour + random.choice(_PART_OF_DAY)
