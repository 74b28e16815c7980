"""What our protocol classes take for granted of uvicorn's: a new version may change it.

That is no interface that anybody promised. When one of these fails after an upgrade, read the
change in uvicorn, then decision 14, then the tests of hardening.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from livecaption.server.http_protocol import CaptionHTTPProtocol
from livecaption.server.socket_protocol import CaptionSocketProtocol

PAIRS: list[tuple[type[Any], type[Any]]] = [
    (CaptionHTTPProtocol, H11Protocol),
    (CaptionSocketProtocol, WebSocketsSansIOProtocol),
]
ONCE_THERE = {"scope"}
"""Attributes that exist from the first request on."""
OVERRIDDEN = {
    CaptionHTTPProtocol: {
        "connection_made(transport)",
        "connection_lost(exc)",
        "data_received(data)",
        "handle_events()",
        "handle_websocket_upgrade(event)",
        "on_response_complete()",
        "send_400_response(msg)",
    },
    CaptionSocketProtocol: {
        "connection_made(transport)",
        "connection_lost(exc)",
        "data_received(data)",
        "handle_cont(event)",
        "handle_parser_exception()",
        "handle_ping()",
        "keepalive_timeout()",
        "run_asgi()",
        "send(message)",
        "send_receive_event_to_app()",
        "shutdown()",
    },
}


def used_of_self(ours: type[Any]) -> set[str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(ours)))
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }


def plain(theirs: type[Any]) -> Any:
    async def nothing(scope: Any, receive: Any, send: Any) -> None:
        return None

    config = uvicorn.Config(nothing, log_config=None)
    config.load()
    return theirs(config=config, server_state=ServerState(), app_state={})


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
async def test_uvicorn_still_has_what_we_use(ours: type[Any], theirs: type[Any]) -> None:
    missing = {
        name
        for name in used_of_self(ours)
        if not name.startswith("_") and name not in vars(ours) and name not in ONCE_THERE
    }
    protocol = plain(theirs)
    assert not {name for name in missing if not hasattr(protocol, name)}
    assert "self.scope" in inspect.getsource(theirs)


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_uvicorn_still_calls_what_we_override(ours: type[Any], theirs: type[Any]) -> None:
    def described(name: str) -> str:
        return f"{name}({', '.join(list(inspect.signature(vars(theirs)[name]).parameters)[1:])})"

    shared = {name for name in vars(ours) if callable(vars(ours)[name]) and name in vars(theirs)}
    assert {described(name) for name in shared - {"__init__"}} == OVERRIDDEN[ours]
    source = inspect.getsource(inspect.getmodule(theirs))  # type: ignore[arg-type]
    called_from_outside = {"connection_made", "connection_lost", "data_received", "shutdown"}
    unused = {name for name in shared - called_from_outside if f"self.{name}" not in source}
    assert unused <= {"__init__"}
