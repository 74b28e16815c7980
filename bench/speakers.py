"""Publishers at speaking speed through the client that ships, for benchmarks of what goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from bench.word_diff import TimedWord
from livecaption.bench.excerpts import Excerpt, excerpts, load_audio
from livecaption.bundled import model_path, speech_clips
from livecaption.client import ConnectionOptions, paced, publish
from livecaption.client.events import SessionEvent
from livecaption.core.audio import SAMPLE_RATE, Samples
from tests.faults.heard import Heard
from tests.faults.killable import SCRIPTED, SERVE
from tests.faults.talk import talk

__all__ = ["Speech", "heard_words", "speak", "speeches"]

_BLOCK = SAMPLE_RATE // 10


@dataclass(frozen=True, slots=True)
class Speech:
    """What one publisher says."""

    excerpt: Excerpt
    words: tuple[TimedWord, ...]


@dataclass(frozen=True, slots=True)
class Speeches:
    """What all of them say, and the server that can hear it."""

    each: list[Speech]
    program: tuple[str, ...]
    settings: dict[str, str]


def speeches(engine: str, streams: int, seconds: float, threads: int) -> Speeches:
    """Return what is said, and with what it is heard.

    Args:
        engine: ``micro-en``, the bundled model, which hears the bundled clips; or ``scripted``,
            which hears a talk whose words are all different, without an error.
        streams: how many speak.
        seconds: how long.
        threads: of the model.
    """
    common = {"ADMISSION": "true", "MAX_STREAMS": str(streams)}
    if engine == "scripted":
        audio, said = talk(seconds)
        words = tuple(
            TimedWord(w.text.strip(), w.start / SAMPLE_RATE, w.stop / SAMPLE_RATE) for w in said
        )
        speech = Speech(Excerpt("talk", audio, 0, len(audio), ()), words)
        return Speeches([speech] * streams, (*SCRIPTED, str(seconds)), common)
    model = {"MODEL": str(model_path()), "DEVICE": "cpu", "CPU_THREADS": str(threads)}
    said_by = excerpts(load_audio(speech_clips()), streams, seconds)
    each = [Speech(e, tuple(TimedWord(w.word, w.start, w.stop) for w in e.words)) for e in said_by]
    return Speeches(each, SERVE, {**common, **model})


async def speak(url: str, excerpt: Excerpt, room: str, heard: Heard) -> None:
    """Say an excerpt at speaking speed, over every loss of the connection.

    Raises:
        LiveCaptionError: the session could not be kept.
    """
    sound = paced(_blocks(excerpt))
    async with publish(url, sound, options=ConnectionOptions(), room=room, language="en") as client:
        async for event in client:
            _take(heard, event)


def heard_words(heard: Heard) -> list[TimedWord]:
    """Return all committed words in the order of their finals."""
    return [TimedWord(word.text, word.start, word.end) for word in heard.words]


def _take(heard: Heard, event: SessionEvent) -> None:
    heard.take(event)


async def _blocks(excerpt: Excerpt) -> AsyncIterator[Samples]:
    for at in range(0, excerpt.samples, _BLOCK):
        yield excerpt.block(at, _BLOCK)
        await asyncio.sleep(0)
