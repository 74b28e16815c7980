from __future__ import annotations

import pytest

from livecaption.errors import (
    ClientError,
    EngineError,
    LiveCaptionError,
    NotAllowed,
    Overloaded,
    ProtocolError,
    UnsupportedAudio,
)
from livecaption.protocol.close_codes import may_reconnect
from livecaption.server.closing import close_code_for, error_message


@pytest.mark.parametrize(
    ("error", "code", "again"),
    [
        (ProtocolError("x"), 4000, True),
        (UnsupportedAudio("x"), 4000, True),
        (ClientError("x", code="idle"), 4008, True),
        (ClientError("x", code="too_fast"), 4029, True),
        (ClientError("x", code="unsupported_version"), 4507, False),
        (NotAllowed("x"), 4503, False),
        (Overloaded("x"), 1013, True),
        (Overloaded("x", code="going_away"), 1012, True),
        (EngineError("x"), 1011, True),
    ],
)
def test_each_error_has_one_close_code(error: LiveCaptionError, code: int, *, again: bool) -> None:
    assert close_code_for(error) == code
    assert may_reconnect(code) is again


def test_a_client_is_told_its_fault_and_when_to_come_back_but_never_ours() -> None:
    assert error_message(ProtocolError("say start"), fatal=True).message == "say start"
    assert error_message(Overloaded("full", retry_after=2.5), fatal=True).retry_after_ms == 2500
    ours = error_message(EngineError("CUDA out of memory at 0x7f"), fatal=False)
    assert "CUDA" not in ours.message
    assert ours.code == "engine_error"
