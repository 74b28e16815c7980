"""A refused message → one sentence that names the field and what it must be.

Pydantic's own text has several lines, repeats the input and is meant for the programmer of the
server; the person reading this one programmes the client.
"""

from __future__ import annotations

import typing
from typing import Any

from pydantic import ValidationError

from livecaption.protocol.wire import WireModel

__all__ = ["complaint"]


def complaint(error: ValidationError, model: type[WireModel], name: str) -> str:
    """Describe the first thing that is wrong.

    Args:
        error: what validating a message as ``model`` raised.
        model: the class of the message.
        name: the message's ``type``.

    Returns:
        A sentence made of our own field names and descriptions, without any of the input.
    """
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    location = first["loc"]
    field = _written(location)
    expected = _expectation(model, location)
    if first["type"] == "missing":
        return f'In "{name}", the field "{field}" is missing; it must be {expected}.'
    return f'In "{name}", the field "{field}" must be {expected}.'


def _written(location: tuple[int | str, ...]) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return "".join(parts).lstrip(".")


def _expectation(model: type[WireModel], location: tuple[int | str, ...]) -> str:
    """Follow ``location`` into nested models and return the last field's description."""
    expected: str | None = None
    for part in location:
        if isinstance(part, int):
            continue  # an item of a list; the description of the list speaks of its items
        by_wire_name = {f.validation_alias or n: f for n, f in model.model_fields.items()}
        field = by_wire_name[part]
        expected = field.description
        model = _nested_model(field.annotation) or model
    return str(expected)


def _nested_model(annotation: Any) -> type[WireModel] | None:
    """Find the model in ``Model``, ``Model | None`` or ``tuple[Model, ...]``."""
    for candidate in (annotation, *typing.get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, WireModel):
            return candidate
    return None
