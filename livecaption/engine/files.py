"""Whole files, one 30 s window at a time, so that live work never waits long behind a file.

::

    speech (silence cut out) ─▶ the next 30 s ─▶ transcribe ─▶ segments
                                    ▲                              │
                                    └── where the last one ended ◀─┘

A sentence cut off at the end of a window is decoded again with the next one, as in Whisper's own
long-form decoding. Two things are added to it. Segments are aligned with the audio even when
nobody asked for words, because then their ends can be trusted; and where they end early, or there
are none, although speech goes on, that speech is decoded again instead of being skipped.

This module must not know where audio comes from or where a transcript goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

from livecaption.core.audio import SAMPLE_RATE, Samples, pcm16_to_float32, seconds
from livecaption.core.file_transcript import FileInfo, FileOptions, FileSegment
from livecaption.core.timed_text import TimedWord
from livecaption.engine.context import FileContext
from livecaption.engine.file_engine import Recording, RunStep, at_once
from livecaption.engine.loading import LoadedModel, describe_failure
from livecaption.engine.one_window import WINDOW_SAMPLES, end_of, transcribe_window
from livecaption.engine.spans import Span, SpeechReader, find_speech
from livecaption.engine.steps import in_steps
from livecaption.errors import EngineError

__all__ = ["FileTranscriber", "FileTranscription"]

_LEAST_STEP = SAMPLE_RATE
"""A window moves on by at least this much, whatever the timestamps in it say."""
_LEAST_REST = SAMPLE_RATE // 10
"""Less than this at the end holds no word, but tempts the decoder to make one up."""

_LEFT_OUT = 2 * SAMPLE_RATE
"""This much speech behind the last segment was left out by mistake."""

_TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class _Saved:
    """A file between two windows."""

    position: int
    length: int
    ended: bool
    info: FileInfo | None
    earlier: tuple[int, ...] = field(repr=False)
    looked_at: int
    spans: tuple[Span, ...]


class FileTranscriber:
    """Opens recordings for transcription; holds no state of any of them.

    Args:
        loaded: the model, which may serve live sessions at the same time.
    """

    def __init__(self, loaded: LoadedModel) -> None:
        self._loaded = loaded

    def open(
        self,
        recording: Recording,
        options: FileOptions,
        run: RunStep = at_once,
        saved: object = None,
    ) -> FileTranscription:
        """Begin a file; see ``FileEngine.open``."""
        begun = FileTranscription(self._loaded, recording, options, run)
        if isinstance(saved, _Saved):
            begun.restore(saved)
        return begun


class FileTranscription:
    """One file under way.

    Iterate over it for its segments, or call ``start`` and then ``next_window``: each runs the
    model on one window at most. Belongs to one thread at a time.
    """

    def __init__(
        self, loaded: LoadedModel, recording: Recording, options: FileOptions, run: RunStep
    ) -> None:
        self._loaded = loaded
        self._model = in_steps(loaded.model, run)
        self._options = options
        self._speech = SpeechReader(recording, filtered=options.vad_filter)
        self._ended = False
        self._position = 0
        self._length = WINDOW_SAMPLES
        self._info: FileInfo | None = None
        self._context = FileContext(
            loaded.model,
            carry=loaded.info.previous_text,
            prompt=options.prompt,
            vocabulary=options.vocabulary,
        )
        self.duration = len(recording) / SAMPLE_RATE
        """Seconds."""

    @property
    def info(self) -> FileInfo:
        """See ``start``, which it calls."""
        return self.start()

    @property
    def done(self) -> float:
        """Seconds of the file that have been transcribed; ``duration`` at the end."""
        if self._ended:
            return self.duration
        return seconds(self._speech.clock.start_at(self._position))

    def start(self) -> FileInfo:
        """Detect the language, unless it was named; further calls return the same.

        Raises:
            EngineError: the model failed.
        """
        if self._info is None:
            language, probability = self._detect()
            self._info = FileInfo(language, probability, self.duration)
        return self._info

    def next_window(self) -> tuple[FileSegment, ...] | None:
        """Transcribe the next window of at most 30 s; None at the end.

        Raises:
            EngineError: the model failed.
        """
        language = self.start().language
        if self._has_ended():
            return None
        audio = self._speech.read(self._position, self._position + self._length)
        try:
            found, covered = transcribe_window(self._model, audio, self._settings(language))
        except (RuntimeError, ValueError) as error:
            self._fail(error)
        segments = tuple(self._segment(segment) for segment in found)
        self._position += self._advance(audio, found, covered=covered)
        self._context.add(found)
        self._has_ended()
        return segments

    def save(self) -> object:
        """See ``FileRun.save``."""
        looked_at, spans = self._speech.save()
        return _Saved(
            self._position,
            self._length,
            self._ended,
            self._info,
            self._context.earlier,
            looked_at,
            spans,
        )

    def restore(self, saved: _Saved) -> None:
        """Go on from there."""
        self._position, self._length = saved.position, saved.length
        self._ended, self._info = saved.ended, saved.info
        self._context.restore(saved.earlier)
        self._speech.restore(saved.looked_at, saved.spans)

    def __iter__(self) -> Iterator[FileSegment]:
        """Yield the segments in order; a step runs several windows where some hold no words.

        Raises:
            EngineError: the model failed.
        """
        while (window := self.next_window()) is not None:
            yield from window

    # -- one window -------------------------------------------------------------------------

    def _has_ended(self) -> bool:
        self._ended = self._ended or not self._speech.reaches(self._position + _LEAST_REST)
        return self._ended

    def _detect(self) -> tuple[str | None, float]:
        info, asked = self._loaded.info, self._options.language
        if asked in info.languages:
            return asked, 1.0
        if not info.multilingual:
            return info.languages[0], 1.0
        if self._has_ended():
            return None, 0.0
        audio = pcm16_to_float32(self._speech.read(0, WINDOW_SAMPLES))
        try:
            language, probability, _ = self._model.detect_language(audio)
        except (RuntimeError, ValueError) as error:
            self._fail(error)
        return str(language), float(probability)

    def _settings(self, language: str | None) -> dict[str, Any]:
        return {
            "language": language,
            "task": self._options.task,
            "beam_size": self._options.beam_size,
            "temperature": self._temperatures,
            "word_timestamps": self._aligned,
            **self._context.settings(),
        }

    @property
    def _temperatures(self) -> tuple[float, ...]:
        first = self._options.temperature
        if not self._loaded.temperature_fallback:
            return (first,)
        return (first, *(each for each in _TEMPERATURES if each > first))

    @property
    def _aligned(self) -> bool:
        """Whether words are aligned with the audio; those of a translation hardly can be."""
        return self._options.word_timestamps or self._options.task == "transcribe"

    def _advance(self, audio: Samples, found: list[Any], *, covered: bool) -> int:
        """Return how many samples of a window are done, and set the length of the next one."""
        end = min(max(end_of(found[-1]), _LEAST_STEP), len(audio)) if found else 0
        shortened = self._length < WINDOW_SAMPLES
        self._length = WINDOW_SAMPLES
        if found and not covered:
            return end
        left_out = sum(span.stop - span.start for span in find_speech(audio[end:]))
        if left_out < _LEFT_OUT or not self._aligned:
            return len(audio)
        if found:
            return end
        # A decoder that has nothing to say over speech often does when it is given less of it.
        if shortened:
            return len(audio)
        self._length = len(audio) // 2
        return 0

    def _fail(self, error: Exception) -> NoReturn:
        reason = describe_failure(error)
        raise EngineError(f"The model failed {self.done:.1f} s into the file: {reason}.") from error

    def _segment(self, segment: Any) -> FileSegment:
        """Convert a segment, moving its times to the clock of the whole file."""
        words = tuple(self._word(word) for word in segment.words or ())
        start = self._speech.clock.start_at(self._sample(segment.start))
        stop = self._speech.clock.stop_at(self._sample(segment.end))
        return FileSegment(
            start=words[0].start if words else seconds(start),
            end=words[-1].end if words else seconds(max(start, stop)),
            text=segment.text,
            words=words if self._options.word_timestamps else (),
            avg_logprob=float(segment.avg_logprob),
            no_speech_prob=float(segment.no_speech_prob),
            compression_ratio=float(segment.compression_ratio),
            temperature=float(segment.temperature),
            tokens=tuple(segment.tokens),
        )

    def _word(self, word: Any) -> TimedWord:
        start, stop = self._speech.clock.around(self._sample(word.start), self._sample(word.end))
        return TimedWord(word.word, seconds(start), seconds(stop), float(word.probability))

    def _sample(self, window_s: float) -> int:
        return self._position + round(window_s * SAMPLE_RATE)
