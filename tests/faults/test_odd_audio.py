"""Audio that is not what it should be: it may be captioned badly, and harms nobody.

The engine hears a word every 0.3 s, so nothing is said here about which words come of it; the
bundled model has its say at the end. Also tried elsewhere: halves of samples and empty frames
(``test_publish.py``), NaN and infinity (``test_pcm.py``), time stamps that jump
(``test_frames.py``), noises of all kinds (``test_real_speech.py``).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from livecaption.bench.costless import CostlessTranscriber
from livecaption.bundled import speech_clips
from livecaption.core.audio import SAMPLE_RATE, Samples, samples_from_bytes
from livecaption.core.captions import SessionClosed
from livecaption.core.config import SessionConfig
from livecaption.core.decode import DecodeRequest
from livecaption.core.hypothesis import text_of
from livecaption.core.scoring import word_error_rate
from livecaption.core.session import CaptionSession
from livecaption.detect.energy import EnergyFloor
from livecaption.detect.silero import SileroVerifier
from livecaption.detect.webrtc import new_detector
from livecaption.engine.config import EngineConfig
from livecaption.engine.faster_whisper import FasterWhisperTranscriber
from livecaption.engine.loading import ModelOptions, load_model
from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.errors import ClientError
from livecaption.media.sources import open_source
from livecaption.protocol.client_messages import AudioFormat
from livecaption.server.audio_intake import AudioIntake
from livecaption.server.tempo import Tempo
from tests.faults.talk import talk
from tests.serving import Running, close_code, events_until, open_publisher, running_server, speech

SECONDS = 4
COUNT = SECONDS * SAMPLE_RATE
VOICE = samples_from_bytes(speech(SECONDS))
RNG = np.random.default_rng(3)


def pcm(samples: npt.NDArray[Any]) -> bytes:
    clipped: Samples = np.clip(samples, -32768, 32767).astype("<i2")
    return clipped.tobytes()


ODD: dict[str, tuple[dict[str, Any], bytes]] = {
    "the least number there is": ({}, pcm(np.full(COUNT, -32768))),
    "full scale, up and down": ({}, pcm(np.resize([32767, -32768], COUNT))),
    "a quarter of full scale added": ({}, pcm(VOICE.astype(np.int32) + 8192)),
    "twenty decibels too loud": ({}, pcm(VOICE.astype(np.int32) * 10)),
    "bytes swapped": ({}, VOICE.astype(">i2").tobytes()),
    "shifted by a byte": ({}, VOICE.tobytes()[1:] + b"\0"),
    "two channels said to be one": ({}, pcm(np.repeat(VOICE, 2))),
    "one channel said to be two": ({"channels": 2}, VOICE.tobytes()),
    "48 kHz said to be 16 kHz": ({}, pcm(np.repeat(VOICE, 3))),
    "16 kHz said to be 8 kHz": ({"sample_rate": 8000}, VOICE.tobytes()),
    "16 kHz said to be 48 kHz": ({"sample_rate": 48_000}, VOICE.tobytes()),
    "8 bits said to be 16": ({}, (VOICE // 256 + 128).astype(np.uint8).tobytes()),
    "16 bits said to be mu-law": ({"encoding": "mulaw"}, VOICE.tobytes()),
    "floats far beyond full scale": (
        {"encoding": "pcm_f32le"},
        (VOICE.astype("<f4") * 1e30).tobytes(),
    ),
    "floats next to nothing": ({"encoding": "pcm_f32le"}, np.full(COUNT, 1e-45, "<f4").tobytes()),
    "a WAV header in front": ({}, b"RIFF\x24\0\0\0WAVEfmt " + bytes(28) + VOICE.tobytes()),
    "any bytes": ({}, RNG.integers(0, 256, COUNT * 2, dtype=np.uint8).tobytes()),
    "any bytes said to be floats": (
        {"encoding": "alaw"},
        RNG.integers(0, 256, COUNT, dtype=np.uint8).tobytes(),
    ),
}


async def said(running: Running, sound: bytes, room: str, **audio: Any) -> list[dict[str, Any]]:
    """Send everything as fast as it goes; return what came, when the session ended as asked."""
    async with open_publisher(running, room=room, language="en", audio=audio) as socket:
        reading = asyncio.create_task(events_until(socket, "closed"))
        for at in range(0, len(sound), 9600):
            await socket.send(sound[at : at + 9600])
        await socket.send(json.dumps({"type": "stop"}))
        events = await reading
        assert await close_code(socket) == 1000
    return events


async def test_odd_audio_is_accounted_for_and_harms_nobody() -> None:
    odd = list(enumerate(ODD.values()))
    async with running_server(CostlessTranscriber(), admission=False) as running:
        heard = await asyncio.gather(
            *(said(running, sound, f"r{n}", **audio) for n, (audio, sound) in odd)
        )
        healthy = await said(running, speech(2.0) + bytes(32_000), "healthy")
    for name, events in zip(ODD, heard, strict=True):
        closed = events[-1]
        assert [each for each in events if each["type"] == "error"] == [], name
        assert closed["lost_s"] == 0, name
        settled = closed["captioned_s"] + closed["silent_s"]
        assert settled == pytest.approx(closed["audio_s"], abs=0.002), name
        assert closed["audio_s"] > 0, name
    assert any(each["type"] == "final" and each["text"] for each in healthy)


@pytest.mark.parametrize(
    "noise",
    [np.zeros(SAMPLE_RATE), np.random.default_rng(1).normal(0, 32768 / 1000, SAMPLE_RATE)],
    ids=["digital silence", "noise at -60 dBFS"],
)
async def test_ten_minutes_of_silence_cost_no_decode_and_give_no_caption(
    noise: npt.NDArray[np.float64],
) -> None:
    asked: list[DecodeRequest] = []
    engine = ScriptedTranscriber(before_batch=asked.extend)
    async with running_server(engine, admission=False, max_speed=1e6) as running:
        asked.clear()
        events = await said(running, pcm(noise) * 600, "silence")
    assert [each["type"] for each in events] == ["closed"]
    assert events[-1]["silent_s"] == events[-1]["audio_s"] == 600.0
    assert asked == []


def test_hours_of_silence_are_settled_while_they_are_heard() -> None:
    session = CaptionSession(SessionConfig(session="s_night"), EnergyFloor(new_detector()))
    minute = np.zeros(60 * SAMPLE_RATE, np.int16)
    for number in range(1, 181):
        session.receive_audio(minute)
        assert session.received == number * len(minute)
        assert session.received - session.committed < SAMPLE_RATE
    session.receive_eof("stop")
    (closed,) = session.events_to_publish()
    assert isinstance(closed, SessionClosed)
    assert closed.silent == closed.received == 180 * len(minute)
    assert session.requests_to_decode() == []


async def test_what_comes_at_once_is_captioned_like_anything_else() -> None:
    sound, words = talk(30.0)
    engine = ScriptedTranscriber(words)
    async with running_server(engine, max_speed=1.5, admission=False) as running:
        events = await said(running, sound.tobytes(), "burst")
    finals = [each["text"] for each in events if each["type"] == "final"]
    assert " ".join(finals) == text_of(words).strip()
    assert events[-1]["lost_s"] == 0


# --- clocks, without waiting for them ---------------------------------------------------------


def refused_after(audio: AudioFormat, samples_per_s: int, limit_s: int) -> int | None:
    """Seconds after which a stream is refused, that sends so many samples in each of them."""
    intake = AudioIntake(audio, max_speed=1.5)
    for second in range(limit_s):
        try:
            for part in range(4):
                intake.take(bytes(samples_per_s // 2), second + part / 4)
        except ClientError as refused:
            return second if refused.code == "too_fast" and refused.fatal else None
    return None


def test_audio_at_three_times_its_rate_is_refused_when_its_credit_is_used_up() -> None:
    refused = refused_after(AudioFormat(), 48_000, 120)
    assert refused is not None
    assert 30 <= refused <= 60
    assert refused_after(AudioFormat(sample_rate=48_000), 48_000, 120) is None
    assert refused_after(AudioFormat(), 8_000, 120) is None


@pytest.mark.parametrize("ppm", [-200, 0, 200])
def test_a_clock_that_is_a_little_off_is_never_too_fast_in_a_day(ppm: int) -> None:
    tempo = Tempo(max_speed=1.0 + 250e-6)
    step = 1 - ppm / 1e6
    assert all(tempo.allows(SAMPLE_RATE, second * step) for second in range(86_400))


# --- the bundled model ------------------------------------------------------------------------


Sound = npt.NDArray[np.float64]

CHANGES: dict[str, Callable[[Sound], Sound]] = {
    "as it is": lambda sound: sound,
    "a quarter of full scale added": lambda sound: sound + 8192,
    "eight bits": lambda sound: np.round(sound / 256) * 256,
    "twenty decibels too loud": lambda sound: sound * 10,
    "bytes swapped": lambda sound: sound.astype("<i2").byteswap().astype(np.float64),
}


@pytest.mark.model
async def test_a_voice_is_understood_as_far_as_there_is_one() -> None:
    clip = next(clip for clip in speech_clips() if clip.name == "meeting")
    with open_source(str(clip.audio)) as source:
        voice = np.concatenate(list(source))[: 12 * SAMPLE_RATE].astype(np.float64)
    said_words = [word.word for word in clip.words if word.stop < 11.5]
    model = load_model(ModelOptions(model="micro-en", device="cpu", cpu_threads=1), lambda _: None)
    config = EngineConfig(is_speech=SileroVerifier())
    engine = FasterWhisperTranscriber(model.model, model.info, config)
    async with running_server(engine, max_hop=0.5, admission=False) as running:
        heard = await asyncio.gather(
            *(
                said(running, pcm(change(voice)) + bytes(32_000), f"r{number}")
                for number, change in enumerate(CHANGES.values())
            )
        )
    texts = [" ".join(e["text"] for e in events if e["type"] == "final") for events in heard]
    assert [events[-1]["lost_s"] for events in heard] == [0.0] * len(CHANGES)
    rates = {
        name: word_error_rate(said_words, text.split())
        for name, text in zip(CHANGES, texts, strict=True)
    }
    usual = rates["as it is"]
    assert usual < 0.3, rates
    assert rates["a quarter of full scale added"] <= usual + 0.05, rates
    assert rates["eight bits"] <= usual + 0.1, rates
    assert rates["twenty decibels too loud"] < 0.9, rates
    assert texts[-1] == ""
