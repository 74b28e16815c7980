"""The bundled files are whole, and descriptions of clips are read strictly."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.bundled import (
    MODEL_NAME,
    Clip,
    ClipWord,
    load_clip,
    model_path,
    speech_clips,
)
from livecaption.errors import MediaError

DEV_SPEECH = Path(__file__).parents[1] / "data" / "speech"

WELL_FORMED: dict[str, Any] = {
    "text": "Good day.",
    "words": [
        {"word": "Good", "start": 0.1, "end": 0.4},
        {"word": "day.", "start": 0.4, "end": 0.9},
    ],
    "duration": 1,
}


def write_clip(folder: Path, description: object, *, audio: str | None = "clip.flac") -> Path:
    """Write a description, and an empty file where the audio belongs."""
    if audio:
        (folder / audio).touch()
    path = folder / "clip.json"
    path.write_text(json.dumps(description), encoding="utf-8")
    return path


def flac_seconds(path: Path) -> float:
    """Duration by the header: sample rate 20 bits, 3 + 5 bits to skip, sample count 36 bits."""
    head = path.read_bytes()[:42]
    assert head[:4] == b"fLaC"
    packed = int.from_bytes(head[18:26])
    return (packed & (1 << 36) - 1) / (packed >> 44)


def plain(text: str) -> list[str]:
    return re.sub(r"[^a-z' ]", " ", text.lower()).split()


def test_the_model_directory_holds_all_that_loading_needs() -> None:
    names = {path.name for path in model_path().iterdir()}
    assert names >= {
        "model.bin",
        "config.json",
        "vocabulary.json",
        "tokenizer.json",
        "preprocessor_config.json",
    }
    assert model_path().name == MODEL_NAME


def test_the_model_asks_for_no_previous_text_and_bears_short_windows() -> None:
    advice = json.loads((model_path() / "livecaption.json").read_text(encoding="utf-8"))
    assert advice == {"previous_text": False, "short_windows": True}


def test_the_bundled_files_stay_small() -> None:
    root = model_path().parents[1]
    assert sum(path.stat().st_size for path in root.rglob("*") if path.is_file()) < 12_000_000


def test_the_bundled_clips_are_the_meeting_and_the_one_without_a_pause() -> None:
    assert [clip.name for clip in speech_clips()] == ["meeting", "nopause"]


@pytest.mark.parametrize("path", sorted(DEV_SPEECH.glob("*.json")), ids=lambda path: path.stem)
def test_every_dev_clip_loads(path: Path) -> None:
    clip = load_clip(path)
    assert clip.audio == path.with_suffix(".flac")
    assert " ".join(word.word for word in clip.words) == clip.text
    assert clip.duration == pytest.approx(flac_seconds(clip.audio), abs=0.001)


def test_there_are_twelve_short_and_three_long_dev_clips() -> None:
    stems = sorted(path.stem for path in DEV_SPEECH.glob("*.json"))
    short = [f"short_{index:02d}" for index in range(12)]
    assert stems == [*(f"long_{index}" for index in range(3)), *short]


@pytest.mark.parametrize("clip", speech_clips(), ids=lambda clip: clip.name)
def test_a_bundled_clip_says_what_its_words_say(clip: Clip) -> None:
    assert " ".join(word.word for word in clip.words) == clip.text
    assert clip.duration == pytest.approx(flac_seconds(clip.audio), abs=0.001)


def test_no_bundled_sentence_comes_from_the_dev_clips() -> None:
    bundled = {
        sentence for clip in speech_clips() for sentence in re.split(r"(?<=[.?!]) ", clip.text)
    }
    dev = {
        turn["text"]
        for path in DEV_SPEECH.glob("*.json")
        for turn in json.loads(path.read_text(encoding="utf-8"))["turns"]
    }
    assert not bundled & dev


def test_a_clip_is_read_with_its_words(tmp_path: Path) -> None:
    path = write_clip(tmp_path, {**WELL_FORMED, "voice": "passed over"})
    assert load_clip(path) == Clip(
        name="clip",
        audio=tmp_path / "clip.flac",
        text="Good day.",
        words=(ClipWord("Good", 0.1, 0.4), ClipWord("day.", 0.4, 0.9)),
        duration=1.0,
    )


def test_audio_may_be_a_wav_file(tmp_path: Path) -> None:
    path = write_clip(tmp_path, WELL_FORMED, audio="clip.wav")
    assert load_clip(path).audio == tmp_path / "clip.wav"


def test_a_missing_description_is_named(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"absent\.json cannot be read: No such file"):
        load_clip(tmp_path / "absent.json")


def test_a_folder_is_no_description(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="cannot be read"):
        load_clip(tmp_path)


def test_missing_audio_says_what_to_put_where(tmp_path: Path) -> None:
    path = write_clip(tmp_path, WELL_FORMED, audio=None)
    with pytest.raises(MediaError, match=r"put clip\.flac or clip\.wav beside it"):
        load_clip(path)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_text_that_is_no_json_is_refused(tmp_path: Path, content: bytes) -> None:
    path = write_clip(tmp_path, WELL_FORMED)
    path.write_bytes(content)
    with pytest.raises(MediaError, match="it is no JSON text"):
        load_clip(path)


@pytest.mark.parametrize("description", [None, [], "text", 3])
def test_json_that_is_no_object_is_refused(tmp_path: Path, description: object) -> None:
    with pytest.raises(MediaError, match="holds no JSON object"):
        load_clip(write_clip(tmp_path, description))


@pytest.mark.parametrize("name", ["text", "words", "duration"])
def test_a_missing_field_is_named(tmp_path: Path, name: str) -> None:
    incomplete = {key: value for key, value in WELL_FORMED.items() if key != name}
    with pytest.raises(MediaError, match=f"'{name}' is missing"):
        load_clip(write_clip(tmp_path, incomplete))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"text": 5}, "'text' must be a text"),
        ({"words": {}}, "'words' must be a list"),
        ({"words": ["Good"]}, "each of 'words' must be an object"),
        ({"words": [{"word": "Good", "start": 0}]}, "'end' is missing"),
        ({"words": [{"word": None, "start": 0, "end": 1}]}, "'word' must be a text"),
        ({"words": [{"word": "Good", "start": "0", "end": 1}]}, "'start' must be a number"),
        ({"duration": True}, "'duration' must be a number"),
        ({"duration": float("nan")}, "'duration' must be a finite number"),
        ({"duration": -1}, "0 or more"),
        ({"duration": 10**400}, "'duration' is not a time"),
        ({"duration": 0.8}, "word 1 must start"),
        ({"words": [{"word": "Good", "start": 0.5, "end": 0.4}]}, "word 0 must start"),
    ],
)
def test_a_malformed_field_is_explained(
    tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    with pytest.raises(MediaError, match=reason):
        load_clip(write_clip(tmp_path, {**WELL_FORMED, **change}))


def test_words_must_come_in_the_order_they_are_said(tmp_path: Path) -> None:
    backwards = {**WELL_FORMED, "words": WELL_FORMED["words"][::-1]}
    with pytest.raises(MediaError, match="word 1 must start no earlier"):
        load_clip(write_clip(tmp_path, backwards))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all examples of a property."""
    return tmp_path_factory.mktemp("clips")


def load_or_refuse(path: Path) -> Clip | MediaError:
    try:
        return load_clip(path)
    except MediaError as error:
        return error


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["word", "start", "end", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)
DESCRIPTIONS = st.fixed_dictionaries(
    {},
    optional={"text": JSON_VALUES, "words": st.lists(JSON_VALUES, max_size=3) | JSON_VALUES}
    | {"duration": JSON_VALUES | st.floats(0, 100)},
)


@given(description=DESCRIPTIONS | JSON_VALUES)
def test_any_json_gives_an_ordered_clip_or_a_media_error(folder: Path, description: object) -> None:
    path = write_clip(folder, description)
    outcome = load_or_refuse(path)
    if isinstance(outcome, MediaError):
        assert str(path) in str(outcome)
    else:
        times = [word.start for word in outcome.words]
        assert times == sorted(times)
        assert all(0 <= word.start <= word.stop <= outcome.duration for word in outcome.words)


@given(times=st.lists(st.floats(0, 3600), min_size=1, max_size=20))
def test_what_is_written_is_read_back(folder: Path, times: list[float]) -> None:
    times.sort()
    words = tuple(
        ClipWord(f"word{index}", start, stop) for index, (start, stop) in enumerate(pairwise(times))
    )
    description = {
        "text": " ".join(word.word for word in words),
        "words": [{"word": w.word, "start": w.start, "end": w.stop} for w in words],
        "duration": times[-1],
    }
    clip = load_clip(write_clip(folder, description))
    assert (clip.words, clip.duration, clip.text) == (words, times[-1], description["text"])


@pytest.mark.model
def test_the_bundled_model_hears_the_bundled_meeting() -> None:
    jiwer = pytest.importorskip("jiwer")
    from faster_whisper import WhisperModel

    meeting = speech_clips()[0]
    model = WhisperModel(str(model_path()), device="cpu", compute_type="int8", cpu_threads=1)
    segments, _ = model.transcribe(
        str(meeting.audio),
        language="en",
        beam_size=1,
        temperature=0.0,
        condition_on_previous_text=False,
    )
    heard = " ".join(plain(" ".join(segment.text for segment in segments)))
    assert jiwer.wer(" ".join(plain(meeting.text)), heard) < 0.08
