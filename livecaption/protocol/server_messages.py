"""What the server says, to publishers about their session and to watchers about a room.

Times are seconds on the session's audio clock; this module knows nothing of samples. Sets that may
grow (reasons, error codes) are plain strings, so that a client survives a newer server.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from livecaption.protocol.wire import (
    Count,
    Flag,
    Identifier,
    Moment,
    OptionalMoment,
    OptionalText,
    Ordinal,
    Room,
    Seconds,
    Text,
    WireModel,
)

__all__ = [
    "ROOM_MESSAGES",
    "SERVER_MESSAGES",
    "Ack",
    "Closed",
    "DeltaMessage",
    "ErrorMessage",
    "FinalMessage",
    "FinalizedMessage",
    "GapMessage",
    "Limits",
    "OpenUtterance",
    "PartialMessage",
    "Presence",
    "Ready",
    "RoomDelta",
    "RoomFinal",
    "RoomGap",
    "RoomMessage",
    "RoomPartial",
    "RoomUtteranceStarted",
    "ServerMessage",
    "Snapshot",
    "Status",
    "UtteranceStartedMessage",
    "WordMessage",
]


class WordMessage(WireModel):
    """One word; ``text`` has no outer spaces."""

    text: Text
    start: Seconds
    end: Seconds
    probability: Annotated[float, Field(ge=0, le=1, description="a number from 0 to 1")]


Words: TypeAlias = Annotated[
    tuple[WordMessage, ...],
    Field(strict=False, description="a list of words with text, start, end and probability"),
]


class Limits(WireModel):
    """What the server allows this session."""

    max_frame_bytes: Ordinal
    idle_s: Seconds
    max_session_s: Seconds


class Ready(WireModel):
    """The answer to ``start``."""

    type: Literal["ready"] = "ready"
    protocol: Ordinal = 1
    session: Identifier
    resume_token: Identifier
    room: Room
    model: Text
    language: OptionalText
    started_at: Moment
    """Wall-clock time of sample 0, for lining captions up with other recordings."""
    resumed: Flag
    resume_from: Count
    """Sample index at 16 kHz from which the client must send (again)."""
    limits: Annotated[
        Limits, Field(description="an object with max_frame_bytes, idle_s and max_session_s")
    ]


class UtteranceStartedMessage(WireModel):
    """Words of a new utterance are about to follow."""

    type: Literal["utterance_started"] = "utterance_started"
    seq: Ordinal
    utterance: Ordinal
    start: Seconds


class DeltaMessage(WireModel):
    """Committed words: append ``text`` as it is."""

    type: Literal["delta"] = "delta"
    seq: Ordinal
    utterance: Ordinal
    text: Text
    words: Words


class PartialMessage(WireModel):
    """The tail that may still change; replaces the one before."""

    type: Literal["partial"] = "partial"
    utterance: Ordinal
    revision: Ordinal
    text: Text


class FinalMessage(WireModel):
    """The utterance is closed."""

    type: Literal["final"] = "final"
    seq: Ordinal
    utterance: Ordinal
    text: Text
    start: Seconds
    end: Seconds
    language: OptionalText
    speaker: OptionalText
    words: Words


class GapMessage(WireModel):
    """Audio that will never be captioned."""

    type: Literal["gap"] = "gap"
    seq: Ordinal
    from_: Seconds = Field(validation_alias="from", serialization_alias="from")
    to: Seconds
    reason: Text


class Ack(WireModel):
    """How much audio is safe, in samples at 16 kHz."""

    type: Literal["ack"] = "ack"
    received: Count
    committed: Count


class Status(WireModel):
    """How busy the server is with this session."""

    type: Literal["status"] = "status"
    lag: Seconds
    hop: Seconds
    queue: Count


class ErrorMessage(WireModel):
    """Something was refused or went wrong; ``fatal`` means that a close follows."""

    type: Literal["error"] = "error"
    code: Text
    message: Text
    fatal: Flag
    retry_after_ms: Annotated[
        Count | None, Field(description="a whole number of milliseconds, 0 or more, or null")
    ] = None


class FinalizedMessage(WireModel):
    """Everything before the client's ``finalize`` has been sent."""

    type: Literal["finalized"] = "finalized"


class Closed(WireModel):
    """The account of a session, the last message before close 1000."""

    type: Literal["closed"] = "closed"
    reason: Text
    audio_s: Seconds
    captioned_s: Seconds
    silent_s: Seconds
    lost_s: Seconds


class RoomFields(WireModel):
    """What a watcher needs besides the event: whose session, in which room, and since when."""

    room: Room
    session: Identifier
    speaker: OptionalText
    started_at: OptionalMoment = None
    """Wall-clock time of the session's sample 0; None from a server that did not tell it yet."""


class NumberedRoomFields(RoomFields):
    """The same for numbered events, which also count up the room."""

    offset: Ordinal


class RoomUtteranceStarted(UtteranceStartedMessage, NumberedRoomFields):
    """``utterance_started`` as watchers get it."""


class RoomDelta(DeltaMessage, NumberedRoomFields):
    """``delta`` as watchers get it."""


class RoomPartial(PartialMessage, RoomFields):
    """``partial`` as watchers get it; it has no offset, because it is never replayed."""


class RoomFinal(FinalMessage, NumberedRoomFields):
    """``final`` as watchers get it."""


class RoomGap(GapMessage, NumberedRoomFields):
    """``gap`` as watchers get it."""


class OpenUtterance(WireModel):
    """An utterance that had not been closed when a snapshot was made."""

    session: Identifier
    speaker: OptionalText
    started_at: OptionalMoment = None
    """As in ``RoomFields``."""
    utterance: Ordinal
    start: Seconds
    text: Text
    """The deltas so far, concatenated."""
    words: Words
    partial: Text
    """The tail after ``text`` that may still change; empty when there is none."""
    revision: Count
    """Of that tail; 0 when there has been none."""


class Snapshot(WireModel):
    """The first message to a watcher: what it needs to show the room as it is."""

    type: Literal["snapshot"] = "snapshot"
    room: Room
    offset: Count
    """The events that follow have greater offsets."""
    finals: Annotated[tuple[RoomFinal, ...], Field(strict=False, description="a list of finals")]
    open_utterances: Annotated[
        tuple[OpenUtterance, ...], Field(strict=False, description="a list of open utterances")
    ]


class Presence(WireModel):
    """Who speaks in a room; after the snapshot, and whenever it changes."""

    type: Literal["presence"] = "presence"
    room: Room
    publishers: Count
    """Sessions with a live connection; 0 means that nobody captions into this room now."""
    detached: Count
    """Sessions whose connection was lost and which may still be resumed."""


RoomMessage: TypeAlias = RoomUtteranceStarted | RoomDelta | RoomPartial | RoomFinal | RoomGap
ServerMessage: TypeAlias = (
    Ready
    | UtteranceStartedMessage
    | DeltaMessage
    | PartialMessage
    | FinalMessage
    | GapMessage
    | Ack
    | Status
    | ErrorMessage
    | FinalizedMessage
    | Closed
    | Snapshot
    | Presence
    | RoomMessage
)

SERVER_MESSAGES: dict[str, type[ServerMessage]] = {
    "ready": Ready,
    "utterance_started": UtteranceStartedMessage,
    "delta": DeltaMessage,
    "partial": PartialMessage,
    "final": FinalMessage,
    "gap": GapMessage,
    "ack": Ack,
    "status": Status,
    "error": ErrorMessage,
    "finalized": FinalizedMessage,
    "closed": Closed,
    "snapshot": Snapshot,
    "presence": Presence,
}
ROOM_MESSAGES: dict[str, type[RoomMessage]] = {
    "utterance_started": RoomUtteranceStarted,
    "delta": RoomDelta,
    "partial": RoomPartial,
    "final": RoomFinal,
    "gap": RoomGap,
}
