"""OpenAI's own client, unmodified, against this server."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import openai
import pysubs2
import pytest
import webvtt

from livecaption.access.roles import Role
from livecaption.core.file_transcript import FileOptions
from livecaption.engine.files import FileTranscriber
from livecaption.engine.loading import LoadedModel, ModelOptions, load_model
from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.engine.scripted_files import ScriptedFiles
from livecaption.errors import EngineError
from livecaption.server import openai_routes
from tests.engine.multilingual import write_multilingual_model
from tests.keys import make_key
from tests.server.files import WORDS, Asked, hearing, send, wav
from tests.serving import Running, running_server, within

SHORT = Path(__file__).parents[1] / "data" / "speech" / "short_07.flac"
FILE = ("talk.wav", wav(40), "audio/wav")
TEXT = "one two three four five"


def client_of(running: Running, key: str = "none") -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        api_key=key, base_url=f"{running.http}/v1", max_retries=0, timeout=60.0
    )


@asynccontextmanager
async def served(**given: Any) -> AsyncIterator[openai.AsyncOpenAI]:
    async with hearing(**given) as running, client_of(running) as client:
        yield client


async def test_the_usual_answer_is_the_text() -> None:
    async with served() as client:
        answer = await client.audio.transcriptions.create(file=FILE, model="whisper-1")
    assert answer.text == TEXT
    assert answer.usage is not None
    assert answer.usage.type == "duration"
    assert answer.usage.seconds == 40


async def test_subtitles_and_text_are_plain() -> None:
    async with served() as client:
        made = {
            name: await client.audio.transcriptions.create(
                file=FILE, model="anything", response_format=name
            )
            for name in ("text", "srt", "vtt")
        }
    assert made["text"] == TEXT + "\n"
    cues = pysubs2.SSAFile.from_string(str(made["srt"]))
    assert [cue.plaintext for cue in cues] == ["one two three", "four five"]
    shown = webvtt.from_string(str(made["vtt"]))
    assert [cue.text for cue in shown.captions] == ["one two three", "four five"]
    assert shown.captions[1].start == "00:00:31.000"


async def test_the_long_answer_has_segments_and_the_times_of_words() -> None:
    async with served() as client:
        answer = await client.audio.transcriptions.create(
            file=FILE,
            model="whisper-1",
            response_format="verbose_json",
            timestamp_granularities=["word", "segment"],
        )
    assert (answer.language, answer.duration, answer.text) == ("english", 40.0, TEXT)
    assert answer.words is not None
    assert [word.word for word in answer.words] == TEXT.split()
    assert (answer.words[3].start, answer.words[3].end) == (31.0, 31.3)
    assert answer.segments is not None
    first, second = answer.segments
    assert (first.id, second.id) == (0, 1)
    assert (second.start, second.end, second.text, second.seek) == (31.0, 31.6, " four five", 3100)
    assert (first.tokens, first.temperature, first.avg_logprob) == ([7], 0.0, -0.2)
    inside = first.to_dict()["words"]
    assert isinstance(inside, list)
    assert inside[0] == {"word": " one", "start": 0.2, "end": 0.5, "probability": 0.9}
    assert answer.words[0].to_dict()["probability"] == 0.9


@pytest.mark.parametrize(
    "fields",
    [
        {"timestamp_granularities": ["word"]},
        {"timestamp_granularities[]": ["word", "segment"]},
        {"timestamp_granularities": "segment,word"},
    ],
)
async def test_granularities_are_taken_with_and_without_brackets(fields: dict[str, Any]) -> None:
    async with hearing() as running:
        answer = await send(
            running, "/v1/audio/transcriptions", response_format="verbose_json", **fields
        )
    assert len(answer.json()["words"]) == 3


async def test_without_granularities_there_are_no_words() -> None:
    async with hearing() as running:
        path = "/v1/audio/transcriptions"
        body = (await send(running, path, response_format="verbose_json")).json()
    assert "words" not in body
    assert "words" not in body["segments"][0]


async def test_what_is_asked_for_reaches_the_model() -> None:
    asked = Asked()
    async with hearing(asked) as running, client_of(running) as client:
        await client.audio.transcriptions.create(
            file=("a.wav", wav(), "audio/wav"),
            model="whisper-1",
            language="en",
            prompt="Good morning.",
            temperature=0.4,
            chunking_strategy="auto",
            include=["logprobs"],
            extra_body={"hotwords": "Kyiv,CTranslate2", "unheard_of": "x"},
        )
    assert asked == [
        FileOptions(
            language="en",
            prompt="Good morning.",
            temperature=0.4,
            vocabulary=("Kyiv", "CTranslate2"),
        )
    ]


async def test_a_stream_tells_segments_as_they_come() -> None:
    async with served() as client:
        stream = await client.audio.transcriptions.create(file=FILE, model="whisper-1", stream=True)
        events = [event async for event in stream]
    assert [event.type for event in events] == [
        "transcript.text.delta",
        "transcript.text.delta",
        "transcript.text.done",
    ]
    deltas = [event.delta for event in events if event.type == "transcript.text.delta"]
    last = events[-1]
    assert last.type == "transcript.text.done"
    assert "".join(deltas) == last.text == TEXT


async def test_a_stream_begins_before_the_file_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """And says now and then that it is still there."""
    monkeypatch.setattr(openai_routes, "_HEARTBEAT_S", 0.05)
    go_on = threading.Event()
    windows: list[int] = []

    def before_window(options: FileOptions) -> None:
        windows.append(1)
        assert len(windows) == 1 or go_on.wait(30)

    files = ScriptedFiles(WORDS, before_window)
    async with running_server(ScriptedTranscriber(files=files)) as running:
        async with httpx2.AsyncClient(timeout=60) as client:
            async with client.stream(
                "POST",
                f"{running.http}/v1/audio/transcriptions",
                files={"file": FILE},
                data={"stream": "true"},
            ) as answer:
                assert answer.headers["content-type"].startswith("text/event-stream")
                lines = answer.aiter_lines()
                while "one two three" not in await anext(lines):
                    pass
                while await anext(lines) != ": at work":
                    pass
                go_on.set()
                rest = [line async for line in lines if line.startswith("data")]
    assert "transcript.text.done" in rest[-1]


def waited(event: threading.Event) -> None:
    assert event.wait(30)


async def test_a_reader_that_leaves_ends_the_work() -> None:
    go_on = threading.Event()
    files = ScriptedFiles(WORDS, lambda options: waited(go_on))
    async with running_server(ScriptedTranscriber(files=files)) as running:
        async with httpx2.AsyncClient(timeout=60) as client:
            async with client.stream(
                "POST",
                f"{running.http}/v1/audio/transcriptions",
                files={"file": FILE},
                data={"stream": "true"},
            ):
                assert running.hub.files.waited_for == 1
        go_on.set()
        await within(lambda: running.hub.files.waited_for == 0, 30)
        await within(lambda: running.hub.uploads.under_way == 0, 30)


async def test_a_stream_ends_with_an_error_when_the_server_stops() -> None:
    go_on = threading.Event()
    windows: list[int] = []

    def before_window(options: FileOptions) -> None:
        windows.append(1)
        assert len(windows) == 1 or go_on.wait(60)

    files = ScriptedFiles(WORDS, before_window)
    async with running_server(ScriptedTranscriber(files=files)) as running:
        async with client_of(running) as client:
            stream = await client.audio.transcriptions.create(
                file=FILE, model="whisper-1", stream=True
            )
            assert (await anext(stream)).type == "transcript.text.delta"
            running.server.handle_exit(15, None)
            await within(lambda: running.hub.draining, 30)
            go_on.set()
            with pytest.raises(openai.APIError, match="restarting"):
                async for _ in stream:
                    pass


async def test_a_stream_that_fails_says_so() -> None:
    windows: list[int] = []

    def failing(options: FileOptions) -> None:
        windows.append(1)
        if len(windows) == 2:
            raise EngineError("The model failed 30.0 s into the file: no memory.")

    files = ScriptedFiles(WORDS, failing)
    async with running_server(ScriptedTranscriber(files=files)) as running:
        async with client_of(running) as client:
            stream = await client.audio.transcriptions.create(
                file=FILE, model="whisper-1", stream=True
            )
            with pytest.raises(openai.APIError, match=r"failed 30\.0 s into the file"):
                async for _ in stream:
                    pass


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
async def test_errors_are_those_the_client_knows() -> None:
    async with served(max_upload_mb=2) as client:
        create = client.audio.transcriptions.create
        with pytest.raises(openai.APIStatusError) as damaged:
            await create(file=("a.mp3", b"fLaC" + bytes(99), "audio/mpeg"), model="whisper-1")
        with pytest.raises(openai.APIStatusError) as other:
            await create(file=("a.mp3", b"%PDF-1.7", "audio/mpeg"), model="whisper-1")
        with pytest.raises(openai.BadRequestError) as form:
            await create(file=FILE, model="whisper-1", response_format="diarized_json")
        with pytest.raises(openai.APIStatusError) as large:
            await create(file=("a.wav", bytes(3_000_000), "audio/wav"), model="whisper-1")
        with pytest.raises(openai.APIStatusError) as streamed:
            await create(file=("a.mp3", b"%PDF-1.7", "a/b"), model="whisper-1", stream=True)
        with pytest.raises(openai.NotFoundError) as model:
            await client.models.retrieve("gpt-nothing")
        with pytest.raises(openai.BadRequestError) as english:
            await client.audio.translations.create(file=FILE, model="whisper-1")
    found = [damaged, other, form, large, streamed, model, english]
    assert [each.value.status_code for each in found] == [422, 415, 400, 413, 415, 404, 400]
    for each in found:
        assert isinstance(each.value.body, dict)
        assert set(each.value.body) == {"message", "type", "param", "code"}
        assert each.value.type == "invalid_request_error"
        assert each.value.body["message"].endswith(".")
    assert "English only" in str(english.value)


async def test_a_full_server_asks_to_come_back() -> None:
    async with hearing() as running, client_of(running) as client:
        running.hub.files.stop()
        with pytest.raises(openai.InternalServerError) as refused:
            await client.audio.transcriptions.create(file=FILE, model="whisper-1")
    assert refused.value.status_code == 503
    assert int(refused.value.response.headers["retry-after"]) > 0


async def test_keys_are_asked_for_in_the_same_form(tmp_path: Path) -> None:
    good = await make_key(tmp_path, Role.TRANSCRIBE)
    other = await make_key(tmp_path, Role.WATCH)
    async with hearing(data_dir=tmp_path, store=True) as running:
        async with client_of(running, "wrong") as client:
            with pytest.raises(openai.AuthenticationError) as unknown:
                await client.audio.transcriptions.create(file=FILE, model="whisper-1")
        async with client_of(running, other) as client:
            with pytest.raises(openai.PermissionDeniedError):
                await client.audio.transcriptions.create(file=FILE, model="whisper-1")
        async with client_of(running, good) as client:
            answer = await client.audio.transcriptions.create(file=FILE, model="whisper-1")
    assert answer.text == TEXT
    assert unknown.value.type == "authentication_error"


async def test_models_are_listed() -> None:
    async with served() as client:
        names = [model.id async for model in client.models.list()]
        assert names == ["scripted", "whisper-1"]
        assert (await client.models.retrieve("whisper-1")).owned_by == "livecaption"


async def test_other_routes_and_methods_answer_in_the_same_form() -> None:
    async with hearing() as running, httpx2.AsyncClient() as client:
        wrong = await client.get(f"{running.http}/v1/audio/transcriptions")
        missing = await client.post(f"{running.http}/v1/audio/speech")
    for answer, status in ((wrong, 405), (missing, 404)):
        assert answer.status_code == status
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


@pytest.fixture(scope="module")
def multilingual(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    path = write_multilingual_model(tmp_path_factory.mktemp("models") / "both")
    loaded = load_model(ModelOptions(model=str(path), device="cpu"), lambda sentence: None)
    return replace(loaded, temperature_fallback=False)


class Multilingual(ScriptedTranscriber):
    """Scripted for live work, with a real model for files."""

    def __init__(self, loaded: LoadedModel) -> None:
        super().__init__(files=FileTranscriber(loaded))
        self.info = loaded.info


@pytest.mark.model
@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
async def test_a_multilingual_model_translates(multilingual: LoadedModel) -> None:
    """Random weights say nonsense, but it is another nonsense in each task and language."""
    speech = ("speech.flac", SHORT.read_bytes(), "audio/flac")
    async with running_server(Multilingual(multilingual)) as running:
        async with client_of(running) as client:
            german = await client.audio.transcriptions.create(
                file=speech, model="whisper-1", language="de", response_format="verbose_json"
            )
            english = await client.audio.translations.create(
                file=speech, model="whisper-1", response_format="verbose_json"
            )
            plain = await client.audio.translations.create(file=speech, model="whisper-1")
    assert german.language == "german"
    assert english.to_dict()["task"] == "translate"
    assert german.text
    assert german.text != plain.text
