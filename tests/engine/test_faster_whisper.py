"""The resident model on real audio: batches equal single decodes, words carry their times."""

from __future__ import annotations

from dataclasses import replace

import av
import numpy as np
import pytest

from livecaption.bundled import Clip, speech_clips
from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.core.decode import DecodeKind, DecodeRequest, DecodeResult
from livecaption.core.hypothesis import normalise, text_of
from livecaption.core.scoring import word_error_rate
from livecaption.core.screen import ScreenConfig
from livecaption.engine.alignment import rows_of
from livecaption.engine.config import EngineConfig
from livecaption.engine.faster_whisper import FasterWhisperTranscriber
from livecaption.engine.loading import LoadedModel, ModelOptions, load_model
from livecaption.media.sources import open_source

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    return load_model(ModelOptions(model="micro-en", device="cpu", cpu_threads=1), lambda _: None)


@pytest.fixture(scope="module")
def engine(loaded: LoadedModel) -> FasterWhisperTranscriber:
    return FasterWhisperTranscriber(loaded.model, loaded.info, EngineConfig())


@pytest.fixture(scope="module")
def meeting() -> tuple[Clip, Samples]:
    clip = next(clip for clip in speech_clips() if clip.name == "meeting")
    with open_source(str(clip.audio)) as source:
        return clip, np.concatenate(list(source))


def request(
    audio: Samples,
    start_s: float,
    stop_s: float,
    *,
    session: str = "s",
    kind: DecodeKind = DecodeKind.PARTIAL,
) -> DecodeRequest:
    start, stop = int(start_s * SAMPLE_RATE), int(stop_s * SAMPLE_RATE)
    return DecodeRequest(session, 1, 1, kind, start, audio[start:stop], language="en")


def decode(engine: FasterWhisperTranscriber, requests: list[DecodeRequest]) -> list[DecodeResult]:
    return engine.transcribe([engine.prepare(each) for each in requests])


def test_a_window_is_decoded_with_the_times_of_its_words(
    engine: FasterWhisperTranscriber, meeting: tuple[Clip, Samples]
) -> None:
    clip, audio = meeting
    (result,) = decode(engine, [request(audio, 3.8, 6.6)])
    assert normalise(text_of(result.words)) == normalise(
        "Let's get started with the planning review."
    )
    spoken = [word for word in clip.words if 3.8 < word.start < 6.4]
    # The first word of a window is reported from the window's start.
    for word, truth in list(zip(result.words, spoken, strict=True))[1:]:
        assert abs(word.start / SAMPLE_RATE - truth.start) < 0.15
        assert word.start <= word.stop <= int(6.6 * SAMPLE_RATE)
        assert 0.0 <= word.probability <= 1.0
    assert result.language == "en"
    assert -2.0 < result.avg_logprob < 0.0


def test_windows_of_different_sessions_in_one_batch_decode_as_they_do_alone(
    engine: FasterWhisperTranscriber, meeting: tuple[Clip, Samples]
) -> None:
    _, audio = meeting
    spans = [(0.3, 3.6), (3.8, 6.6), (6.5, 9.2)]
    requests = [request(audio, a, b, session=f"s{i}") for i, (a, b) in enumerate(spans)]
    together = decode(engine, requests)
    alone = [decode(engine, [each])[0] for each in requests]
    for one, other in zip(together, alone, strict=True):
        assert text_of(one.words) == text_of(other.words)
        assert [w.start for w in one.words] == [w.start for w in other.words]


def test_finals_are_at_least_as_good_as_partials(
    engine: FasterWhisperTranscriber, meeting: tuple[Clip, Samples]
) -> None:
    clip, audio = meeting
    said = [word.word for word in clip.words if word.start < 20]
    for kind in DecodeKind:
        (result,) = decode(engine, [request(audio, 0, 21, kind=kind)])
        assert word_error_rate(said, [word.text for word in result.words]) < 0.15, kind


def test_a_loop_cannot_run_longer_than_its_audio_allows(
    engine: FasterWhisperTranscriber,
) -> None:
    noise = np.random.default_rng(3).normal(0, 4000, 8000).astype(np.int16)
    (result,) = decode(engine, [request(noise, 0, 0.5)])
    assert len(result.words) <= 12


def test_silence_and_empty_windows_give_no_words(engine: FasterWhisperTranscriber) -> None:
    silence = np.zeros(3 * SAMPLE_RATE, np.int16)
    assert decode(engine, [request(silence, 0, 3)])[0].words == ()
    assert decode(engine, [request(silence, 0, 0)])[0].words == ()


def test_a_vetoed_window_is_not_decoded(loaded: LoadedModel, meeting: tuple[Clip, Samples]) -> None:
    _, audio = meeting
    veto = FasterWhisperTranscriber(
        loaded.model, loaded.info, EngineConfig(is_speech=lambda _: False)
    )
    asked = replace(request(audio, 3.8, 6.6), verify_speech=True)
    trusted = request(audio, 3.8, 6.6, session="t")
    vetoed, decoded = veto.transcribe([veto.prepare(asked), veto.prepare(trusted)])
    assert (vetoed.is_speech, vetoed.words) == (False, ())
    assert (decoded.is_speech, len(decoded.words)) == (True, 7)


def test_context_has_a_fixed_length_or_is_left_out(loaded: LoadedModel) -> None:
    info = replace(loaded.info, previous_text=True)
    engine = FasterWhisperTranscriber(loaded.model, info, EngineConfig(context_tokens=8))
    silence = np.zeros(SAMPLE_RATE, np.int16)
    short = replace(request(silence, 0, 1), previous_text="Yes.")
    long = replace(request(silence, 0, 1), previous_text="The server is ready. " * 5)
    named = replace(long, vocabulary=("Kyiv", "CTranslate2"))
    assert engine.prepare(short).key.context_tokens == 0
    assert engine.prepare(long).key.context_tokens == 8
    assert engine.prepare(named).key.context_tokens > 8
    without = FasterWhisperTranscriber(loaded.model, loaded.info, EngineConfig())
    assert without.prepare(long).key.context_tokens == 0


def test_a_batch_with_context_decodes(loaded: LoadedModel, meeting: tuple[Clip, Samples]) -> None:
    _, audio = meeting
    info = replace(loaded.info, previous_text=True)
    engine = FasterWhisperTranscriber(loaded.model, info, EngineConfig(context_tokens=8))
    history = "Good morning everyone. Thank you for coming. " * 2
    requests = [
        replace(request(audio, 3.8, 6.6, session=name), previous_text=history) for name in "ab"
    ]
    for result in decode(engine, requests):
        assert result.words


def test_a_rejected_final_is_decoded_once_more_and_the_better_text_stays(
    loaded: LoadedModel, meeting: tuple[Clip, Samples]
) -> None:
    _, audio = meeting
    strict = ScreenConfig(min_logprob=-0.0001)
    engine = FasterWhisperTranscriber(loaded.model, loaded.info, EngineConfig(), strict)
    plain = FasterWhisperTranscriber(
        loaded.model, loaded.info, EngineConfig(fallback_temperature=0.0), strict
    )
    final = request(audio, 3.8, 6.6, kind=DecodeKind.FINAL)
    (retried,), (once,) = decode(engine, [final]), decode(plain, [final])
    assert retried.avg_logprob >= once.avg_logprob
    assert retried.words


def test_rows_of_an_encoder_output_can_be_decoded_again(
    loaded: LoadedModel, engine: FasterWhisperTranscriber, meeting: tuple[Clip, Samples]
) -> None:
    _, audio = meeting
    windows = [engine.prepare(request(audio, a, a + 3, session=str(a))) for a in (0, 3, 6)]
    encoded = engine._encode(windows, 1000)
    part = rows_of(encoded, [2])
    np.testing.assert_array_equal(np.array(part)[0], np.array(encoded)[2])


def test_every_batch_shape_runs_at_start(engine: FasterWhisperTranscriber) -> None:
    engine.warm_up()
    engine.forget("warm-up")


def test_the_bundled_speech_can_be_read_without_us(meeting: tuple[Clip, Samples]) -> None:
    clip, audio = meeting
    with av.open(str(clip.audio)) as container:
        assert container.streams.audio[0].rate == SAMPLE_RATE
    assert abs(len(audio) / SAMPLE_RATE - clip.duration) < 0.01
