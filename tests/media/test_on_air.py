"""Live inputs over their breaks; time is the test's, and passes only while something waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.errors import MediaError
from livecaption.media.on_air import OnAir, is_live, open_on_air
from livecaption.media.source import BLOCK_SAMPLES, Source
from tests.media.broadcasts import broadcasting
from tests.media.recordings import Pcm, coded, write_wav

NAME = "http://radio.example/live"
BROKEN = f"{NAME} broke off."


class Radio:
    """A broadcaster and its clock.

    Each opening is told as the seconds that it plays, or as a sentence that refuses it. Playing
    takes as long as it sounds, but for the first ``burst`` seconds, which come at once.
    """

    def __init__(self, *openings: float | str, burst: float = 0.0, ends: bool = False) -> None:
        self._openings = list(openings)
        self._burst = burst
        self._ends = ends
        self.now = 1000.0
        self.delays = [0.0]
        """Waited before each opening."""
        self.told: list[str] = []
        self.opened = 0
        self.air = OnAir(
            self.open,
            self.told.append,
            patience_s=60.0,
            clock=lambda: self.now,
            wait=self.wait,
        )

    def open(self) -> Source:
        self.delays.append(0.0)
        opening = self._openings.pop(0) if self._openings else "Nobody is there."
        if isinstance(opening, str):
            raise MediaError(opening)
        self.opened += 1
        return Source(NAME, self._play(opening), nullcontext())

    def _play(self, seconds: float) -> Iterator[Samples]:
        for number in range(round(seconds * 10)):
            if number >= self._burst * 10:
                self.now += 0.1
            yield np.full(BLOCK_SAMPLES, self.opened, np.int16)
        if not self._ends:
            raise MediaError(BROKEN)

    def wait(self, seconds: float) -> bool:
        self.delays[-1] += seconds
        self.now += seconds
        return False

    def listen(self) -> list[int]:
        """Until patience has run out: the number of the opening for each block, 0 for silence."""
        numbers: list[int] = []
        with pytest.raises(MediaError, match="did not come back within 60 s"):
            with self.air.source(self.open()) as source:
                numbers.extend(int(block[0]) for block in source)
        return numbers


def seconds_of(numbers: list[int], number: int) -> float:
    return numbers.count(number) * BLOCK_SAMPLES / SAMPLE_RATE


def test_a_broadcast_that_breaks_goes_on_and_the_hole_is_silence_of_the_same_length() -> None:
    radio = Radio(12.0, "Not now.", "Not now.", 5.0)
    numbers = radio.listen()
    hole = numbers[120 : numbers.index(2)]
    assert set(hole) == {0}
    assert len(hole) / 10 == pytest.approx(0.5 + 1.0 + 2.0, abs=0.11)
    assert seconds_of(numbers, 2) == 5.0
    assert radio.told[:4] == [
        f"{BROKEN} It will be opened again.",
        "Not now.",
        f"{NAME} is back. {len(hole) / 10:.1f} s of it were not received.",
        f"{BROKEN} It will be opened again.",
    ]


def test_silence_follows_half_a_minute_behind_while_the_input_is_away() -> None:
    radio = Radio(12.0)
    at: list[float] = []
    with radio.air.source(radio.open()) as source, pytest.raises(MediaError):
        at.extend(radio.now for block in source if not block.any())
    broken = 1012.0
    assert at[0] - broken == pytest.approx(30.5, abs=0.3)
    assert len(at) / 10 == pytest.approx(at[-1] - broken - 30.0, abs=0.2)
    assert max(after - before for before, after in pairwise(at)) <= 0.6


@pytest.mark.parametrize("refusals", [1, 7])
def test_an_input_that_knows_what_is_missing_is_believed(refusals: int) -> None:
    holes: list[float | None] = [None] * 120 + [7.0] + [None] * 10 + [2.5]
    radio = Radio(12.0, *["Not now."] * refusals, 5.0)
    radio.air = OnAir(
        radio.open,
        radio.told.append,
        hole=lambda: holes.pop(0) if holes else None,
        patience_s=60.0,
        clock=lambda: radio.now,
        wait=radio.wait,
    )
    numbers = radio.listen()
    back = numbers.index(2)
    assert numbers[:back] == [1] * 120 + [0] * max(70, back - 120)
    assert numbers[back : back + 60] == [2] * 11 + [0] * 25 + [2] * 24
    missing = (back - 120) / 10
    assert missing == (7.0 if refusals == 1 else pytest.approx(15.5, abs=0.2))
    assert radio.told[2:4] == [
        f"{NAME} is back. {missing:.1f} s of it were not received.",
        f"{NAME}: 2.5 s were not received.",
    ]


def test_a_broadcast_that_begins_with_a_burst_has_no_hole_where_the_burst_reaches_back() -> None:
    radio = Radio(20.0, "Not now.", 8.0, burst=6.0)
    numbers = radio.listen()
    assert 0 not in numbers[: numbers.index(2)]
    assert radio.told[2] == f"{NAME} is back."


def test_attempts_become_rarer_and_frequent_again_after_a_steady_while() -> None:
    radio = Radio(1.0, 1.0, 1.0, 15.0, 1.0, *["Nobody is there."] * 4)
    radio.listen()
    assert radio.delays[:10] == [0.0, 0.5, 1.0, 2.0, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0]


def test_one_reason_is_told_once_however_often_it_is_met() -> None:
    radio = Radio(2.0)
    radio.listen()
    assert radio.told == [f"{BROKEN} It will be opened again.", "Nobody is there."]


def test_openings_without_sound_do_not_use_up_less_patience() -> None:
    radio = Radio(1.0, *[0.0] * 500)
    radio.listen()
    assert radio.opened < 20


def test_a_broadcast_that_has_become_a_recording_ends_with_it() -> None:
    radio = Radio(2.0, ends=True)
    rest = iter([np.full(BLOCK_SAMPLES, 2, np.int16)] * 3)

    def recording() -> Source:
        return Source(NAME, rest, nullcontext(), duration=2.3)

    air = OnAir(
        recording,
        radio.told.append,
        hole=lambda: 0.0,
        patience_s=60.0,
        clock=lambda: radio.now,
        wait=radio.wait,
    )
    with air.source(radio.open()) as source:
        assert [int(block[0]) for block in source] == [1] * 20 + [2] * 3
    assert radio.told == [
        f"{NAME} has ended. It will be opened again.",
        f"{NAME} is back.",
        f"{NAME} is over.",
    ]


def test_cutting_ends_it_without_another_word() -> None:
    radio = Radio(2.0)
    cut: list[bool] = []

    def device() -> Source:
        return Source(NAME, iter(()), nullcontext(), live=True, cut=lambda: cut.append(True))

    air = OnAir(device, radio.told.append, patience_s=60.0)
    with air.source(device()) as source:
        source.cut()
        assert list(source) == []
    assert cut
    assert radio.told == []


@pytest.mark.parametrize(
    ("spec", "live", "duration", "comes_back"),
    [
        ("http://radio.example/live", False, None, True),
        ("https://radio.example/talk.mp3", False, 60.0, False),
        ("rtsp://camera.example/1", False, None, True),
        ("pulse:default", True, None, True),
        ("lavfi:sine=duration=1", True, None, False),
        ("file:///talk.raw", False, None, False),
        ("talk.wav", False, 3.0, False),
    ],
)
def test_what_has_an_end_of_its_own_is_not_opened_again(
    spec: str, live: bool, duration: float | None, comes_back: bool
) -> None:
    source = Source(spec, iter(()), nullcontext(), live=live, duration=duration)
    assert is_live(source, spec) is comes_back


def sweep(seconds: float) -> Pcm:
    """A tone that rises by 100 Hz in each second, so that its pitch says where it is from."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    rising: Pcm = (8000 * np.sin(2 * np.pi * (200 * time + 50 * time**2))).astype(np.int16)
    return rising


def pitches(pcm: Samples) -> list[float]:
    """Of every half second, in Hz; 0 for silence."""
    halves = [pcm[at : at + 8000] for at in range(0, len(pcm) - 7999, 8000)]
    return [float(np.count_nonzero(np.diff(half > 0))) for half in halves]


def test_a_radio_that_drops_its_listener_is_heard_without_a_word_lost_or_repeated() -> None:
    whole = coded(sweep(12.0), "mp3", "libmp3lame", rate=16_000)
    half, depth = len(whole) // 2, len(whole) // 6
    told: list[str] = []
    blocks: list[Samples] = []
    # It refuses once, and then begins with a burst of two seconds that were heard before.
    with broadcasting(whole[:half], 503, whole[half - depth - 77 :]) as url:
        with open_on_air(url, report=told.append, patience_s=2.0) as source:
            with pytest.raises(MediaError, match="did not come back within 2 s"):
                blocks.extend(source)
    voice = np.concatenate(blocks)
    assert [sentence.partition(" (")[0] for sentence in told[:3]] == [
        f"{url} broke off after 5.9 s",
        f"{url} cannot be opened",
        f"{url} is back.",
    ]
    heard = pitches(voice[: 12 * SAMPLE_RATE])
    assert heard == pytest.approx([225 + 50 * half for half in range(24)], abs=12)


def test_a_source_with_an_end_is_given_back_as_it_is(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", sweep(1.0))
    told: list[str] = []
    with open_on_air(str(path), report=told.append, patience_s=2.0) as source:
        assert len(np.concatenate(list(source))) == SAMPLE_RATE
    assert told == []


def test_without_patience_the_first_break_is_the_end() -> None:
    with broadcasting(coded(sweep(2.0), "mp3", "libmp3lame", rate=16_000)) as url:
        with open_on_air(url, report=pytest.fail, patience_s=0.0) as source:
            with pytest.raises(MediaError, match="broke off after"):
                list(source)
