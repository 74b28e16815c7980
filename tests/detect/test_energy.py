from __future__ import annotations

import numpy as np
import pytest

from livecaption.core.audio import FRAME_SAMPLES
from livecaption.detect.energy import EnergyFloor, dbfs
from tests.detect.signals import tone


def frame(level: float) -> bytes:
    """A frame whose every sample is at this level, 1.0 being full scale."""
    return np.full(FRAME_SAMPLES, round(level * 32768), dtype="<i2").tobytes()


def everything(frame: bytes) -> bool:
    return True


@pytest.mark.parametrize(
    ("level", "decibels"),
    [(0.0, -120.0), (-1.0, 0.0), (0.5, -6.02), (0.1, -20.0), (1 / 32768, -90.3)],
)
def test_levels_are_relative_to_full_scale(level: float, decibels: float) -> None:
    assert dbfs(frame(level)) == pytest.approx(decibels, abs=0.01)


def test_a_sine_is_three_decibels_below_its_peak() -> None:
    assert dbfs(tone(1000, amplitude=32_000).tobytes()) == pytest.approx(-3.2, abs=0.1)


def test_no_samples_are_silence() -> None:
    assert dbfs(b"") == -120.0


@pytest.mark.parametrize(("decibels", "passed"), [(-56, False), (-54, True), (-10, True)])
def test_only_frames_louder_than_the_floor_are_passed_on(decibels: float, passed: bool) -> None:
    level = 10 ** (decibels / 20)
    assert EnergyFloor(everything, floor=-55.0)(frame(level)) is passed


def test_the_detector_is_not_asked_about_silence() -> None:
    asked: list[bytes] = []

    def detector(frame: bytes) -> bool:
        asked.append(frame)
        return False

    floor = EnergyFloor(detector)
    assert not floor(frame(0.0))
    assert not floor(frame(0.1))
    assert asked == [frame(0.1)]


@pytest.mark.parametrize("samples", [1, 17, 319, 321])
def test_the_floor_is_a_level_and_does_not_depend_on_the_length(samples: int) -> None:
    floor = EnergyFloor(everything, floor=-20.0)
    assert floor(frame(0.11)[: 2 * samples])
    assert not floor(frame(0.09)[: 2 * samples])
