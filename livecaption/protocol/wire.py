"""What every wire message has in common: strictness, and field types used on both sides.

Each field's ``description`` completes the phrase "must be …": the sentences sent to a client whose
message is refused are made from it. This module must not know any particular message.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from livecaption.protocol.languages import WHISPER_LANGUAGES
from livecaption.protocol.limits import (
    MAX_IDENTIFIER_CHARS,
    MAX_ROOM_CHARS,
    MAX_SPEAKER_CHARS,
    MAX_TOKEN_CHARS,
)

__all__ = [
    "Count",
    "Flag",
    "Identifier",
    "Label",
    "Language",
    "Moment",
    "OptionalMoment",
    "OptionalText",
    "Ordinal",
    "Room",
    "Seconds",
    "Speaker",
    "Text",
    "Token",
    "WireModel",
    "plain_text",
]

# Direction overrides and isolates can make one name look like another; joiners (also format
# characters) stay allowed, because Persian and emoji need them.
_INVISIBLE = re.compile("[\u202a-\u202e\u2066-\u2069]")
_CONTROL_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


class WireModel(BaseModel):
    """Base of all messages: frozen, strict, and tolerant of fields it does not know.

    Errors hide their input, because a message may hold caption text or a token and errors may be
    logged.
    """

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="ignore",
        allow_inf_nan=False,
        populate_by_name=True,
        hide_input_in_errors=True,
    )


def plain_text(value: str) -> str:
    """Return ``value`` unchanged if it can be shown on one line as it is.

    Raises:
        ValueError: it is blank, or holds control, line-breaking or direction-changing characters.
    """
    if not value.strip():
        raise ValueError("blank")
    if _INVISIBLE.search(value) or any(
        unicodedata.category(c) in _CONTROL_CATEGORIES for c in value
    ):
        raise ValueError("control characters")
    return value


def _known_language(value: str | None) -> str | None:
    if value is not None and value not in WHISPER_LANGUAGES:
        raise ValueError("unknown language")
    return value


Label: TypeAlias = Annotated[str, AfterValidator(plain_text)]
"""Text that is shown in one line."""

Room: TypeAlias = Annotated[
    str,
    Field(
        pattern=f"^[A-Za-z0-9_-]{{1,{MAX_ROOM_CHARS}}}$",
        description=f"1 to {MAX_ROOM_CHARS} of the characters A-Z, a-z, 0-9, '_' and '-'",
    ),
]

Speaker: TypeAlias = Annotated[
    Annotated[Label, Field(max_length=MAX_SPEAKER_CHARS)] | None,
    Field(
        description=f"a name of 1 to {MAX_SPEAKER_CHARS} characters in one line, "
        "without control characters, or null"
    ),
]

Language: TypeAlias = Annotated[
    str | None,
    AfterValidator(_known_language),
    Field(description='a Whisper language code such as "en", "de" or "yue", or null to detect it'),
]

Identifier: TypeAlias = Annotated[
    str,
    Field(
        pattern=rf"^[\x21-\x7e]{{1,{MAX_IDENTIFIER_CHARS}}}$",
        description=f"1 to {MAX_IDENTIFIER_CHARS} printable ASCII characters",
    ),
]

Token: TypeAlias = Annotated[
    Annotated[str, Field(pattern=rf"^[\x21-\x7e]{{1,{MAX_TOKEN_CHARS}}}$")] | None,
    Field(description=f"1 to {MAX_TOKEN_CHARS} printable ASCII characters, or null"),
]

Count: TypeAlias = Annotated[int, Field(ge=0, description="a whole number, 0 or more")]
Ordinal: TypeAlias = Annotated[int, Field(ge=1, description="a whole number, 1 or more")]
Seconds: TypeAlias = Annotated[float, Field(ge=0, description="a number of seconds, 0 or more")]
Text: TypeAlias = Annotated[str, Field(description="a string")]
OptionalText: TypeAlias = Annotated[str | None, Field(description="a string or null")]
Moment: TypeAlias = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
        description="a UTC time like 2026-11-23T10:00:00.000Z",
    ),
]
OptionalMoment: TypeAlias = Annotated[
    Moment | None, Field(description="a UTC time like 2026-11-23T10:00:00.000Z, or null")
]
Flag: TypeAlias = Annotated[bool, Field(description="true or false")]
