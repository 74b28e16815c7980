"""What a run prints: mean losses every few seconds."""

from __future__ import annotations

import time

from training.losses import Losses

__all__ = ["Every", "TrainingReport", "losses_as_text"]


class Every:
    """Tells when so many seconds have passed since the last time it said so."""

    def __init__(self, seconds: float) -> None:
        """Start counting."""
        self._seconds, self._last = seconds, time.monotonic()

    def due(self) -> bool:
        """Whether it is time; if so, counting starts again."""
        if time.monotonic() - self._last <= self._seconds:
            return False
        self._last = time.monotonic()
        return True


class TrainingReport:
    """Means of the losses since the last line that was printed."""

    def __init__(self) -> None:
        """Start empty."""
        self._since = time.monotonic()
        self._losses: list[tuple[float, ...]] = []
        self._audio_seconds = 0.0

    def add(self, losses: Losses, audio_seconds: float) -> None:
        """Count one step on so many seconds of audio windows."""
        self._losses.append(tuple(float(value.detach()) for value in losses))
        self._audio_seconds += audio_seconds

    def print_means(self, step: int, progress: float) -> None:
        """Print one line and start again; nothing if no step was counted."""
        steps = len(self._losses)
        if not steps:
            return
        elapsed = time.monotonic() - self._since
        means = [sum(column) / steps for column in zip(*self._losses, strict=True)]
        print(
            f"step {step} progress {progress:.3f} | {_as_text(means)} | "
            f"{elapsed / steps:.2f} s/step, {self._audio_seconds / elapsed:.0f} x real time",
            flush=True,
        )
        self._since, self._losses, self._audio_seconds = time.monotonic(), [], 0.0


def losses_as_text(losses: Losses) -> str:
    """One line."""
    return _as_text([float(value) for value in losses])


def _as_text(values: list[float]) -> str:
    pairs = zip(Losses._fields, values, strict=True)
    return " ".join(f"{name} {value:.3f}" for name, value in pairs)
