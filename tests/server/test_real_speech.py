"""The bundled model captions real audio through the real socket.

Audio is played several times faster than speech to keep the suite short; what a delay feels like
is measured by ``python -m bench accuracy``, never asserted here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection

from livecaption.bundled import Clip, load_clip, speech_clips
from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.core.file_transcript import FileOptions
from livecaption.core.scoring import word_error_rate
from livecaption.detect.silero import SileroVerifier
from livecaption.engine.config import EngineConfig
from livecaption.engine.faster_whisper import FasterWhisperTranscriber
from livecaption.engine.files import FileTranscriber
from livecaption.engine.loading import LoadedModel, ModelOptions, load_model
from livecaption.media.recording import MemoryRecording
from livecaption.media.sources import open_source
from tests.noises import noises
from tests.serving import Running, events_until, open_publisher, running_server

pytestmark = pytest.mark.model

DEV = Path(__file__).parent.parent / "data" / "speech"
SPEED = 6.0


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    return load_model(ModelOptions(model="micro-en", device="cpu", cpu_threads=1), lambda _: None)


@pytest.fixture
async def running(loaded: LoadedModel) -> AsyncIterator[Running]:
    config = EngineConfig(is_speech=SileroVerifier())
    engine = FasterWhisperTranscriber(loaded.model, loaded.info, config)
    # The wall clock runs slower than the audio: hops may not grow with it.
    async with running_server(engine, max_hop=0.5) as server:
        yield server


def samples_of(clip: Clip) -> Samples:
    with open_source(str(clip.audio)) as source:
        return np.concatenate(list(source))


async def captions_of(running: Running, audio: Samples, room: str) -> list[dict[str, object]]:
    async with open_publisher(running, room=room, language="en") as socket:
        reading = asyncio.create_task(events_until(socket, "closed"))
        await play(socket, audio)
        await socket.send(json.dumps({"type": "stop"}))
        return await reading


async def play(socket: ClientConnection, audio: Samples) -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    for at in range(0, len(audio), 1600):
        due = began + at / SAMPLE_RATE / SPEED
        await asyncio.sleep(max(0.0, due - clock()))
        await socket.send(audio[at : at + 1600].tobytes())


def text_of(events: list[dict[str, object]]) -> str:
    return " ".join(str(event["text"]) for event in events if event["type"] == "final")


def error_rate(clip: Clip, text: str) -> float:
    return word_error_rate(clip.text.split(), text.split())


def offline(loaded: LoadedModel, clip: Clip) -> str:
    recording = MemoryRecording(samples_of(clip))
    transcription = FileTranscriber(loaded).open(recording, FileOptions(language="en"))
    return " ".join(segment.text.strip() for segment in transcription)


async def test_live_captions_are_at_most_two_points_worse_than_the_file_offline(
    running: Running, loaded: LoadedModel
) -> None:
    clips = [*speech_clips(), load_clip(DEV / "long_0.json")]
    live = await asyncio.gather(
        *(captions_of(running, samples_of(clip), clip.name) for clip in clips)
    )
    for clip, events in zip(clips, live, strict=True):
        rate = error_rate(clip, text_of(events))
        assert rate <= error_rate(clip, offline(loaded, clip)) + 0.02, clip.name
        account = events[-1]
        assert account["lost_s"] == 0.0
        deltas: dict[object, str] = {}
        for event in events:
            if event["type"] == "delta":
                deltas[event["utterance"]] = deltas.get(event["utterance"], "") + str(event["text"])
            if event["type"] == "final":
                assert deltas.pop(event["utterance"], "") == event["text"]
        assert not deltas


async def test_the_window_policy_captions_speech_without_a_pause(loaded: LoadedModel) -> None:
    clip = next(clip for clip in speech_clips() if clip.name == "nopause")
    config = EngineConfig(is_speech=SileroVerifier())
    engine = FasterWhisperTranscriber(loaded.model, loaded.info, config)
    async with running_server(engine, policy="window", max_hop=3.0) as server:
        events = await captions_of(server, samples_of(clip), "window")
    assert error_rate(clip, text_of(events)) <= error_rate(clip, offline(loaded, clip)) + 0.1
    assert events[-1]["lost_s"] == 0.0


async def test_speech_without_a_pause_loses_and_doubles_no_word_at_the_slides(
    running: Running, loaded: LoadedModel
) -> None:
    clip = next(clip for clip in speech_clips() if clip.name == "nopause")
    events = await captions_of(running, samples_of(clip), "nopause")
    assert error_rate(clip, text_of(events)) <= error_rate(clip, offline(loaded, clip))


async def test_silence_noise_hum_clicks_and_music_give_no_caption(running: Running) -> None:
    named = list(noises(30))
    heard = await asyncio.gather(
        *(captions_of(running, audio, f"n{i}") for i, (_, audio) in enumerate(named))
    )
    for (name, _), events in zip(named, heard, strict=True):
        assert [event["type"] for event in events] == ["closed"], name
        assert events[-1]["captioned_s"] == 0.0


async def test_somebody_who_speaks_over_a_fan_is_captioned(running: Running) -> None:
    clip = next(clip for clip in speech_clips() if clip.name == "meeting")
    audio = samples_of(clip)[: 15 * SAMPLE_RATE].astype(np.int32)
    fan = np.random.default_rng(5).normal(0, 250, 35 * SAMPLE_RATE).astype(np.int32)
    fan[20 * SAMPLE_RATE :] += audio
    events = await captions_of(running, np.clip(fan, -32768, 32767).astype(np.int16), "fan")
    said = [word.word for word in clip.words if word.stop < 14.5]
    assert word_error_rate(said, text_of(events).split()) < 0.4
