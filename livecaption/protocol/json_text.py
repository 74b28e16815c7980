"""Text from the network → one JSON object, or one sentence saying why not.

Python's ``json`` is more generous than a server can afford: it raises ``RecursionError`` (no
``ValueError``) on deep nesting, takes NaN and Infinity, keeps the last of two equal keys, and
accepts half a surrogate pair, which then breaks the *sending* of any message that quotes it.
This module must not know what the objects mean.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from livecaption.errors import ProtocolError

__all__ = ["MAX_QUOTED_CHARS", "parse_object", "quoted"]

MAX_QUOTED_CHARS = 40
"""Characters of a peer's input that an error may repeat."""

_MAX_INTEGER_DIGITS = 15
"""Every integer of 15 digits is exact in JavaScript, too."""


def quoted(text: str) -> str:
    """Return ``text`` in double quotes, as ASCII, cut so that at most 40 characters are input."""
    escaped = json.dumps(text[:MAX_QUOTED_CHARS])[1:-1]
    return f'"{escaped[:MAX_QUOTED_CHARS]}"'


def parse_object(text: str, *, max_bytes: int) -> dict[str, Any]:
    """Parse one JSON object from a text frame.

    Args:
        text: the frame.
        max_bytes: bound on its UTF-8 length.

    Raises:
        ProtocolError: it is too long, no JSON, no object, nested too deeply, or holds NaN,
            Infinity, a huge number, a repeated key or half a surrogate pair.
    """
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > max_bytes:
        raise ProtocolError(f"The message has {size} bytes; at most {max_bytes} are allowed.")
    try:
        parsed = _DECODER.decode(text)
        # Escapes can make lone surrogates that the frame itself, being UTF-8, cannot hold.
        json.dumps(parsed, ensure_ascii=False).encode()
    except json.JSONDecodeError as exc:
        raise ProtocolError(
            f"The message is not valid JSON at character {exc.pos + 1}; "
            "send one JSON object per text frame."
        ) from None
    except RecursionError:
        raise ProtocolError("The message is nested too deeply; send a flat JSON object.") from None
    except UnicodeEncodeError:
        raise ProtocolError(
            "The message holds half a surrogate pair; send well-formed Unicode text."
        ) from None
    if not isinstance(parsed, dict):
        raise ProtocolError('The message is not a JSON object; send an object with a "type".')
    return parsed


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique: dict[str, Any] = {}
    for key, value in pairs:
        if key in unique:
            raise ProtocolError(f"The key {quoted(key)} appears twice; send it once.")
        unique[key] = value
    return unique


def _short_integer(digits: str) -> int:
    if len(digits.lstrip("-")) > _MAX_INTEGER_DIGITS:
        raise ProtocolError(
            f"A number has more than {_MAX_INTEGER_DIGITS} digits; no field takes such a number."
        )
    return int(digits)


def _finite_number(literal: str) -> float:
    number = float(literal)
    if not math.isfinite(number):
        raise ProtocolError("A number is too large; no field takes such a number.")
    return number


def _no_constant(name: str) -> NoReturn:
    raise ProtocolError(f"{name} is not a JSON number; send a finite number or null.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique_keys,
    parse_int=_short_integer,
    parse_float=_finite_number,
    parse_constant=_no_constant,
)
