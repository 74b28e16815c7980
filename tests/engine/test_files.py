from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

import jiwer
import numpy as np
import pytest

from livecaption.bundled import Clip, load_clip, speech_clips
from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.core.file_transcript import FileOptions, FileSegment
from livecaption.core.hypothesis import normalise
from livecaption.engine.files import FileTranscriber, FileTranscription
from livecaption.engine.loading import LoadedModel, ModelOptions, load_model
from livecaption.errors import EngineError, MediaError
from livecaption.media.recording import MemoryRecording, record
from livecaption.media.sources import open_source
from tests.engine.multilingual import write_multilingual_model

pytestmark = pytest.mark.model

SHORT = Path(__file__).parents[1] / "data" / "speech" / "short_07.json"
PLAIN = FileOptions(beam_size=1)


@pytest.fixture(scope="module")
def bundled() -> LoadedModel:
    return load_model(ModelOptions(model="micro-en", device="cpu"), lambda sentence: None)


@pytest.fixture(scope="module")
def multilingual(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    path = write_multilingual_model(tmp_path_factory.mktemp("models") / "both")
    return load_model(ModelOptions(model=str(path), device="cpu"), lambda sentence: None)


def samples_of(clip: Clip) -> Samples:
    with open_source(str(clip.audio)) as source:
        return np.concatenate(list(source))


def opened(loaded: LoadedModel, audio: Samples, options: FileOptions) -> FileTranscription:
    return FileTranscriber(loaded).open(MemoryRecording(audio), options)


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * SAMPLE_RATE), dtype=np.int16)


def word_error_rate(clip: Clip, segments: list[FileSegment]) -> float:
    said = "".join(segment.text for segment in segments)
    return float(jiwer.wer(plain(clip.text), plain(said)))


def plain(text: str) -> str:
    return " ".join(map(normalise, text.split()))


def test_a_meeting_is_transcribed_with_the_times_of_its_words(bundled: LoadedModel) -> None:
    clip = speech_clips()[0]
    options = FileOptions(word_timestamps=True)
    transcription = opened(bundled, samples_of(clip), options)
    segments = list(transcription)
    assert word_error_rate(clip, segments) < 0.1
    assert transcription.info.language == "en"
    assert transcription.info.duration == pytest.approx(clip.duration, abs=0.1)
    for segment in segments:
        assert 0 <= segment.start <= segment.end <= clip.duration + 0.1
        assert "".join(word.text for word in segment.words) == segment.text
        assert (segment.start, segment.end) == (segment.words[0].start, segment.words[-1].end)
        # The bundled model decodes worse at higher temperatures, so none is tried.
        assert segment.temperature == 0
    assert all(a.start <= b.start for a, b in pairwise(segments))
    known = {word.word.casefold().strip(".,?"): word.start for word in clip.words[-40:]}
    heard = [word for segment in segments[-8:] for word in segment.words]
    errors = [
        abs(word.start - known[text])
        for word in heard
        if (text := word.text.strip(" .,?").casefold()) in known
    ]
    assert len(errors) > 15
    assert np.median(errors) < 0.15


def test_a_file_is_as_right_as_faster_whisper_makes_it(bundled: LoadedModel) -> None:
    """The same model, beam and detector; one window at a time must cost no words."""
    clip = load_clip(SHORT.with_name("long_1.json"))
    ours = list(opened(bundled, samples_of(clip), FileOptions(language="en")))
    theirs, _ = bundled.model.transcribe(
        str(clip.audio),
        language="en",
        vad_filter=True,
        temperature=0.0,
        condition_on_previous_text=bundled.info.previous_text,
    )
    text = "".join(segment.text for segment in theirs)
    reference = float(jiwer.wer(plain(clip.text), plain(text)))
    assert word_error_rate(clip, ours) <= reference + 0.005


class ReadRecording(MemoryRecording):
    """Remembers the longest part that was read of it."""

    longest = 0

    def read(self, start: int, stop: int) -> Samples:
        self.longest = max(self.longest, stop - start)
        return super().read(start, stop)


def test_a_long_file_is_never_in_memory_as_a_whole(bundled: LoadedModel) -> None:
    speech = samples_of(load_clip(SHORT))
    recording = ReadRecording(np.concatenate([silence(250), speech, silence(250)]))
    transcription = FileTranscriber(bundled).open(recording, PLAIN)
    assert list(transcription)
    assert recording.longest <= 120 * SAMPLE_RATE


def test_another_run_goes_on_where_one_was_saved(bundled: LoadedModel) -> None:
    speech = samples_of(load_clip(SHORT))
    recording = MemoryRecording(np.concatenate([speech, silence(20), *[speech] * 3]))
    files = FileTranscriber(bundled)
    whole = [files.open(recording, PLAIN).info, *files.open(recording, PLAIN)]
    saved: object = None
    parts: list[object] = [files.open(recording, PLAIN).info]
    windows = 0
    while True:
        run = files.open(recording, PLAIN, saved=saved)
        if (window := run.next_window()) is None:
            break
        windows += 1
        parts += window
        saved = pickle.loads(pickle.dumps(run.save()))
    assert windows > 1
    assert parts == whole


def test_speech_behind_an_early_end_is_not_lost(bundled: LoadedModel) -> None:
    clip = load_clip(SHORT.with_name("long_0.json"))
    segments = list(opened(bundled, samples_of(clip), FileOptions()))
    assert word_error_rate(clip, segments) < 0.2
    assert segments[-1].end == pytest.approx(clip.words[-1].stop, abs=1)


def counting(loaded: LoadedModel) -> tuple[LoadedModel, list[int]]:
    """Count the windows that are encoded; each makes the list one longer."""
    model, encoded = copy.copy(loaded.model), []

    def encode(features: Any) -> Any:
        encoded.append(features.shape[-1])
        return loaded.model.encode(features)

    model.encode = encode
    return replace(loaded, model=model), encoded


@pytest.mark.parametrize("vad_filter", [True, False])
def test_each_step_encodes_one_window_at_most(bundled: LoadedModel, vad_filter: bool) -> None:
    loaded, encoded = counting(bundled)
    audio = np.concatenate([samples_of(load_clip(SHORT)), silence(70)])
    options = replace(PLAIN, vad_filter=vad_filter)
    transcription = opened(loaded, audio, options)
    windows = []
    done = [transcription.done]
    while (window := transcription.next_window()) is not None:
        windows.append(window)
        done.append(transcription.done)
        assert len(encoded) == len(windows)
    assert len(windows) >= (1 if vad_filter else 3)
    assert any(windows)
    assert done == sorted(done)
    assert done[-1] == transcription.duration
    assert transcription.next_window() is None


def test_a_long_silence_costs_no_window_and_shifts_no_time(bundled: LoadedModel) -> None:
    loaded, encoded = counting(bundled)
    speech = samples_of(load_clip(SHORT))
    pause = 40.0
    audio = np.concatenate([speech, silence(pause), speech])
    options = replace(PLAIN, word_timestamps=True)
    words = [w for s in opened(loaded, audio, options) for w in s.words]
    assert len(encoded) <= 2
    repeated = len(speech) / SAMPLE_RATE + pause
    first = [word for word in words if word.end <= len(speech) / SAMPLE_RATE + 0.5]
    second = [word for word in words if word.start >= repeated - 0.5]
    assert first
    assert len(first) + len(second) == len(words)
    assert len(second) == pytest.approx(len(first), abs=2)
    assert second[-1].end == pytest.approx(first[-1].end + repeated, abs=0.5)


def test_silence_gives_nothing(bundled: LoadedModel, multilingual: LoadedModel) -> None:
    for loaded, language in ((bundled, "en"), (multilingual, None)):
        transcription = opened(loaded, silence(5), PLAIN)
        assert transcription.info.language == language
        assert list(transcription) == []
        assert transcription.done == transcription.duration == 5


def test_words_are_given_only_when_asked_for(bundled: LoadedModel) -> None:
    audio = samples_of(load_clip(SHORT))
    assert all(not s.words for s in opened(bundled, audio, PLAIN))


def test_the_language_is_detected_once_unless_it_is_named(multilingual: LoadedModel) -> None:
    loaded, encoded = counting(multilingual)
    audio = samples_of(load_clip(SHORT))
    transcription = opened(loaded, audio, PLAIN)
    info = transcription.start()
    assert info.language in ("en", "de")
    assert 0 < info.language_probability < 1
    assert len(encoded) == 1
    assert transcription.info == info
    assert len(encoded) == 1
    named = opened(loaded, audio, replace(PLAIN, language="de"))
    assert (named.info.language, named.info.language_probability) == ("de", 1.0)
    assert len(encoded) == 1
    unknown = opened(loaded, audio, replace(PLAIN, language="fr"))
    assert unknown.info.language == info.language


def test_translation_and_context_reach_the_model(multilingual: LoadedModel) -> None:
    audio = samples_of(load_clip(SHORT))
    options = replace(PLAIN, language="de", prompt="Guten Tag.", vocabulary=("Kyiv",))
    loaded = replace(multilingual, temperature_fallback=False)
    plain = list(opened(loaded, audio, replace(PLAIN, language="de")))
    told = list(opened(loaded, audio, options))
    translated = list(opened(loaded, audio, replace(options, task="translate")))
    texts = [[s.text for s in segments] for segments in (plain, told, translated)]
    assert texts[0] != texts[1] != texts[2]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "not an audio or video file"), (b"plain text\n" * 50, "not an audio or video file")],
)
def test_what_is_no_audio_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "notes.mp3"
    path.write_bytes(content)
    with pytest.raises(MediaError, match=sentence):
        record(open_source(str(path)))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"no file .*missing\.wav"):
        record(open_source(str(tmp_path / "missing.wav")))


def test_a_failure_of_the_model_says_where_and_why(bundled: LoadedModel) -> None:
    def encode(features: Any) -> NoReturn:
        raise RuntimeError("CUDA failed with error out of memory")

    model = copy.copy(bundled.model)
    model.encode = encode
    broken = replace(bundled, model=model)
    transcription = opened(broken, samples_of(load_clip(SHORT)), PLAIN)
    with pytest.raises(EngineError, match=r"failed 0\.\d s into the file: .*not enough GPU memory"):
        transcription.next_window()
