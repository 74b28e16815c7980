from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from livecaption.errors import ProtocolError
from livecaption.protocol.codec import decode_publisher, decode_server, decode_watcher
from livecaption.protocol.json_text import MAX_QUOTED_CHARS, parse_object, quoted
from livecaption.protocol.limits import MAX_CONTROL_BYTES

LONG_KEY = "k" * 3_000

HOSTILE: list[tuple[str, str]] = [
    ("", "not valid JSON at character 1"),
    ("hello", "not valid JSON at character 1"),
    ('{"type":"stop"', "not valid JSON"),
    ('{"type":"stop"} {"type":"stop"}', "not valid JSON"),
    ("\ufeff" + '{"type":"stop"}', "not valid JSON"),
    ("{'type':'stop'}", "not valid JSON"),
    ('{"type":"st\nop"}', "not valid JSON"),
    ("{" * 100_000, "has 100000 bytes; at most 8192"),
    ("[" * 8_000, "nested too deeply"),
    ('{"a":' * 1_600, "nested too deeply"),
    ('{"type":"stop","pad":"' + "x" * MAX_CONTROL_BYTES + '"}', "at most 8192"),
    ('{"type":"stop","pad":"' + "é" * 5_000 + '"}', "at most 8192"),
    ('{"type":"hello","after":NaN}', "NaN is not a JSON number"),
    ('{"type":"hello","after":Infinity}', "Infinity is not a JSON number"),
    ('{"type":"hello","after":-Infinity}', "-Infinity is not a JSON number"),
    ('{"type":"hello","after":1e999}', "A number is too large"),
    ('{"type":"hello","after":' + "9" * 5_000 + "}", "more than 15 digits"),
    ('{"type":"hello","after":-' + "9" * 16 + "}", "more than 15 digits"),
    ('{"type":"stop","type":"start"}', 'The key "type" appears twice'),
    ('{"type":"stop","x":{"a":1,"a":2}}', 'The key "a" appears twice'),
    (f'{{"{LONG_KEY}":1,"{LONG_KEY}":2}}', f'The key "{"k" * 40}" appears twice'),
    ('{"type":"\\ud800"}', "half a surrogate pair"),
    ('{"type":"stop","x":["\\udfff"]}', "half a surrogate pair"),
    ('{"type":"stop","\\ud83d":1}', "half a surrogate pair"),
    ('{"type":"\ud800"}', "half a surrogate pair"),
    ("[]", "not a JSON object"),
    ("null", "not a JSON object"),
    ('"stop"', "not a JSON object"),
    ("1", "not a JSON object"),
    ("{}", 'has no "type"'),
    ('{"Type":"stop"}', 'has no "type"'),
    ('{"type":null}', '"type" must be a string'),
    ('{"type":["stop"]}', '"type" must be a string'),
]


@pytest.mark.parametrize(("text", "reason"), HOSTILE)
def test_hostile_text_is_refused_in_one_sentence(text: str, reason: str) -> None:
    for decode in (decode_publisher, decode_watcher):
        with pytest.raises(ProtocolError) as caught:
            decode(text)
        sentence = str(caught.value)
        assert reason in sentence
        assert "\n" not in sentence
        assert len(sentence) < 160
        sentence.encode()


@pytest.mark.parametrize("name", ["", "STOP", "delta", "x" * 5_000, "</script>\u202e\u0007"])
def test_an_unknown_type_is_quoted_in_part_and_the_known_ones_are_listed(name: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        decode_publisher(json.dumps({"type": name}))
    sentence = str(caught.value)
    assert sentence.endswith(
        " is not a message a publisher can send; "
        '"type" must be one of: start, finalize, configure, keepalive, stop.'
    )
    assert sentence.isascii()
    assert len(sentence.split(" is not a message")[0]) <= MAX_QUOTED_CHARS + 2


def test_a_watcher_is_told_what_a_watcher_may_send() -> None:
    with pytest.raises(ProtocolError, match=r"a watcher can send; .* one of: hello\."):
        decode_watcher('{"type":"start"}')


def test_text_of_exactly_the_allowed_bytes_is_read() -> None:
    frame = '{"a":""}'
    frame = frame.replace('""', '"' + "x" * (MAX_CONTROL_BYTES - len(frame)) + '"')
    assert len(frame) == MAX_CONTROL_BYTES
    assert "a" in parse_object(frame, max_bytes=MAX_CONTROL_BYTES)
    with pytest.raises(ProtocolError, match="8193 bytes"):
        parse_object(frame + " ", max_bytes=MAX_CONTROL_BYTES)


def test_well_formed_numbers_and_pairs_are_read() -> None:
    text = '{"i":-999999999999999,"f":1.5e3,"s":"\\ud83d\\ude00"}'
    assert parse_object(text, max_bytes=100) == {"i": -999_999_999_999_999, "f": 1500.0, "s": "😀"}


@given(st.text() | st.text(st.characters(codec=None)))
@example('"' * 50)
def test_what_is_quoted_is_ascii_and_at_most_forty_characters(text: str) -> None:
    excerpt = quoted(text)
    assert excerpt.isascii()
    assert excerpt.isprintable()
    assert len(excerpt) <= MAX_QUOTED_CHARS + 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
type_names = st.sampled_from(["start", "configure", "hello", "ready", "delta", "final", "snapshot"])
field_names = st.sampled_from(
    ["room", "audio", "language", "vocabulary", "resume", "after", "words", "finals", "seq"]
)


@given(st.text() | json_values.map(json.dumps))
def test_any_text_gives_a_message_or_a_protocol_error(text: str) -> None:
    _decode_by_all(text)


@given(type_names, st.dictionaries(field_names, json_values, max_size=4))
def test_any_fields_give_a_message_or_a_protocol_error(
    name: str, fields: dict[str, object]
) -> None:
    _decode_by_all(json.dumps({"type": name, **fields}))


def _decode_by_all(text: str) -> None:
    for decode in (decode_publisher, decode_watcher, decode_server):
        try:
            decode(text)
        except ProtocolError as refused:
            assert "\n" not in str(refused)  # noqa: PT017 - either outcome is right
