"""Posting to addresses that strangers chose."""

from __future__ import annotations

import hashlib
import hmac
from collections import deque
from pathlib import Path

import pytest

from livecaption.egress.signature import HEADER, derived, sign
from livecaption.egress.webhook import WebhookPost, WebhookRefused
from livecaption.egress.webhook_address import WebhookAddress, parse_webhook
from livecaption.errors import ClientError
from tests.egress.receiver import Receiver, certificate

BODY = b'{"type":"job.done"}'


class Names:
    """A resolver that answers what the test says, and counts."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append((host, port))
        return self.answers.pop(0)


@pytest.mark.parametrize(
    "text",
    [
        "https://hooks.example/in?key=1",
        "https://hooks.example:8443/",
        "https://HOOKS.example",
        "https://[2606:4700::1]/x",
    ],
)
def test_https_on_the_usual_ports_is_taken(text: str) -> None:
    address = parse_webhook(text)
    assert address.scheme == "https"
    assert address.host in ("hooks.example", "2606:4700::1")
    assert address.target.startswith("/")


@pytest.mark.parametrize(
    "text",
    [
        "http://hooks.example/",
        "ftp://hooks.example/",
        "https://hooks.example:22/",
        "https://hooks.example:99999/",
        "https://user:secret@hooks.example/",
        "https://hooks.example/#secret",
        "https:///nothing",
        "https://hooks.example/a b",
        "https://hooks.example/\r\nX: y",
        "https://hööks.example/",
        "https://hooks.example/" + "a" * 2000,
        "http://127.0.0.1:9000/",
        "https://localhost:9000/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest",
        "https://[::1]:8443/",
        "https://[::ffff:10.0.0.1]/",
        "secret",
        "",
    ],
)
def test_everything_else_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ClientError) as caught:
        parse_webhook(text)
    assert caught.value.code == "bad_webhook"
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(caught.value)


def test_this_machine_only_when_the_operator_says_so_and_nobody_else() -> None:
    assert parse_webhook("http://127.0.0.1:9000/x", allow_local=True).is_local
    assert parse_webhook("http://localhost:9000/x", allow_local=True).is_local
    assert not parse_webhook("https://hooks.example/", allow_local=True).is_local
    for text in ("http://hooks.example/", "http://10.0.0.1/", "https://hooks.example:9000/"):
        with pytest.raises(ClientError):
            parse_webhook(text, allow_local=True)


async def test_a_message_is_signed_and_told_whole() -> None:
    receiver = Receiver()
    async with receiver.serving():
        address = parse_webhook(f"http://127.0.0.1:{receiver.port}/hook?a=b", allow_local=True)
        await WebhookPost(clock=lambda: 1_800_000_000.4).send(address, BODY, ["new", "old"])
    (got,) = receiver.got
    assert got.line == "POST /hook?a=b HTTP/1.1"
    assert got.body == BODY
    assert got.headers["content-type"] == "application/json"
    moment, new, old = got.headers[HEADER.lower()].split(",")
    assert moment == "t=1800000000"
    for mark, secret in ((new, b"new"), (old, b"old")):
        expected = hmac.new(secret, b"1800000000." + BODY, hashlib.sha256).hexdigest()
        assert mark == f"v1={expected}"


async def test_the_address_that_was_looked_up_is_connected_to_under_its_name(
    tmp_path: Path,
) -> None:
    server, trust = certificate(tmp_path, "localhost")
    receiver, names = Receiver(), Names(["127.0.0.2"])
    async with receiver.serving("127.0.0.2", server):
        address = parse_webhook(f"https://localhost:{receiver.port}/x", allow_local=True)
        await WebhookPost(resolve=names, trust=trust).send(address, BODY, ["s"])
    assert names.asked == [("localhost", receiver.port)]
    assert receiver.got[0].headers["host"] == f"localhost:{receiver.port}"


async def test_a_certificate_for_another_name_is_not_trusted(tmp_path: Path) -> None:
    server, trust = certificate(tmp_path, "other.example")
    receiver = Receiver()
    async with receiver.serving(tls=server):
        address = parse_webhook(f"https://localhost:{receiver.port}/x", allow_local=True)
        with pytest.raises(WebhookRefused, match="certificate"):
            await WebhookPost(resolve=Names(["127.0.0.1"]), trust=trust).send(address, BODY, ["s"])
    assert receiver.got == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["192.168.1.1"],
        ["::1"],
        ["fd00::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["93.184.215.14", "127.0.0.1"],
        ["2606:4700::1", "fe80::1"],
        ["0.0.0.0"],
        ["100.64.0.1"],
    ],
)
async def test_names_that_lead_inside_are_refused_for_good(addresses: list[str]) -> None:
    receiver = Receiver()
    async with receiver.serving():
        names = Names(addresses)
        address = WebhookAddress("https", "hooks.example", receiver.port, "/")
        with pytest.raises(WebhookRefused, match="not public") as caught:
            await WebhookPost(resolve=names).send(address, BODY, ["s"])
    assert caught.value.for_good
    assert len(names.asked) == 1, "a second look might find something else"
    assert receiver.got == []


async def test_an_address_written_as_a_number_is_checked_too() -> None:
    with pytest.raises(WebhookRefused, match="not public"):
        await WebhookPost().send(WebhookAddress("https", "127.0.0.1", 443, "/"), BODY, ["s"])
    with pytest.raises(WebhookRefused, match="not public"):
        await WebhookPost().send(WebhookAddress("https", "::1", 443, "/"), BODY, ["s"])


@pytest.mark.parametrize(
    ("answer", "said", "for_good"),
    [
        (b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n", "It answered 500", False),
        (b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n", "It answered 410", True),
        (
            b"HTTP/1.1 302 Away\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            "redirects",
            False,
        ),
        (b"not http at all\r\n\r\n", "connection failed", False),
        (b"hang", "connection failed", False),
    ],
)
async def test_what_is_not_taken_is_said(answer: bytes, said: str, *, for_good: bool) -> None:
    receiver = Receiver(deque([answer]))
    async with receiver.serving():
        address = parse_webhook(f"http://127.0.0.1:{receiver.port}/", allow_local=True)
        with pytest.raises(WebhookRefused, match=said) as caught:
            await WebhookPost(timeout_s=0.5).send(address, BODY, ["s"])
    assert caught.value.for_good is for_good
    assert len(receiver.got) == 1


async def test_an_endless_answer_is_not_read() -> None:
    endless = b"HTTP/1.1 200 Fine\r\ncontent-length: 1000000000000\r\n\r\n" + bytes(10_000)
    receiver = Receiver(deque([endless]))
    async with receiver.serving():
        address = parse_webhook(f"http://127.0.0.1:{receiver.port}/", allow_local=True)
        await WebhookPost(timeout_s=5.0).send(address, BODY, ["s"])


async def test_nobody_at_home_and_no_such_name_are_said() -> None:
    receiver = Receiver()
    async with receiver.serving():
        pass
    address = parse_webhook(f"http://127.0.0.1:{receiver.port}/", allow_local=True)
    with pytest.raises(WebhookRefused, match="Nobody answers"):
        await WebhookPost(timeout_s=0.5).send(address, BODY, ["s"])

    async def unknown(host: str, port: int) -> list[str]:
        raise OSError

    with pytest.raises(WebhookRefused, match="name is unknown"):
        await WebhookPost(resolve=unknown).send(parse_webhook("https://a.example/"), BODY, ["s"])


def test_owners_have_secrets_of_their_own() -> None:
    one, two = derived("base", "k_1"), derived("base", "k_2")
    assert one != two
    assert one == derived("base", "k_1")
    assert sign(BODY, [one], 1.0) != sign(BODY, [two], 1.0)
