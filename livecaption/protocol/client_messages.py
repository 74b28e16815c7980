"""What clients say: publishers send audio and five kinds of message, watchers at most one.

Every field has a default, so ``{"type":"start"}`` alone is a session. Nothing here knows how a
message is written as text; that is the codec's business.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from livecaption.protocol.limits import (
    DEFAULT_ROOM,
    MAX_CHANNELS,
    MAX_RATE_HZ,
    MAX_VOCABULARY_ITEM_CHARS,
    MAX_VOCABULARY_ITEMS,
    MIN_RATE_HZ,
)
from livecaption.protocol.wire import (
    Count,
    Flag,
    Identifier,
    Label,
    Language,
    Room,
    Speaker,
    Token,
    WireModel,
)

__all__ = [
    "PUBLISHER_MESSAGES",
    "WATCHER_MESSAGES",
    "AudioFormat",
    "Configure",
    "Encoding",
    "Finalize",
    "Hello",
    "Keepalive",
    "PublisherMessage",
    "Resume",
    "Start",
    "Stop",
    "Task",
    "Vocabulary",
    "WatcherMessage",
]

Encoding: TypeAlias = Literal["pcm_s16le", "pcm_f32le", "mulaw", "alaw", "opus", "webm", "ogg"]
Task: TypeAlias = Literal["transcribe", "translate"]

Vocabulary: TypeAlias = Annotated[
    tuple[Annotated[Label, Field(max_length=MAX_VOCABULARY_ITEM_CHARS)], ...],
    Field(
        strict=False,  # JSON has lists, not tuples; the items stay strict
        max_length=MAX_VOCABULARY_ITEMS,
        description=f"a list of at most {MAX_VOCABULARY_ITEMS} words or phrases of 1 to "
        f"{MAX_VOCABULARY_ITEM_CHARS} characters each, without control characters",
    ),
]

_SAMPLE_BYTES: dict[Encoding, int] = {"pcm_s16le": 2, "pcm_f32le": 4, "mulaw": 1, "alaw": 1}


class AudioFormat(WireModel):
    """How the binary frames of a publisher are to be read."""

    encoding: Annotated[
        Encoding,
        Field(description="one of pcm_s16le, pcm_f32le, mulaw, alaw, opus, webm and ogg"),
    ] = "pcm_s16le"
    sample_rate: Annotated[
        int,
        Field(
            ge=MIN_RATE_HZ,
            le=MAX_RATE_HZ,
            description=f"a whole number of Hz from {MIN_RATE_HZ} to {MAX_RATE_HZ}",
        ),
    ] = 16_000
    """In Hz. Says nothing for opus, webm and ogg, whose stream carries its own rate."""
    channels: Annotated[
        int, Field(ge=1, le=MAX_CHANNELS, description=f"a whole number from 1 to {MAX_CHANNELS}")
    ] = 1

    @property
    def block_bytes(self) -> int | None:
        """Bytes of one sample of every channel; None when frames are compressed packets."""
        sample = _SAMPLE_BYTES.get(self.encoding)
        return None if sample is None else sample * self.channels


class Resume(WireModel):
    """The wish to go on with a session whose socket was lost."""

    session: Identifier
    resume_token: Identifier
    last_seq: Count
    """``seq`` of the last numbered event the client has handled; 0 for none."""
    held_from: Annotated[Count | None, Field(description="a whole number, 0 or more, or null")] = (
        None
    )
    """Sample index of the session, at 16 kHz, from which the client still holds its audio; None
    when it holds whatever the server may ask for. What lies before is declared as a gap."""


class Start(WireModel):
    """The first message of a publisher."""

    type: Literal["start"] = "start"
    room: Room = DEFAULT_ROOM
    audio: Annotated[
        AudioFormat,
        Field(description="an object with encoding, sample_rate and channels"),
    ] = AudioFormat()
    language: Language = None
    task: Annotated[Task, Field(description="transcribe or translate")] = "transcribe"
    partials: Flag = True
    vocabulary: Vocabulary = ()
    speaker: Speaker = None
    resume: Annotated[
        Resume | None,
        Field(description="an object with session, resume_token, last_seq and held_from, or null"),
    ] = None


class Finalize(WireModel):
    """Close the current utterance now."""

    type: Literal["finalize"] = "finalize"


class Configure(WireModel):
    """New settings from the next utterance on; a field that is absent stays as it was.

    A field that was sent as ``null`` and one that was not sent have the same value here: ask
    ``changed``.
    """

    type: Literal["configure"] = "configure"
    language: Language = None
    vocabulary: Vocabulary = ()
    speaker: Speaker = None

    @property
    def changed(self) -> frozenset[str]:
        """Names of the settings the client sent."""
        return frozenset(self.model_fields_set - {"type"})


class Keepalive(WireModel):
    """Counts as activity while no audio is sent."""

    type: Literal["keepalive"] = "keepalive"


class Stop(WireModel):
    """No more audio; send what is left, then close."""

    type: Literal["stop"] = "stop"


class Hello(WireModel):
    """The only message of a watcher; it need not send it."""

    type: Literal["hello"] = "hello"
    token: Token = None
    after: Annotated[Count | None, Field(description="a whole number, 0 or more, or null")] = None
    """Room offset of the last event the watcher has handled; None for a fresh start."""


PublisherMessage: TypeAlias = Start | Finalize | Configure | Keepalive | Stop
WatcherMessage: TypeAlias = Hello

PUBLISHER_MESSAGES: dict[str, type[PublisherMessage]] = {
    "start": Start,
    "finalize": Finalize,
    "configure": Configure,
    "keepalive": Keepalive,
    "stop": Stop,
}
WATCHER_MESSAGES: dict[str, type[WatcherMessage]] = {"hello": Hello}
