"""Whisper through CTranslate2, decoding windows of different sessions in one batch.

faster-whisper supplies loading, tokenizer, mel filters and word alignment; ``encode``,
``generate`` and ``align`` are called directly, because ``WhisperModel.transcribe`` pads every
window to 30 s and serves one stream. Facts about CTranslate2 that shape this file:

- ``max_length`` counts the prompt and is halved internally: for n new tokens ask for
  max(2 n, prompt - 1 + n).
- All rows of a batch need the start token at one index, hence ``BatchKey.context_tokens``.
- ``align`` takes one start sequence for all rows, so rows are aligned by language.

Outside this package nobody imports faster_whisper or ctranslate2 to decode.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import ctranslate2
import numpy as np
import numpy.typing as npt
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens

from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.core.batching import BatchKey
from livecaption.core.decode import DecodeKind, DecodeRequest, DecodeResult
from livecaption.core.hypothesis import Word
from livecaption.core.screen import Rejection, ScreenConfig, screen
from livecaption.engine.alignment import rows_of, words_from
from livecaption.engine.base import ModelInfo, Prepared, Shapes
from livecaption.engine.buckets import BUCKETS, SAFE_BUCKET, bucket_for
from livecaption.engine.config import EngineConfig
from livecaption.engine.features import HOP, FeatureCache, LogMel, normalise_and_pad
from livecaption.engine.file_engine import FileEngine
from livecaption.engine.stages import Stage, StageClock

__all__ = ["FasterWhisperTranscriber", "PreparedWindow"]

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class PreparedWindow:
    """A request with its features and context tokens."""

    request: DecodeRequest
    key: BatchKey
    bucket: int
    raw: Float32 = field(repr=False)
    """Raw log-mel frames, shape (n, n_mels); empty when the window was vetoed."""
    context: tuple[int, ...] = field(repr=False)
    is_speech: bool = True


@dataclass(slots=True, eq=False)
class _Row:
    """One window on its way through a batch."""

    window: PreparedWindow
    tokenizer: Tokenizer
    language: str | None
    language_probability: float
    tokens: list[int] = field(default_factory=list)
    avg_logprob: float = 0.0
    no_speech_prob: float = 0.0
    words: tuple[Word, ...] = ()

    def result(self) -> DecodeResult:
        return DecodeResult(
            request=self.window.request,
            words=self.words,
            language=self.language,
            language_probability=self.language_probability,
            avg_logprob=self.avg_logprob,
            no_speech_prob=self.no_speech_prob,
        )


class FasterWhisperTranscriber:
    """The resident model."""

    def __init__(
        self,
        model: WhisperModel,
        info: ModelInfo,
        config: EngineConfig,
        screen_config: ScreenConfig | None = None,
        files: FileEngine | None = None,
    ) -> None:
        self._model = model
        self._files = files
        self._info = info
        self._config = config
        self._screen = screen_config or ScreenConfig()
        self._stages = StageClock()
        self._features = FeatureCache(LogMel(model.feature_extractor.mel_filters))
        self._tokenizers: dict[tuple[str, str], Tokenizer] = {}
        first = self._tokenizer("en" if "en" in info.languages else info.languages[0], "transcribe")
        self._suppressed = get_suppressed_tokens(first, [-1])

    @property
    def info(self) -> ModelInfo:
        """What is loaded."""
        return self._info

    @property
    def files(self) -> FileEngine | None:
        """See ``Transcriber.files``."""
        return self._files

    @property
    def whisper_model(self) -> WhisperModel:
        """The faster-whisper model, for whole files."""
        return self._model

    @property
    def stages(self) -> StageClock:
        """See ``Staged.stages``."""
        return self._stages

    # -- preparation thread -----------------------------------------------------------------

    def prepare(self, request: DecodeRequest) -> PreparedWindow:
        """See ``Transcriber.prepare``."""
        context = self._context(request)
        key = BatchKey(self._beam_of(request.kind), len(context))
        if request.verify_speech and not self._config.is_speech(request.audio):
            empty = np.empty((0, self._features.n_mels), dtype=np.float32)
            return PreparedWindow(request, key, BUCKETS[0], empty, context, is_speech=False)
        raw = self._features.raw(request.session, request.start, request.audio)
        bucket = bucket_for(len(raw), self._config.bucket_floor)
        return PreparedWindow(request, key, bucket, raw, context)

    def forget(self, session: str) -> None:
        """See ``Transcriber.forget``."""
        self._features.forget(session)

    def _beam_of(self, kind: DecodeKind) -> int:
        return self._config.final_beam if kind is DecodeKind.FINAL else 1

    def _context(self, request: DecodeRequest) -> tuple[int, ...]:
        """Tokens before the start token: vocabulary, then the end of the committed text.

        Committed text is used only when it fills the fixed length: CTranslate2 cannot pad
        context, and rows of different length cannot share a batch.
        """
        encode = self._model.hf_tokenizer.encode
        vocabulary: list[int] = []
        if request.vocabulary:
            listed = " " + ", ".join(request.vocabulary)
            vocabulary = encode(listed, add_special_tokens=False).ids
            vocabulary = vocabulary[: self._config.max_vocabulary_tokens]
        history: list[int] = []
        if request.previous_text and self._info.previous_text:
            history = encode(" " + request.previous_text, add_special_tokens=False).ids
            length = self._config.context_tokens
            history = history[-length:] if len(history) >= length else []
        return (*vocabulary, *history)

    # -- engine thread ----------------------------------------------------------------------

    def transcribe(self, batch: Sequence[Prepared]) -> list[DecodeResult]:
        """See ``Transcriber.transcribe``."""
        started = time.perf_counter()
        windows = [window for window in batch if isinstance(window, PreparedWindow)]
        spoken = [window for window in windows if window.is_speech and len(window.raw)]
        decoded = dict(zip(map(id, spoken), self._decode(spoken), strict=True)) if spoken else {}
        share = (time.perf_counter() - started) / max(1, len(windows))
        return [
            replace(decoded[id(w)], decode_seconds=share)
            if id(w) in decoded
            else DecodeResult(request=w.request, words=(), is_speech=w.is_speech)
            for w in windows
        ]

    def warm_up(self, *, briefly: bool = False) -> Shapes:
        """See ``Transcriber.warm_up``: every bucket in use, one row and a full batch."""
        buckets = [b for b in BUCKETS if b >= self._config.bucket_floor][: 1 if briefly else None]
        sizes = sorted({1, min(4, self._config.max_rows), self._config.max_rows})
        took = {
            (bucket, rows): self._try_shape(bucket, rows, DecodeKind.PARTIAL)
            for bucket in buckets
            for rows in sizes
        }
        self._try_shape(self._config.bucket_floor, 1, DecodeKind.FINAL)
        # First runs of a shape take many times as long, and nobody waited for them.
        self._stages.clear()
        return took

    def _try_shape(self, bucket: int, rows: int, kind: DecodeKind) -> float:
        began = time.perf_counter()
        self.transcribe([self._silence(bucket, kind) for _ in range(rows)])
        return time.perf_counter() - began

    def _silence(self, bucket: int, kind: DecodeKind) -> PreparedWindow:
        audio: Samples = np.zeros(SAMPLE_RATE, dtype=np.int16)
        language = self._info.languages[0]
        request = DecodeRequest("warm-up", 0, 0, kind, 0, audio, language=language)
        raw = np.full((SAMPLE_RATE // HOP, self._features.n_mels), -10.0, dtype=np.float32)
        return PreparedWindow(request, BatchKey(self._beam_of(kind), 0), bucket, raw, ())

    def _decode(self, windows: Sequence[PreparedWindow]) -> list[DecodeResult]:
        frames = max(window.bucket for window in windows)
        results = self._decode_at(windows, frames)
        if frames >= SAFE_BUCKET:
            return results
        looping = [i for i, result in enumerate(results) if self._loops(result)]
        if looping:
            again = self._decode_at([windows[i] for i in looping], SAFE_BUCKET)
            for index, result in zip(looping, again, strict=True):
                results[index] = result
        return results

    def _loops(self, result: DecodeResult) -> bool:
        """Whether a decode ran on: checkpoints do so on encoder inputs shorter than 10 s."""
        return screen(result, self._screen) in (
            Rejection.LOOP,
            Rejection.COMPRESSION,
            Rejection.TOO_FAST,
        )

    def _decode_at(self, windows: Sequence[PreparedWindow], frames: int) -> list[DecodeResult]:
        encoded = self._encode(windows, frames)
        rows = self._identify(windows, encoded)
        self._generate(rows, encoded, beam_size=windows[0].key.beam_size)
        self._align(rows, encoded)
        self._second_chance(rows, encoded)
        return [row.result() for row in rows]

    def _encode(self, windows: Sequence[PreparedWindow], frames: int) -> ctranslate2.StorageView:
        batch = np.stack([normalise_and_pad(window.raw, frames) for window in windows])
        with self._stages.timing(Stage.ENCODE):
            return self._model.encode(batch)

    def _identify(
        self, windows: Sequence[PreparedWindow], encoded: ctranslate2.StorageView
    ) -> list[_Row]:
        """Settle the language of each row, detecting it where the session does not know it."""
        detected: list[tuple[str, float]] = [("en", 1.0)] * len(windows)
        unknown = any(window.request.language is None for window in windows)
        if self._info.multilingual and unknown:
            ranked = self._model.model.detect_language(encoded)
            detected = [(row[0][0].strip("<|>"), float(row[0][1])) for row in ranked]
        rows = []
        for window, (guess, probability) in zip(windows, detected, strict=True):
            asked = window.request.language
            language = asked if asked in self._info.languages else guess
            sure = 1.0 if asked == language else probability
            tokenizer = self._tokenizer(language, window.request.task)
            rows.append(_Row(window, tokenizer, language, sure))
        return rows

    def _tokenizer(self, language: str, task: str) -> Tokenizer:
        known = self._tokenizers.get((language, task))
        if known is None:
            known = Tokenizer(
                self._model.hf_tokenizer,
                self._info.multilingual,
                task=task if self._info.multilingual else None,
                language=language if self._info.multilingual else None,
            )
            self._tokenizers[language, task] = known
        return known

    def _generate(
        self,
        rows: Sequence[_Row],
        encoded: ctranslate2.StorageView,
        *,
        beam_size: int = 1,
        temperature: float = 0.0,
    ) -> None:
        prompts = [self._prompt(row) for row in rows]
        longest = max(row.window.request.duration for row in rows)
        new_tokens = min(224, self._config.tokens_base + int(self._config.tokens_per_s * longest))
        length = max(2 * new_tokens, len(prompts[0]) - 1 + new_tokens)
        with self._stages.timing(Stage.GENERATE):
            results = self._model.model.generate(
                encoded,
                prompts,
                beam_size=1 if temperature else beam_size,
                sampling_topk=0 if temperature else 1,
                sampling_temperature=temperature or 1,
                max_length=min(length, 448),
                return_scores=True,
                return_no_speech_prob=True,
                suppress_blank=True,
                suppress_tokens=list(self._suppressed),
            )
        for row, result in zip(rows, results, strict=True):
            row.tokens = [t for t in result.sequences_ids[0] if t < row.tokenizer.eot]
            # CTranslate2 divides the score by the length with the end token counted; a single
            # token more or less does not matter to a threshold, so its own mean is kept.
            row.avg_logprob = float(result.scores[0])
            row.no_speech_prob = float(result.no_speech_prob)

    def _prompt(self, row: _Row) -> list[int]:
        tokenizer = row.tokenizer
        before = [tokenizer.sot_prev, *row.window.context] if row.window.context else []
        return [*before, *tokenizer.sot_sequence, tokenizer.no_timestamps]

    def _align(self, rows: Sequence[_Row], encoded: ctranslate2.StorageView) -> None:
        """Find the words' times and probabilities in one parallel pass for each language."""
        groups: dict[tuple[int, ...], list[int]] = {}
        for index, row in enumerate(rows):
            groups.setdefault(tuple(row.tokenizer.sot_sequence), []).append(index)
        for indexes in groups.values():
            members = [rows[index] for index in indexes]
            part = encoded if len(indexes) == len(rows) else rows_of(encoded, indexes)
            with self._stages.timing(Stage.ALIGN):
                alignments = self._model.find_alignment(
                    members[0].tokenizer,
                    [row.tokens for row in members],
                    part,
                    [max(2, len(row.window.raw)) for row in members],
                )
            for row, alignment in zip(members, alignments, strict=True):
                row.words = words_from(alignment, row.window.request, row.language)

    def _second_chance(self, rows: Sequence[_Row], encoded: ctranslate2.StorageView) -> None:
        """Decode the failing finals of a batch once more, at a higher temperature.

        The encoder output is at hand, so only the decoder runs. The better of both stays.
        """
        temperature = self._config.fallback_temperature
        failing = [
            index
            for index, row in enumerate(rows)
            if row.window.request.kind is DecodeKind.FINAL and self._fails(row)
        ]
        if not failing or not temperature:
            return
        again = [replace(rows[index], words=(), tokens=[]) for index in failing]
        part = rows_of(encoded, failing)
        self._generate(again, part, temperature=temperature)
        self._align(again, part)
        for index, retry in zip(failing, again, strict=True):
            if not self._fails(retry) and retry.avg_logprob > rows[index].avg_logprob:
                rows[index].words, rows[index].tokens = retry.words, retry.tokens
                rows[index].avg_logprob = retry.avg_logprob

    def _fails(self, row: _Row) -> Rejection | None:
        return screen(row.result(), self._screen)
