"""Schema, models, fixtures and guide are four copies of one contract; here they are compared."""

from __future__ import annotations

import json
import re
import typing
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7

from livecaption.core.captions import CaptionEvent, GapReason, Partial
from livecaption.errors import (
    ClientError,
    EngineError,
    LiveCaptionError,
    Overloaded,
    RefusedFile,
)
from livecaption.protocol import limits
from livecaption.protocol.client_messages import (
    PUBLISHER_MESSAGES,
    WATCHER_MESSAGES,
    PublisherMessage,
    WatcherMessage,
)
from livecaption.protocol.close_codes import CloseCode, may_reconnect
from livecaption.protocol.codec import (
    RoomEvent,
    RoomOrigin,
    decode_publisher,
    decode_server,
    decode_watcher,
    encode,
    event_message,
    room_message,
)
from livecaption.protocol.languages import WHISPER_LANGUAGES
from livecaption.protocol.server_messages import ROOM_MESSAGES, SERVER_MESSAGES
from livecaption.protocol.wire import WireModel
from tests.protocol.examples import (
    FIXTURES,
    REFUSED_FIELDS,
    events,
    numbered_events,
    partials,
    publisher_messages,
    refused_message,
    watcher_messages,
)

DOCS = Path(__file__).parents[2] / "docs" / "protocol"
ASYNCAPI: dict[str, Any] = yaml.safe_load((DOCS / "asyncapi.yaml").read_text(encoding="utf-8"))
GUIDE = (DOCS / "guide.md").read_text(encoding="utf-8")
SCHEMAS: dict[str, Any] = ASYNCAPI["components"]["schemas"]
REGISTRY: Registry[Any] = Registry().with_resource("urn:asyncapi", DRAFT7.create_resource(ASYNCAPI))

MODELS: dict[str, type[WireModel]] = {
    **PUBLISHER_MESSAGES,
    **WATCHER_MESSAGES,
    **SERVER_MESSAGES,
    **{f"room_{name}": model for name, model in ROOM_MESSAGES.items()},
}
OPERATIONS = {
    "publisher_to_server": ("receiveFromPublisher", decode_publisher),
    "watcher_to_server": ("receiveFromWatcher", decode_watcher),
    "server_to_publisher": ("sendToPublisher", decode_server),
    "server_to_watcher": ("sendToWatcher", decode_server),
}


def validator(name: str) -> Draft7Validator:
    return Draft7Validator({"$ref": f"urn:asyncapi#/components/schemas/{name}"}, registry=REGISTRY)


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference and merge ``allOf``, so that properties and required are complete."""
    if "$ref" in schema:
        return resolve(SCHEMAS[schema["$ref"].rsplit("/", 1)[1]])
    merged = dict(schema)
    for part in map(resolve, merged.pop("allOf", [])):
        merged["properties"] = {**merged.get("properties", {}), **part["properties"]}
        merged["required"] = [*merged.get("required", []), *part["required"]]
    return merged


# --- every message is everywhere -------------------------------------------------------------


def test_schema_models_and_fixtures_know_the_same_messages() -> None:
    described = set(ASYNCAPI["components"]["messages"]) - {"audio"}
    assert described == set(MODELS) == set(FIXTURES)


def test_every_message_class_of_the_unions_is_in_a_table() -> None:
    from livecaption.protocol.server_messages import ServerMessage

    unions = typing.get_args(PublisherMessage) + typing.get_args(ServerMessage)
    assert {*unions, WatcherMessage} == set(MODELS.values())


def test_operations_name_each_message_in_the_direction_of_its_fixture() -> None:
    for direction, (operation, _) in OPERATIONS.items():
        described = ASYNCAPI["operations"][operation]["messages"]
        names = {message["$ref"].rsplit("/", 1)[1] for message in described} - {"audio"}
        expected = {n for n, fixture in FIXTURES.items() if fixture["direction"] == direction}
        if direction == "server_to_watcher":
            expected.add("error")  # the same message on both sockets
        assert names == expected


def test_channels_hold_exactly_the_messages_of_their_operations() -> None:
    for channel in ASYNCAPI["channels"]:
        used = {
            message["$ref"].rsplit("/", 1)[1]
            for operation in ASYNCAPI["operations"].values()
            if operation["channel"]["$ref"] == f"#/channels/{channel}"
            for message in operation["messages"]
        }
        assert used == set(ASYNCAPI["channels"][channel]["messages"])


def test_every_schema_is_well_formed_and_used() -> None:
    for schema in SCHEMAS.values():
        Draft7Validator.check_schema(schema)
    references = re.findall(r"#/components/schemas/(\w+)", json.dumps(ASYNCAPI))
    assert set(references) == set(SCHEMAS)


# --- fixtures --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FIXTURES)
def test_a_fixture_satisfies_its_schema(name: str) -> None:
    validator(name).validate(FIXTURES[name]["message"])


@pytest.mark.parametrize("name", FIXTURES)
def test_a_fixture_is_read_and_written_unchanged(name: str) -> None:
    fixture = FIXTURES[name]
    decode = OPERATIONS[fixture["direction"]][1]
    message = decode(json.dumps(fixture["message"]))
    assert type(message) is MODELS[name]
    assert json.loads(encode(message)) == fixture["message"]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", FIXTURES)
def test_a_fixture_shows_every_field(name: str) -> None:
    shown = set(FIXTURES[name]["message"])
    left_out = {"speaker"} if name == "configure" else set()  # absence is what it shows
    assert shown == set(resolve(SCHEMAS[name])["properties"]) - left_out


# --- schema and models agree -----------------------------------------------------------------


def assert_same_fields(schema: dict[str, Any], model: type[WireModel], *, all_sent: bool) -> None:
    schema = resolve(schema)
    by_wire_name = {str(f.validation_alias or n): f for n, f in model.model_fields.items()}
    assert set(schema["properties"]) == set(by_wire_name)
    assert all(field.description for n, field in by_wire_name.items() if n != "type")
    required = {n for n, field in by_wire_name.items() if field.is_required()}
    if "type" in by_wire_name:
        required.add("type")
    assert set(schema.get("required", ())) == (set(by_wire_name) if all_sent else required)
    for name, field in by_wire_name.items():
        for nested in models_in(field.annotation):
            inner = object_schema_in(schema["properties"][name])
            assert_same_fields(inner, nested, all_sent=all_sent)


def models_in(annotation: Any) -> list[type[WireModel]]:
    candidates = (annotation, *typing.get_args(annotation))
    return [c for c in candidates if isinstance(c, type) and issubclass(c, WireModel)]


def object_schema_in(schema: dict[str, Any]) -> dict[str, Any]:
    schema = resolve(schema)
    if "oneOf" in schema:
        return object_schema_in(schema["oneOf"][0])
    return object_schema_in(schema["items"]) if "items" in schema else schema


@pytest.mark.parametrize("name", MODELS)
def test_schema_and_model_have_the_same_fields(name: str) -> None:
    from_server = FIXTURES[name]["direction"].startswith("server")
    assert_same_fields(SCHEMAS[name], MODELS[name], all_sent=from_server)


@pytest.mark.parametrize("name", [*PUBLISHER_MESSAGES, *WATCHER_MESSAGES])
def test_schema_and_model_have_the_same_defaults(name: str) -> None:
    message = MODELS[name]()
    for field, schema in resolve(SCHEMAS[name])["properties"].items():
        if "default" in resolve(schema):
            assert message.model_dump()[field] == resolve(schema)["default"]


@pytest.mark.parametrize(("name", "path", "value"), REFUSED_FIELDS)
def test_the_schema_refuses_what_the_models_refuse(name: str, path: str, value: Any) -> None:
    message = refused_message(name, path, value)
    assert not validator(name).is_valid(message)


@given(publisher_messages | watcher_messages)
def test_the_schema_takes_whatever_a_client_can_send(
    message: PublisherMessage | WatcherMessage,
) -> None:
    validator(message.type).validate(json.loads(encode(message)))


@given(events)
def test_the_schema_takes_whatever_a_session_publishes(event: CaptionEvent) -> None:
    written = json.loads(encode(event_message(event)))
    validator(written["type"]).validate(written)


@given(numbered_events | partials, st.integers(1, 10**9))
def test_the_schema_takes_whatever_a_room_publishes(event: RoomEvent, number: int) -> None:
    offset = None if isinstance(event, Partial) else number
    message = room_message(event, RoomOrigin("a", "s_1", None, 1e9), offset)
    written = json.loads(encode(message))
    validator(f"room_{written['type']}").validate(written)


# --- constants -------------------------------------------------------------------------------


def test_the_limits_are_those_of_the_code() -> None:
    assert ASYNCAPI["x-limits"] == {name: vars(limits)[name] for name in limits.__all__}


def test_the_close_codes_are_those_of_the_code() -> None:
    assert ASYNCAPI["x-close-codes"] == [
        {"code": int(code), "reconnect": may_reconnect(code), "meaning": code.meaning}
        for code in CloseCode
    ]


def test_the_languages_are_those_of_the_code() -> None:
    assert set(SCHEMAS["language"]["enum"]) == {None, *WHISPER_LANGUAGES}


def test_the_known_reasons_and_error_codes_are_those_of_the_code() -> None:
    reasons = SCHEMAS["gap"]["properties"]["reason"]["x-known-values"]
    assert set(reasons) == {reason.value for reason in GapReason}
    on_the_wire: list[type[LiveCaptionError]] = [LiveCaptionError, Overloaded, EngineError]
    on_the_wire += [ClientError, *ClientError.__subclasses__()]
    # Files come over HTTP only.
    codes = {error.code for error in on_the_wire if error is not RefusedFile}
    assert set(SCHEMAS["error"]["properties"]["code"]["x-known-values"]) == codes


# --- the guide -------------------------------------------------------------------------------

TRANSCRIPT = re.findall(r"^([→←]) (\{.*\})$", GUIDE, flags=re.MULTILINE)


@pytest.mark.parametrize(("arrow", "text"), TRANSCRIPT)
def test_every_line_of_the_guide_is_a_message(arrow: str, text: str) -> None:
    name = json.loads(text)["type"]
    if arrow == "←":
        assert type(decode_server(text)) in {SERVER_MESSAGES[name], ROOM_MESSAGES.get(name)}
    else:
        assert (decode_watcher if name == "hello" else decode_publisher)(text).type == name


def test_the_session_of_the_guide_keeps_the_promises() -> None:
    session = GUIDE.split("## A session, line by line")[1].split("\n## ")[0]
    sent = [json.loads(text) for _, text in re.findall(r"^(←) (\{.*\})$", session, re.MULTILINE)]
    numbers = [message["seq"] for message in sent if "seq" in message]
    assert numbers == list(range(1, len(numbers) + 1))
    deltas = [message for message in sent if message["type"] == "delta"]
    final = next(message for message in sent if message["type"] == "final")
    assert "".join(delta["text"] for delta in deltas) == final["text"]
    assert [word for delta in deltas for word in delta["words"]] == final["words"]
    closed = sent[-1]
    accounted = closed["captioned_s"] + closed["silent_s"] + closed["lost_s"]
    assert accounted == pytest.approx(closed["audio_s"])


def test_the_guide_speaks_of_every_message_reason_error_and_close_code() -> None:
    names = {model.model_fields["type"].default for model in MODELS.values()}
    errors = SCHEMAS["error"]["properties"]["code"]["x-known-values"]
    for word in [*names, *errors, *(reason.value for reason in GapReason)]:
        assert f"`{word}`" in GUIDE or f'"type":"{word}"' in GUIDE
    table = GUIDE.split("## Close codes")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([\d, ]+) \| (yes|no) \|", table, flags=re.MULTILINE)
    documented = {int(c): answer == "yes" for codes, answer in rows for c in codes.split(",")}
    assert documented == {int(code): may_reconnect(code) for code in CloseCode}


def test_the_program_of_the_guide_compiles() -> None:
    program = re.search(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL)
    assert program is not None
    compile(program[1], "guide.md", "exec")
