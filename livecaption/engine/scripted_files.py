"""Whole files for the scripted engine: it "hears" its script in any recording, 30 s at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from livecaption.core.audio import SAMPLE_RATE
from livecaption.core.file_transcript import FileInfo, FileOptions, FileSegment
from livecaption.core.hypothesis import Word
from livecaption.core.timed_text import TimedWord
from livecaption.engine.file_engine import Recording, RunStep, at_once

__all__ = ["ScriptedFiles"]

_WINDOW = 30 * SAMPLE_RATE


class ScriptedFiles:
    """Hears the same script in every recording; one segment for each window with words.

    Args:
        words: in order, absolute samples.
        before_window: called in an engine thread for each window, with the options; may raise or
            wait, to play a failing or a slow engine.
    """

    def __init__(
        self,
        words: Sequence[Word] = (),
        before_window: Callable[[FileOptions], None] | None = None,
    ) -> None:
        self._words = tuple(words)
        self._before_window = before_window

    def open(
        self,
        recording: Recording,
        options: FileOptions,
        run: RunStep = at_once,
        saved: object = None,
    ) -> _ScriptedRun:
        """See ``FileEngine.open``."""
        begun = _ScriptedRun(self._words, recording, options, run, self._before_window)
        if isinstance(saved, int):
            begun.position = saved
        return begun


class _ScriptedRun:
    def __init__(
        self,
        words: Sequence[Word],
        recording: Recording,
        options: FileOptions,
        run: RunStep,
        before_window: Callable[[FileOptions], None] | None,
    ) -> None:
        self._words = words
        self._length = len(recording)
        self._options = options
        self._run = run
        self._before_window = before_window
        self.position = 0

    @property
    def done(self) -> float:
        """See ``FileRun.done``."""
        return min(self.position, self._length) / SAMPLE_RATE

    def save(self) -> object:
        """See ``FileRun.save``."""
        return self.position

    def start(self) -> FileInfo:
        """See ``FileRun.start``."""
        return FileInfo(self._options.language or "en", 0.9, self._length / SAMPLE_RATE)

    def next_window(self) -> tuple[FileSegment, ...] | None:
        """See ``FileRun.next_window``."""
        if self.position >= self._length:
            return None
        return self._run(self._hear)

    def _hear(self) -> tuple[FileSegment, ...]:
        if self._before_window is not None:
            self._before_window(self._options)
        start, self.position = self.position, self.position + _WINDOW
        stop = min(self.position, self._length)
        words = tuple(
            TimedWord(w.text, w.start / SAMPLE_RATE, w.stop / SAMPLE_RATE, w.probability)
            for w in self._words
            if start <= w.start < stop
        )
        if not words:
            return ()
        text = "".join(word.text for word in words)
        given = words if self._options.word_timestamps else ()
        segment = FileSegment(
            words[0].start, words[-1].end, text, -0.2, 0.01, 1.1, 0.0, tokens=(7,), words=given
        )
        return (segment,)
