"""How log lines look, and what never stands in them."""

from __future__ import annotations

import io
import json
import logging

import pytest

from livecaption.access.key_text import new_key
from livecaption.logs import (
    FIELDS,
    REQUEST,
    SESSION,
    JsonFormatter,
    TextFormatter,
    configure_logs,
    masked,
    room_tag,
)
from livecaption.storage.links import LINK_PREFIX


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("livecaption.x", logging.INFO, __file__, 1, message, args, None)
    made.__dict__.update(extra)
    return made


def test_json_is_one_object_with_the_fields_that_are_known() -> None:
    line = JsonFormatter().format(
        record("a session ended: %s", "stop", session="s_1", audio_s=1.5, color_message="\x1b[1m")
    )
    found = json.loads(line)
    assert list(found) == ["time", "level", "logger", "message", "session", "audio_s"]
    assert found["message"] == "a session ended: stop"
    assert found["time"].endswith("Z")
    assert len(found["time"]) == len("2026-11-25T09:00:00.000Z")


def test_text_stays_on_its_line_whatever_is_in_it() -> None:
    line = TextFormatter().format(record("one\nfake line \x1b[31m", route="/a b", code='q"'))
    assert "\n" not in line
    assert "\x1b" not in line
    assert line.endswith('livecaption.x: one\\nfake line \\x1b[31m route="/a b" code="q\\""')


def test_ids_of_the_request_and_session_come_along() -> None:
    request, session = REQUEST.set("r1"), SESSION.set("s_1")
    try:
        found = json.loads(JsonFormatter().format(record("x")))
    finally:
        REQUEST.reset(request)
        SESSION.reset(session)
    assert (found["request"], found["session"]) == ("r1", "s_1")


@pytest.mark.parametrize("form", [JsonFormatter(), TextFormatter()])
def test_a_traceback_is_kept_and_masked(form: logging.Formatter) -> None:
    try:
        raise ValueError("no such key lc_0123456789abcdef")
    except ValueError as exc:
        failed = record("it failed")
        failed.exc_info = (type(exc), exc, exc.__traceback__)
        text = form.format(failed)
    assert "ValueError" in text
    assert "lc_0123" not in text
    assert "[secret]" in text


@pytest.mark.parametrize(
    "secret",
    [
        "lc_8charsid_and43random-characters",
        "rt_abcdefghijklmnop",
        new_key().whole.decode(),
        LINK_PREFIX + "a-token-of-a-viewer-link",
        "lct.eyJqdGkiOiJ4In0.c2lnbmF0dXJl",
        "Bearer abcdefghijkl",
        "http://upload.example/closedcaption?cid=abcd-efgh",
        "https://host/path?token=abcdef&x=1",
    ],
)
def test_what_looks_like_a_secret_is_masked(secret: str) -> None:
    shown = masked(f"before {secret} after")
    assert "[secret]" in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert secret not in shown


def test_ordinary_sentences_are_not_touched() -> None:
    for sentence in ("a reader left", "model small answers on cpu", "refused: bad_room", "s_8Zk"):
        assert masked(sentence) == sentence


def test_a_room_has_one_tag_from_which_nobody_gets_to_its_name() -> None:
    assert room_tag("maria") == room_tag("maria") != room_tag("mario")
    assert "maria" not in room_tag("maria")
    assert len(room_tag("x" * 64)) == len(room_tag("x")) == 12


def test_libraries_speak_from_warning_on_whatever_we_are_asked_for(logging_as_before: None) -> None:
    stream = io.StringIO()
    configure_logs("debug", "json", stream)
    logging.getLogger("livecaption.server").debug("ours")
    logging.getLogger("uvicorn.error").info("WebSocket /ws/watch?token=abc [accepted]")
    logging.getLogger("websockets.client").debug("< TEXT 'what was said'")
    logging.getLogger("uvicorn.error").error("theirs")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["message"] for line in lines] == ["ours", "theirs"]


def test_our_own_lines_obey_the_level(logging_as_before: None) -> None:
    stream = io.StringIO()
    configure_logs("warning", "text", stream)
    logging.getLogger("livecaption.server").info("not wanted")
    logging.getLogger("livecaption.server").warning("wanted")
    assert stream.getvalue().count("\n") == 1
    assert "WARNING livecaption.server: wanted" in stream.getvalue()


def test_no_field_has_the_name_of_an_attribute_of_records() -> None:
    assert not set(FIELDS) & set(vars(record("x")))
