"""The synthesiser: text in; audio with the times of its words and phones out.

A thin ctypes layer over libespeak-ng, because its command line gives no word or phone times.
Only the synchronous "retrieval" mode is used, so nothing is played. libespeak-ng keeps global
state: use one process per synthesiser, never threads.
"""

from __future__ import annotations

import ctypes
import os
import re
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from training.voices import Voice

__all__ = ["Espeak", "TimedPhone", "TimedWord", "is_pause"]

# Constants of espeak-ng's public header, speak_lib.h.
_OUTPUT_SYNCHRONOUS = 2
_REPORT_PHONEMES = 1
_CHARS_UTF8 = 1
_POSITION_CHARACTER = 1
_EVENT_LIST_END, _EVENT_WORD, _EVENT_PHONEME = 0, 1, 7
_RATE, _PITCH, _PITCH_RANGE, _WORD_GAP = 1, 3, 4, 7

_TIME_TOLERANCE = 1e-6
"""Seconds; event times are milliseconds turned into floats."""

_SHORTEST_WORD = 0.02
"""Seconds; one frame of the encoder."""


class TimedWord(NamedTuple):
    """One whitespace-separated token of the text, with its marks; times in seconds."""

    text: str
    start: float
    end: float


class TimedPhone(NamedTuple):
    """One phone in espeak's own mnemonics; times in seconds."""

    start: float
    end: float
    symbol: str


class _EventId(ctypes.Union):
    _fields_ = (
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    )


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),  # characters, from 1
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),  # milliseconds
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


_SynthCallback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


def is_pause(symbol: str) -> bool:
    """Whether a phone symbol stands for silence ('', '_', '_:', '_!', ...)."""
    return symbol == "" or symbol.startswith("_")


class Espeak:
    """libespeak-ng in this process.

    The environment variables ESPEAK_LIB (path of the library) and ESPEAK_DATA (the folder that
    holds ``espeak-ng-data``) override the system's.

    Attributes:
        sample_rate: samples per second of what `synthesise` returns.
    """

    def __init__(self) -> None:
        """Load and initialise the library.

        Raises:
            SystemExit: espeak-ng is not installed, or finds no voice data.
        """
        data = os.environ.get("ESPEAK_DATA")
        self._library = _load_library(os.environ.get("ESPEAK_LIB", "libespeak-ng.so.1"))
        self.sample_rate: int = self._library.espeak_Initialize(
            _OUTPUT_SYNCHRONOUS, 0, data.encode() if data else None, _REPORT_PHONEMES
        )
        if self.sample_rate <= 0:
            raise SystemExit("espeak-ng found no voice data; install it or set ESPEAK_DATA.")
        self._callback = _SynthCallback(self._on_audio)  # kept alive: C holds only the pointer
        self._library.espeak_SetSynthCallback(self._callback)
        self._voice_name = ""
        self._pcm: list[npt.NDArray[np.int16]] = []
        self._word_events: list[tuple[float, int]] = []
        self._phone_events: list[tuple[float, str]] = []

    def synthesise(
        self, text: str, voice: Voice
    ) -> tuple[npt.NDArray[np.int16], list[TimedWord], list[TimedPhone]]:
        """Speak one text.

        Args:
            text: plain text; each whitespace-separated token becomes one timed word.
            voice: who speaks, and how.

        Returns:
            PCM, shape (samples,), at `sample_rate`; the words; the phones, pauses among them.

        Raises:
            ValueError: espeak-ng does not know the voice.
        """
        self._select(voice)
        self._pcm, self._word_events, self._phone_events = [], [], []
        raw = text.encode() + b"\0"
        self._library.espeak_Synth(
            raw, len(raw), 0, _POSITION_CHARACTER, 0, _CHARS_UTF8, None, None
        )
        self._library.espeak_Synchronize()
        pcm = np.concatenate(self._pcm) if self._pcm else np.zeros(0, np.int16)
        duration = len(pcm) / self.sample_rate
        ends = [start for start, _ in self._phone_events[1:]] + [duration]
        phones = [
            TimedPhone(start, end, symbol)
            for (start, symbol), end in zip(self._phone_events, ends, strict=False)
        ]
        return pcm, _timed_words(text, self._word_events, phones, duration), phones

    def _select(self, voice: Voice) -> None:
        if voice.name != self._voice_name:
            if self._library.espeak_SetVoiceByName(voice.name.encode()) != 0:
                raise ValueError(f"espeak-ng has no voice {voice.name!r}.")
            self._voice_name = voice.name
        for parameter, value in (
            (_RATE, voice.rate),
            (_PITCH, voice.pitch),
            (_PITCH_RANGE, voice.pitch_range),
            (_WORD_GAP, voice.word_gap),
        ):
            self._library.espeak_SetParameter(parameter, value, 0)

    def _on_audio(self, wav: Any, samples: int, events: Any) -> int:
        if wav and samples > 0:
            self._pcm.append(np.ctypeslib.as_array(wav, (samples,)).copy())
        index = 0
        while (event := events[index]).type != _EVENT_LIST_END:
            seconds = event.audio_position / 1000.0
            if event.type == _EVENT_WORD:
                self._word_events.append((seconds, event.text_position - 1))
            elif event.type == _EVENT_PHONEME:
                symbol = event.id.string.decode("utf8", "replace")
                self._phone_events.append((seconds, symbol))
            index += 1
        return 0


def _load_library(path: str) -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise SystemExit(
            f"{path} cannot be loaded ({error}); install espeak-ng or set ESPEAK_LIB."
        ) from error
    integer, unsigned, text, pointer = (
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_char_p,
        ctypes.c_void_p,
    )
    library.espeak_Initialize.argtypes = [integer, integer, text, integer]
    library.espeak_SetVoiceByName.argtypes = [text]
    library.espeak_Synth.argtypes = [
        text,
        ctypes.c_size_t,
        unsigned,
        integer,
        unsigned,
        unsigned,
        pointer,
        pointer,
    ]
    return library


def _timed_words(
    text: str, events: list[tuple[float, int]], phones: list[TimedPhone], duration: float
) -> list[TimedWord]:
    """Join espeak's word events and phones into one timed word per token of the text."""
    tokens = list(re.finditer(r"\S+", text))
    starts = _start_times(tokens, events, _end_of_sound(phones, duration))
    words = []
    for index, token in enumerate(tokens):
        start = starts[index]
        following = starts[index + 1] if index + 1 < len(tokens) else duration
        end = following
        for phone in phones:  # a pause before the next word is no part of this one
            if phone.start >= following - _TIME_TOLERANCE:
                break
            if phone.start >= start - _TIME_TOLERANCE and not is_pause(phone.symbol):
                end = min(phone.end, following)
        words.append(TimedWord(token.group(), start, max(end, start + _SHORTEST_WORD)))
    return words


def _start_times(
    tokens: list[re.Match[str]], events: list[tuple[float, int]], end_of_sound: float
) -> list[float]:
    """Start of each token in seconds: from its event, or interpolated where espeak has none."""
    starts: list[float | None] = [None] * len(tokens)
    index = 0
    for seconds, position in events:  # in text order
        while index + 1 < len(tokens) and position >= tokens[index + 1].start():
            index += 1
        if starts[index] is None:
            starts[index] = seconds
    filled: list[float] = []
    for index, start in enumerate(starts):
        if start is not None:
            filled.append(start)
        elif len(filled) == index:  # the first token of a run without events
            filled.extend(_interpolate(tokens, starts, index, end_of_sound))
    return filled


def _interpolate(
    tokens: list[re.Match[str]], starts: list[float | None], index: int, end_of_sound: float
) -> list[float]:
    """Starts of the run of tokens without events from `index` on, by the length of their text.

    espeak merges some pairs of words into one event; the run shares the time of the word before it.
    """
    stop = next((i for i in range(index, len(tokens)) if starts[i] is not None), len(tokens))
    anchor = max(index - 1, 0)
    begin = starts[anchor] or 0.0
    end = starts[stop] if stop < len(tokens) else end_of_sound
    assert end is not None
    lengths = [len(token.group()) + 1 for token in tokens[anchor:stop]]
    before = [sum(lengths[:i]) for i in range(len(lengths))]
    shared = [begin + (end - begin) * part / sum(lengths) for part in before]
    return shared[index - anchor :]


def _end_of_sound(phones: list[TimedPhone], duration: float) -> float:
    return next((p.end for p in reversed(phones) if not is_pause(p.symbol)), duration)
