"""The error tree: every class says whose fault it is, so that one table can pick the reaction.

::

    LiveCaptionError
    ├── ClientError             the peer sent something wrong, or asked for too much
    │   ├── ProtocolError         a message that is malformed, unknown or out of order
    │   ├── UnsupportedAudio      audio we cannot take: rate, encoding, odd bytes, size
    │   ├── NotAllowed            origin, key, token or role refused
    │   │   └── BadCredentials      key, token or link missing, wrong, expired or taken back
    │   ├── QuotaUsed             a key has used up what it is entitled to
    │   └── RefusedFile           a file sent to be transcribed
    │       ├── NotMedia            it is no audio or video that we read
    │       ├── DamagedMedia        it is broken, or holds no sound
    │       └── MediaTooLong        more bytes or more hours than are taken
    ├── Overloaded              the server is full or draining: come back later
    │   └── RateLimited           too many requests in a short time
    ├── OperatorError           settings, models, ports, disks: for the person who started us
    │   ├── ModelNotFound         no such model, or it cannot be loaded or downloaded
    │   └── MediaError            a file named on the command line that is not audio
    └── EngineError             our model failed on this batch
        ├── EngineDied            the engine ended or hung while it worked on it
        └── LeftOut               … for the second time: this audio is not decoded

``str(error)`` is a sentence meant for the person at fault; it never holds caption text or secrets.
"""

from __future__ import annotations

__all__ = [
    "BadCredentials",
    "ClientError",
    "DamagedMedia",
    "EngineDied",
    "EngineError",
    "LeftOut",
    "LiveCaptionError",
    "MediaError",
    "MediaTooLong",
    "ModelNotFound",
    "NotAllowed",
    "NotMedia",
    "OperatorError",
    "Overloaded",
    "ProtocolError",
    "QuotaUsed",
    "RateLimited",
    "RefusedFile",
    "UnsupportedAudio",
]


class LiveCaptionError(Exception):
    """Base of all errors raised on purpose.

    Attributes:
        code: short stable identifier used on the wire and in logs.
    """

    code = "internal"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class ClientError(LiveCaptionError):
    """The peer's fault; the session may go on unless ``fatal``."""

    code = "bad_request"
    fatal = False

    def __init__(self, message: str, *, code: str | None = None, fatal: bool | None = None) -> None:
        super().__init__(message, code=code)
        if fatal is not None:
            self.fatal = fatal


class ProtocolError(ClientError):
    """A message that is malformed, of unknown type, or not expected now."""

    code = "bad_message"


class UnsupportedAudio(ClientError):
    """Audio that cannot be taken: its rate, encoding, size or byte count."""

    code = "bad_frame"


class NotAllowed(ClientError):
    """The origin, key, token or role was refused."""

    code = "not_allowed"
    fatal = True


class RefusedFile(ClientError):
    """A file sent by a client that cannot be transcribed."""

    code = "bad_file"


class NotMedia(RefusedFile):
    """It is not audio or video, or of a kind that is not read."""

    code = "unsupported_media"


class DamagedMedia(RefusedFile):
    """It is broken, holds no sound, or costs more to decode than any real recording."""

    code = "damaged_media"


class MediaTooLong(RefusedFile):
    """It is larger or lasts longer than what is taken.

    Attributes:
        seconds: how long it says it is, where it says so and may be believed.
    """

    code = "too_long"

    def __init__(
        self, message: str, *, code: str | None = None, seconds: float | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.seconds = seconds


class BadCredentials(NotAllowed):
    """The key, token or link is missing, wrong, expired or taken back."""

    code = "bad_credentials"


class QuotaUsed(ClientError):
    """A key has used up what it is entitled to.

    Attributes:
        retry_after: seconds after which there is some again.
    """

    code = "quota"
    fatal = True

    def __init__(self, message: str, *, retry_after: float, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class Overloaded(LiveCaptionError):
    """No room for more work now.

    Attributes:
        retry_after: seconds after which it makes sense to come back.
    """

    code = "overloaded"

    def __init__(self, message: str, *, retry_after: float = 5.0, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class RateLimited(Overloaded):
    """Too many requests in a short time."""

    code = "rate_limited"


class OperatorError(LiveCaptionError):
    """Something only the person who started the program can mend."""

    code = "configuration"


class ModelNotFound(OperatorError):
    """The model does not exist, cannot be read or could not be downloaded."""

    code = "model_not_found"


class MediaError(OperatorError):
    """A file, URL or device that gives no audio."""

    code = "not_audio"


class EngineError(LiveCaptionError):
    """The model failed on one batch; nothing else is affected."""

    code = "engine_error"


class EngineDied(EngineError):
    """The engine ended, hung or lost its device with this batch in hand, and is started again.

    Any window in hand may be the cause, so each is tried once more, by itself.

    Attributes:
        life: which life of the engine ended: those who hear of the same death can tell.
    """

    def __init__(self, message: str, *, life: int = 0) -> None:
        super().__init__(message)
        self.life = life


class LeftOut(EngineError):
    """The engine died twice with this window in hand: no window with its audio is decoded."""
