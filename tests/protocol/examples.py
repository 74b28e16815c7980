"""Fixtures on disk, values that are refused, and hypothesis strategies for events and messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from livecaption.core.captions import (
    CaptionEvent,
    Delta,
    Final,
    Finalized,
    Gap,
    GapReason,
    Partial,
    SessionClosed,
    UtteranceStarted,
)
from livecaption.core.hypothesis import Word
from livecaption.protocol.client_messages import (
    AudioFormat,
    Configure,
    Finalize,
    Hello,
    Keepalive,
    PublisherMessage,
    Resume,
    Start,
    Stop,
)
from livecaption.protocol.languages import WHISPER_LANGUAGES
from livecaption.protocol.wire import plain_text

FIXTURES: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "fixtures").glob("*.json"))
}

RESUME = {"session": "s_1", "resume_token": "rt_1", "last_seq": 0}

REFUSED_FIELDS: list[tuple[str, str, Any]] = [
    # message, wire path of the field that the complaint must name, value of the top-level field
    ("start", "room", ""),
    ("start", "room", "a b"),
    ("start", "room", "x" * 65),
    ("start", "room", "../main"),
    ("start", "room", "küche"),
    ("start", "room", None),
    ("start", "audio", "pcm_s16le"),
    ("start", "audio", None),
    ("start", "audio.encoding", {"encoding": "mp3"}),
    ("start", "audio.encoding", {"encoding": 1}),
    ("start", "audio.sample_rate", {"sample_rate": 7_999}),
    ("start", "audio.sample_rate", {"sample_rate": 48_001}),
    ("start", "audio.sample_rate", {"sample_rate": "16000"}),
    ("start", "audio.sample_rate", {"sample_rate": 16000.5}),
    ("start", "audio.sample_rate", {"sample_rate": True}),
    ("start", "audio.channels", {"channels": 0}),
    ("start", "audio.channels", {"channels": 3}),
    ("start", "language", "english"),
    ("start", "language", "en-US"),
    ("start", "language", "EN"),
    ("start", "language", ""),
    ("start", "language", 7),
    ("start", "task", "summarise"),
    ("start", "task", None),
    ("start", "partials", "yes"),
    ("start", "partials", 1),
    ("start", "vocabulary", None),
    ("start", "vocabulary", "Kyiv"),
    ("start", "vocabulary", ["word"] * 101),
    ("start", "vocabulary[1]", ["Kyiv", "x" * 65]),
    ("start", "vocabulary[0]", [""]),
    ("start", "vocabulary[0]", [" "]),
    ("start", "vocabulary[0]", ["two\nlines"]),
    ("start", "vocabulary[0]", ["bell\u0007"]),
    ("start", "vocabulary[0]", ["line\u2028separator"]),
    ("start", "vocabulary[0]", ["over\u202eride"]),
    ("start", "vocabulary[2]", ["a", "b", 3]),
    ("start", "speaker", ""),
    ("start", "speaker", "x" * 65),
    ("start", "speaker", "nul\u0000"),
    ("start", "speaker", 5),
    ("start", "resume", "s_1"),
    ("start", "resume.session", {**RESUME, "session": ""}),
    ("start", "resume.session", {**RESUME, "session": "with space"}),
    ("start", "resume.resume_token", {**RESUME, "resume_token": "x" * 129}),
    ("start", "resume.last_seq", {**RESUME, "last_seq": -1}),
    ("start", "resume.last_seq", {"session": "s_1", "resume_token": "rt_1"}),
    ("configure", "language", "xx"),
    ("configure", "vocabulary", None),
    ("configure", "speaker", False),
    ("hello", "token", ""),
    ("hello", "token", "x" * 1025),
    ("hello", "token", "tök"),
    ("hello", "after", -1),
    ("hello", "after", 1.5),
    ("hello", "after", "118"),
]


def refused_message(name: str, path: str, value: Any) -> dict[str, Any]:
    """Return the message that holds one refused value."""
    return {"type": name, path.split(".")[0].split("[")[0]: value}


# --- strategies ------------------------------------------------------------------------------

samples = st.integers(0, 86_400 * 16_000)
ordinals = st.integers(1, 10**9)
probabilities = st.floats(0, 1)
texts = st.text(max_size=40)
labels = st.text(min_size=1, max_size=64).filter(lambda text: _is_plain(text))
languages = st.none() | st.sampled_from(sorted(WHISPER_LANGUAGES))
rooms = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
identifiers = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=128
)
vocabularies = st.lists(labels, max_size=4).map(tuple)

words = st.builds(Word, text=texts, start=samples, stop=samples, probability=probabilities)
word_tuples = st.lists(words, max_size=4).map(tuple)

numbered_events: st.SearchStrategy[UtteranceStarted | Delta | Final | Gap] = st.one_of(
    st.builds(UtteranceStarted, seq=ordinals, utterance=ordinals, start=samples),
    st.builds(Delta, seq=ordinals, utterance=ordinals, text=texts, words=word_tuples),
    st.builds(
        Final,
        seq=ordinals,
        utterance=ordinals,
        text=texts,
        start=samples,
        stop=samples,
        language=languages,
        speaker=st.none() | labels,
        words=word_tuples,
    ),
    st.builds(
        Gap, seq=ordinals, start=samples, stop=samples, reason=st.sampled_from(list(GapReason))
    ),
)
partials = st.builds(Partial, utterance=ordinals, revision=ordinals, text=texts, words=word_tuples)
events: st.SearchStrategy[CaptionEvent] = st.one_of(
    numbered_events,
    partials,
    st.just(Finalized()),
    st.builds(
        SessionClosed,
        reason=texts,
        received=samples,
        captioned=samples,
        silent=samples,
        lost=samples,
    ),
)

formats = st.builds(
    AudioFormat,
    encoding=st.sampled_from(["pcm_s16le", "pcm_f32le", "mulaw", "alaw", "opus", "webm", "ogg"]),
    sample_rate=st.integers(8_000, 48_000),
    channels=st.integers(1, 2),
)
publisher_messages: st.SearchStrategy[PublisherMessage] = st.one_of(
    st.builds(
        Start,
        room=rooms,
        audio=formats,
        language=languages,
        task=st.sampled_from(["transcribe", "translate"]),
        partials=st.booleans(),
        vocabulary=vocabularies,
        speaker=st.none() | labels,
        resume=st.none()
        | st.builds(
            Resume, session=identifiers, resume_token=identifiers, last_seq=st.integers(0, 10**9)
        ),
    ),
    st.just(Finalize()),
    st.fixed_dictionaries(
        {}, optional={"language": languages, "vocabulary": vocabularies, "speaker": labels}
    ).map(Configure.model_validate),
    st.just(Keepalive()),
    st.just(Stop()),
)
watcher_messages = st.builds(
    Hello, token=st.none() | identifiers, after=st.none() | st.integers(0, 10**9)
)


def _is_plain(text: str) -> bool:
    try:
        plain_text(text)
    except ValueError:
        return False
    return True
