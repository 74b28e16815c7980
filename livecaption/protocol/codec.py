"""Text ↔ messages, and core events → messages: the one place where samples become seconds.

Events leave many times a second, so making one costs a single pass of pydantic's compiled
validator over a plain dict (measured faster than building the models in Python, with or without
validation) and writing it a single compiled pass. A room encodes an event once, not per watcher.

This module must not know sockets, sessions or rooms: it is given everything it writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar, assert_never

from pydantic import ValidationError

from livecaption.core.audio import seconds
from livecaption.core.captions import (
    CaptionEvent,
    Delta,
    Final,
    Finalized,
    Gap,
    Numbered,
    Partial,
    SessionClosed,
    UtteranceStarted,
)
from livecaption.core.hypothesis import Word
from livecaption.core.timeline import iso_time
from livecaption.errors import ProtocolError, UnsupportedAudio
from livecaption.protocol.client_messages import (
    PUBLISHER_MESSAGES,
    WATCHER_MESSAGES,
    AudioFormat,
    Configure,
    PublisherMessage,
    WatcherMessage,
)
from livecaption.protocol.complaint import complaint
from livecaption.protocol.json_text import parse_object, quoted
from livecaption.protocol.limits import (
    MAX_CONTROL_BYTES,
    MAX_FRAME_BYTES,
    MAX_SERVER_MESSAGE_BYTES,
)
from livecaption.protocol.server_messages import (
    ROOM_MESSAGES,
    SERVER_MESSAGES,
    RoomMessage,
    ServerMessage,
)
from livecaption.protocol.wire import Text, WireModel

__all__ = [
    "Message",
    "RoomEvent",
    "RoomOrigin",
    "Unknown",
    "check_audio_frame",
    "decode_publisher",
    "decode_server",
    "decode_watcher",
    "encode",
    "event_message",
    "room_message",
    "without_room",
]

Message: TypeAlias = PublisherMessage | WatcherMessage | ServerMessage
RoomEvent: TypeAlias = Numbered | Partial
"""What watchers get; the other events concern the publisher alone."""

_M = TypeVar("_M", bound=WireModel)


class Unknown(WireModel):
    """What a client makes of a message from a server newer than itself; skip it."""

    type: Text


def decode_publisher(text: str) -> PublisherMessage:
    """Read a text frame that came in on ``/ws/publish``.

    Raises:
        ProtocolError: with one sentence for the client; the connection may go on.
    """
    return _decode_known(text, PUBLISHER_MESSAGES, "publisher")


def decode_watcher(text: str) -> WatcherMessage:
    """Read a text frame that came in on ``/ws/watch``.

    Raises:
        ProtocolError: with one sentence for the client; the connection may go on.
    """
    return _decode_known(text, WATCHER_MESSAGES, "watcher")


def decode_server(text: str) -> ServerMessage | Unknown:
    """Read a text frame the server sent, on either socket.

    Returns:
        The message; ``Unknown`` when a newer server sent a type that is not known here.

    Raises:
        ProtocolError: it is no JSON object with a ``type``, or a known type with wrong fields.
    """
    fields = parse_object(text, max_bytes=MAX_SERVER_MESSAGE_BYTES)
    name = _type_of(fields)
    known: dict[str, type[ServerMessage]] = SERVER_MESSAGES
    if name in ROOM_MESSAGES and "room" in fields:
        return _validate(fields, ROOM_MESSAGES[name], name)
    if name not in known:
        return Unknown(type=name)
    return _validate(fields, known[name], name)


def encode(message: Message) -> str:
    """Write any message as compact JSON, non-ASCII characters as they are."""
    if isinstance(message, Configure):
        # A field that is written counts as a change, so only those that were set may be.
        return message.model_dump_json(by_alias=True, include={"type", *message.changed})
    return message.model_dump_json(by_alias=True)


def event_message(event: CaptionEvent) -> ServerMessage:
    """Turn a session's event into the message its publisher gets."""
    fields = _event_fields(event)
    return SERVER_MESSAGES[fields["type"]].model_validate(fields)


@dataclass(frozen=True, slots=True)
class RoomOrigin:
    """Where a room's event comes from."""

    room: str
    session: str
    speaker: str | None
    """Name of the speaker; a ``Final`` carries its own, which goes first."""
    started_at: float
    """Wall-clock time of the session's sample 0, seconds since the epoch."""


def room_message(event: RoomEvent, origin: RoomOrigin, offset: int | None) -> RoomMessage:
    """Turn a session's event into the message the watchers of its room get.

    Args:
        event: from the session.
        origin: what the event does not say itself.
        offset: number of the event in the room; None for a ``Partial``, which has none.

    Raises:
        ValueError: a numbered event without offset, or a partial with one.
    """
    if isinstance(event, Partial) is not (offset is None):
        raise ValueError("numbered events have an offset, partials have none")
    fields: dict[str, Any] = {"speaker": origin.speaker, **_event_fields(event)}
    fields["room"] = origin.room
    fields["session"] = origin.session
    fields["started_at"] = iso_time(origin.started_at)
    if offset is not None:
        fields["offset"] = offset
    return ROOM_MESSAGES[fields["type"]].model_validate(fields)


def without_room(message: RoomMessage) -> ServerMessage:
    """Turn what a watcher got back into what the session's publisher gets."""
    model = SERVER_MESSAGES[message.type]
    fields = message.model_dump(by_alias=True, include=set(model.model_fields))
    return model.model_validate(fields)


def check_audio_frame(frame: bytes, audio: AudioFormat) -> None:
    """Refuse a binary frame that cannot be what ``audio`` says.

    Raises:
        UnsupportedAudio: it is empty, longer than 64 KiB, or ends in the middle of a sample.
    """
    size = len(frame)
    if not size:
        raise UnsupportedAudio("The audio frame is empty; send keepalive while there is no audio.")
    if size > MAX_FRAME_BYTES:
        raise UnsupportedAudio(
            f"The audio frame has {size} bytes; send at most {MAX_FRAME_BYTES} in one frame."
        )
    block = audio.block_bytes
    if block is not None and size % block:
        raise UnsupportedAudio(
            f"The audio frame of {size} bytes ends inside a sample; with {audio.encoding} and "
            f"{audio.channels} channel(s) send a multiple of {block} bytes."
        )


def _decode_known(text: str, models: dict[str, type[_M]], sender: str) -> _M:
    fields = parse_object(text, max_bytes=MAX_CONTROL_BYTES)
    name = _type_of(fields)
    if name not in models:
        raise ProtocolError(
            f"{quoted(name)} is not a message a {sender} can send; "
            f'"type" must be one of: {", ".join(models)}.'
        )
    return _validate(fields, models[name], name)


def _type_of(fields: dict[str, Any]) -> str:
    if "type" not in fields:
        raise ProtocolError('The message has no "type"; it says what kind of message this is.')
    name = fields["type"]
    if not isinstance(name, str):
        raise ProtocolError('The message\'s "type" must be a string.')
    return name


def _validate(fields: dict[str, Any], model: type[_M], name: str) -> _M:
    try:
        return model.model_validate(fields)
    except ValidationError as exc:
        raise ProtocolError(complaint(exc, model, name)) from None


def _event_fields(event: CaptionEvent) -> dict[str, Any]:
    match event:
        case UtteranceStarted() | Delta() | Final() | Gap():
            return _numbered_fields(event)
        case Partial():
            return {
                "type": "partial",
                "utterance": event.utterance,
                "revision": event.revision,
                "text": event.text,
            }
        case Finalized():
            return {"type": "finalized"}
        case SessionClosed():
            return {
                "type": "closed",
                "reason": event.reason,
                "audio_s": seconds(event.received),
                "captioned_s": seconds(event.captioned),
                "silent_s": seconds(event.silent),
                "lost_s": seconds(event.lost),
            }
        case _:
            assert_never(event)


def _numbered_fields(event: Numbered) -> dict[str, Any]:
    match event:
        case UtteranceStarted():
            return {
                "type": "utterance_started",
                "seq": event.seq,
                "utterance": event.utterance,
                "start": seconds(event.start),
            }
        case Delta():
            return {
                "type": "delta",
                "seq": event.seq,
                "utterance": event.utterance,
                "text": event.text,
                "words": [_word_fields(word) for word in event.words],
            }
        case Final():
            return {
                "type": "final",
                "seq": event.seq,
                "utterance": event.utterance,
                "text": event.text,
                "start": seconds(event.start),
                "end": seconds(event.stop),
                "language": event.language,
                "speaker": event.speaker,
                "words": [_word_fields(word) for word in event.words],
            }
        case Gap():
            return {
                "type": "gap",
                "seq": event.seq,
                "from": seconds(event.start),
                "to": seconds(event.stop),
                "reason": event.reason.value,
            }
        case _:
            assert_never(event)


def _word_fields(word: Word) -> dict[str, Any]:
    # A mean of exponentials can exceed 1 by a rounding error; the order of the arguments also
    # makes NaN, which would be no JSON, a 0.
    probability = min(1.0, max(0.0, word.probability))
    return {
        "text": word.text.strip(),
        "start": seconds(word.start),
        "end": seconds(word.stop),
        "probability": round(probability, 3),
    }
