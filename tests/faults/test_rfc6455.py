"""RFC 6455 against the real server, case by case, with a client that can do everything wrong.

Three hundred cases of our own, which need nothing installed. Autobahn's suite, where it can be had,
is ``python -m bench conformance``. What a message holds shows in the answer: a type that does not
exist is quoted in the complaint about it.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest

from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.protocol.json_text import quoted
from livecaption.protocol.limits import MAX_FRAME_BYTES
from tests.faults.raw_socket import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    RawSocket,
    Received,
    frame,
)
from tests.serving import Running, running_server

_AT_ONCE = 8
_PATIENCE_S = 60.0
_LAST_PING = b"are you there?"
ALIVE = -1
"""In place of a close code: the connection goes on."""
GONE = 1006
"""In place of a close code: no close frame has to come."""

TEXTS = (
    "",
    "a",
    "Hello",
    "Hello-µ@ßöäüàá",
    "κόσμε",
    "日本語",
    "🎤🎧",
    "e\u0301",
    "\ufeffx",
    "\U0010ffff",
)

NOT_UTF8: tuple[bytes, ...] = (
    *(
        b"\x80",
        b"\xbf",
        b"\xc0",
        b"\xff",
        b"\xfe\xff",
        b"\xc3\x28",
        b"\xe2\x28\xa1",
        b"\xe2\x82\x28",
    ),
    *(b"\xf0\x28\x8c\xbc", b"\xf0\x90\x28\xbc", b"\xf0\x28\x8c\x28", b"\xc0\xaf", b"\xe0\x80\xaf"),
    *(b"\xf0\x80\x80\xaf", b"\xf8\x80\x80\x80\xaf", b"\xfc\x80\x80\x80\x80\xaf", b"\xc1\xbf"),
    *(b"\xe0\x9f\xbf", b"\xf0\x8f\xbf\xbf", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xf4\x90\x80\x80"),
    *(
        b"\xed\xa0\x80\xed\xb0\x80",
        b"\xf5\x80\x80\x80",
        b"abc\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce",
    ),
)
MAY_BE_SENT = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
MAY_NOT = (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535)


@dataclass(frozen=True, slots=True)
class Case:
    """What is sent, and what has to come of it."""

    name: str
    sent: tuple[bytes, ...]
    """Pieces; each is written on its own."""
    code: int | tuple[int, ...] = ALIVE
    """Close codes that are right."""
    answers: tuple[str, ...] = ()
    """What the texts of the answers hold, in order."""
    pongs: tuple[bytes, ...] = ()

    @property
    def codes(self) -> tuple[int, ...]:
        return self.code if isinstance(self.code, tuple) else (self.code,)


def told(text: str) -> bytes:
    """A message of a type that does not exist."""
    return json.dumps({"type": text}, ensure_ascii=False).encode()


def in_frames(opcode: int, parts: Sequence[bytes]) -> bytes:
    last = len(parts) - 1
    return b"".join(
        frame(CONTINUATION if number else opcode, part, fin=number == last)
        for number, part in enumerate(parts)
    )


def lengths() -> Iterator[Case]:
    for size in (0, 1, 2, 124, 125, 126, 127, 128, 1000, 65_534, 65_535, MAX_FRAME_BYTES):
        answers = () if size and size % 2 == 0 else ("bad_frame",)
        yield Case(f"{size} bytes of audio", (frame(BINARY, bytes(size)),), answers=answers)
    for size in (MAX_FRAME_BYTES + 1, 100_000):
        yield Case(f"{size} bytes", (frame(BINARY, bytes(size)),), 1009)
        parts = [bytes(30_000)] * (size // 30_000 + 1)
        yield Case(f"{size} bytes in frames", (in_frames(BINARY, parts),), 1009)
    for size in (2**31, 2**62, 2**63, 2**64 - 1):
        yield Case(f"a length of {size}", (b"\x82\xff" + struct.pack("!Q", size),), (1009, 1002))


def texts() -> Iterator[Case]:
    for text in TEXTS:
        whole, answer = told(text), (quoted(text)[1:-1],)
        yield Case(f"text {text!r}", (frame(TEXT, whole),), answers=answer)
        bytewise = in_frames(TEXT, [whole[at : at + 1] for at in range(len(whole))])
        yield Case(f"text {text!r} in frames of a byte", (bytewise,), answers=answer)
        chopped = frame(TEXT, whole)
        pieces = tuple(chopped[at : at + 1] for at in range(len(chopped)))
        yield Case(f"text {text!r} in packets of a byte", pieces, answers=answer)
    for number, wrong in enumerate(NOT_UTF8):
        yield Case(f"not UTF-8 {number}", (frame(TEXT, wrong),), 1007)
        yield Case(f"not UTF-8 {number} in a text", (frame(TEXT, b'{"' + wrong + b'"}'),), 1007)
        split = in_frames(TEXT, [wrong[at : at + 1] for at in range(len(wrong))] + [b"x"])
        yield Case(f"not UTF-8 {number} in frames", (split,), 1007)


def headers() -> Iterator[Case]:
    names = {TEXT: "text", BINARY: "binary", CLOSE: "close", PING: "ping", PONG: "pong"}
    for rsv in range(1, 8):
        for opcode, name in names.items():
            yield Case(f"{name} with reserved bits {rsv}", (frame(opcode, rsv=rsv),), 1002)
        begun = frame(TEXT, b"{", fin=False)
        more = frame(CONTINUATION, b"}", rsv=rsv)
        yield Case(f"continuation with reserved bits {rsv}", (begun, more), 1002)
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        for payload in (b"", b"abc"):
            yield Case(f"opcode {opcode}, {payload!r}", (frame(opcode, payload),), 1002)
    for opcode, name in names.items():
        unmasked = frame(opcode, b"\x03\xe8" if opcode == CLOSE else b"ab", masked=False)
        yield Case(f"{name} without a mask", (unmasked,), 1002)


def control() -> Iterator[Case]:
    for payload in (b"", b"a", bytes(range(125)), b"\xff\xfe\x00"):
        yield Case(f"ping {payload[:4]!r}", (frame(PING, payload),), pongs=(payload,))
        yield Case(f"a pong nobody asked for {payload[:4]!r}", (frame(PONG, payload),))
    many = tuple(frame(PING, b"%d" % number) for number in range(10))
    yield Case("ten pings", many, pongs=tuple(b"%d" % number for number in range(10)))
    pieces = tuple(bytes((byte,)) for byte in frame(PING, b"hello"))
    yield Case("a ping in packets of a byte", pieces, pongs=(b"hello",))
    for opcode, name in ((PING, "ping"), (PONG, "pong"), (CLOSE, "close")):
        yield Case(f"{name} of 126 bytes", (frame(opcode, b"\x03\xe8" + b"a" * 124),), 1002)
        yield Case(f"{name} in two frames", (frame(opcode, b"\x03\xe8", fin=False),), 1002)


def fragments() -> Iterator[Case]:
    whole = told("Hello")
    for count in (1, 2, 3, 10, 40):
        empty = in_frames(TEXT, [b""] * (count - 1) + [whole])
        yield Case(f"a text behind {count - 1} empty frames", (empty,), answers=("Hello",))
    first, rest = frame(TEXT, whole[:5], fin=False), frame(CONTINUATION, whole[5:])
    ping = frame(PING, b"between")
    yield Case("a ping between two", (first, ping, rest), answers=("Hello",), pongs=(b"between",))
    yield Case("a pong between two", (first, frame(PONG, b"x"), rest), answers=("Hello",))
    # The library takes a message that is never finished for an error: Autobahn's case 7.1.5.
    yield Case("a close between two", (first, frame(CLOSE, struct.pack("!H", 1000))), (1000, 1002))
    for fin in (True, False):
        lone = frame(CONTINUATION, b"x", fin=fin)
        yield Case(f"a continuation of nothing, fin {fin}", (lone,), 1002)
        yield Case(f"a continuation behind a text, fin {fin}", (frame(TEXT, whole), lone), 1002)
        for opcode in (TEXT, BINARY):
            begun = frame(opcode, b"ab", fin=fin)
            yield Case(f"opcode {opcode} inside a message, fin {fin}", (first, begun), 1002)


def closing() -> Iterator[Case]:
    yield Case("a close that says nothing", (frame(CLOSE),), (1000, 1005))
    yield Case("a close of one byte", (frame(CLOSE, b"\x03"),), 1002)
    for code in MAY_BE_SENT:
        for reason in ("", "bye", "é" * 61):
            said = struct.pack("!H", code) + reason.encode()
            yield Case(f"close {code} {reason[:3]}", (frame(CLOSE, said),), code)
    for code in MAY_NOT:
        for word in (b"", b"bye"):
            said = struct.pack("!H", code) + word
            yield Case(f"close {code} {word!r}", (frame(CLOSE, said),), 1002)
    for number, wrong in enumerate(NOT_UTF8):
        said = struct.pack("!H", 1000) + wrong
        yield Case(f"a reason that is not UTF-8 {number}", (frame(CLOSE, said),), (1007, 1002))
    bye = frame(CLOSE, struct.pack("!H", 1000))
    yield Case("a ping behind the close", (bye + frame(PING, b"late"),), 1000, pongs=())
    yield Case("a text behind the close", (bye + frame(TEXT, told("late")),), 1000, answers=())
    yield Case("a second close", (bye + bye,), 1000)


GROUPS = [lengths, texts, headers, control, fragments, closing]


async def try_case(running: Running, case: Case, room: str) -> str | None:
    """Return what is wrong; None for nothing."""
    async with asyncio.timeout(_PATIENCE_S):
        async with await RawSocket.greet(running.port, f"/ws/publish?{room}") as raw:
            await raw.send(frame(TEXT, json.dumps({"type": "start", "room": room}).encode()))
            received = [await raw.frame()]
            try:
                for piece in case.sent:
                    await raw.send(piece)
                if ALIVE in case.codes:
                    await raw.send(frame(PING, _LAST_PING))
                    received += await _answers(raw, len(case.answers))
                    await raw.send(frame(CLOSE, struct.pack("!H", 1000)))
            except ConnectionError:
                pass  # the server did not wait for the rest
            received += await raw.until_end()
    return _wrong(case, [each for each in received if each is not None])


async def _answers(raw: RawSocket, count: int) -> list[Received | None]:
    """Read until the last ping is answered and so many texts have come, or the end."""
    received: list[Received | None] = []
    texts, answered = 0, False
    while not answered or texts < count:
        received.append(each := await raw.frame())
        if each is None:
            break
        texts += each.opcode == TEXT and b'"error"' in each.payload
        answered |= each.opcode == PONG and each.payload == _LAST_PING
    return received


def _wrong(case: Case, received: list[Received]) -> str | None:
    ends = [each.code for each in received if each.opcode == CLOSE]
    end = ends[0] if ends else GONE
    pongs = tuple(each.payload for each in received if each.opcode == PONG)
    wanted = case.pongs
    codes = case.codes
    if ALIVE in codes:
        wanted, codes = (*wanted, _LAST_PING), (1000,)
    texts = [json.loads(each.payload) for each in received if each.opcode == TEXT]
    errors = [f"{each['code']} {each['message']}" for each in texts if each["type"] == "error"]
    answered = len(errors) == len(case.answers) and all(
        part in error for part, error in zip(case.answers, errors, strict=True)
    )
    if end in codes and pongs == wanted and (answered or ALIVE not in case.codes):
        return None
    return f"{case.name}: closed with {ends}, wanted {codes}; pongs {pongs!r}; answers {errors}"


def test_there_are_at_least_three_hundred_cases() -> None:
    names = [case.name for group in GROUPS for case in group()]
    assert len(names) == len(set(names)) >= 300


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.__name__)
async def test_the_server_does_what_the_rfc_asks(group: Callable[[], Iterator[Case]]) -> None:
    cases = list(group())
    wrong: list[str | None] = []
    async with running_server(
        ScriptedTranscriber(), limit_connects="off", max_streams=1000, admission=False
    ) as running:
        for at in range(0, len(cases), _AT_ONCE):
            batch = enumerate(cases[at : at + _AT_ONCE])
            wrong += await asyncio.gather(
                *(try_case(running, case, f"r{number}") for number, case in batch)
            )
    assert [each for each in wrong if each is not None] == []
