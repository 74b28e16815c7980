"""How log lines look, and what may stand in them.

A line is a sentence and fields. The fields are a fixed list (``FIELDS``): what a library hangs on
its records does not get through. Three rules hold whatever the level:

- Caption text, audio, keys and tokens are never logged. Nobody passes them; and what has the shape
  of one of our secrets is masked all the same, tracebacks included.
- A room's name is often that of a person or a meeting, and in an open server whoever knows it can
  read along. A line shows a tag instead (``room_tag``): the same for one room as long as the
  process lives, so that lines can be told apart and put together; nobody can get from it to the
  name. Who administers the server sees both in its state.
- Libraries speak from WARNING on only. At DEBUG they log what passes through them, which is what
  people say.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import secrets
import sys
import time
from contextvars import ContextVar
from typing import Any, Literal, TextIO

__all__ = [
    "FIELDS",
    "REQUEST",
    "SESSION",
    "JsonFormatter",
    "LogFormat",
    "TextFormatter",
    "configure_logs",
    "masked",
    "room_tag",
]

LogFormat = Literal["text", "json"]

REQUEST: ContextVar[str] = ContextVar("request", default="")
"""Id of the request that is being answered; tasks begun for it inherit it."""
SESSION: ContextVar[str] = ContextVar("session", default="")
"""Id of the session that is being served."""

FIELDS = (
    "request",
    "session",
    "room",
    "client",
    "method",
    "route",
    "query",
    "status",
    "close",
    "code",
    "door",
    "reason",
    "audio_s",
    "took_s",
    "bytes",
)
"""The fields a line may have, in this order; given as ``extra`` of a logging call."""

_SECRET = re.compile(
    r"(?:\b(?:lck|lc|lv|rt|vt|whsec)_[A-Za-z0-9_-]{8,}|\blct\.[A-Za-z0-9._-]{8,}"
    r"|\b(?:Bearer|Basic|Token)\s+[A-Za-z0-9._~+/=-]{8,}"
    r"|\b(?:key|token|cid|secret|password)=[^&\s\"']+)",
    re.IGNORECASE,
)
_MASK = "[secret]"
_TAG_KEY = secrets.token_bytes(16)
_TAG_BYTES = 5


def room_tag(name: str) -> str:
    """Return what stands for a room in the log, for as long as this process lives."""
    digest = hashlib.blake2s(name.encode(), key=_TAG_KEY, digest_size=_TAG_BYTES)
    return "r_" + digest.hexdigest()


def masked(text: str) -> str:
    """Return a text without what looks like a key, a token or a signed address."""
    return _SECRET.sub(_MASK, text)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ``time``, ``level``, ``logger``, ``message``, then the fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; control characters are escaped, so it stays one."""
        line: dict[str, Any] = {
            "time": _timestamp(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
            **_fields(record),
        }
        trouble = _trouble(self, record)
        if trouble:
            line["traceback"] = trouble
        return json.dumps(line, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """For people: time, level, logger, sentence, then ``field=value``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and a traceback below it."""
        fields = "".join(f" {name}={_plain(value)}" for name, value in _fields(record).items())
        sentence = _one_line(masked(record.getMessage()))
        line = f"{_timestamp(record)} {record.levelname:7} {record.name}: {sentence}{fields}"
        trouble = _trouble(self, record)
        return f"{line}\n{trouble}" if trouble else line


def configure_logs(level: str, form: LogFormat, stream: TextIO | None = None) -> None:
    """Send the log of this process to one stream.

    Args:
        level: "debug", "info", "warning" or "error", for our own lines.
        form: for people, or for programs.
        stream: standard error by default.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    root = logging.getLogger()
    for old in tuple(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    asked = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(max(asked, logging.WARNING))
    logging.getLogger("livecaption").setLevel(asked)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        theirs = logging.getLogger(name)
        theirs.handlers.clear()
        theirs.propagate = True
        theirs.setLevel(logging.NOTSET)


def _timestamp(record: logging.LogRecord) -> str:
    moment = time.gmtime(record.created)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', moment)}.{int(record.msecs):03d}Z"


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    given = record.__dict__
    around = {"request": REQUEST.get(), "session": SESSION.get()}
    found = {}
    for name in FIELDS:
        value = given.get(name, around.get(name))
        if value not in (None, ""):
            found[name] = masked(value) if isinstance(value, str) else value
    return found


def _trouble(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = []
    if record.exc_info:
        parts.append(formatter.formatException(record.exc_info))
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return masked("\n".join(parts))


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _plain(value: object) -> str:
    text = str(value)
    simple = text.isprintable() and " " not in text and '"' not in text
    return text if simple else json.dumps(text)
