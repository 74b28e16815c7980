from __future__ import annotations

import pytest

from livecaption.client.address import is_loopback, publish_url
from livecaption.errors import OperatorError


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("ws://localhost:8000", "ws://localhost:8000/ws/publish"),
        ("http://localhost:8000/", "ws://localhost:8000/ws/publish"),
        ("https://captions.example", "wss://captions.example/ws/publish"),
        ("wss://captions.example/ws/publish", "wss://captions.example/ws/publish"),
        ("HTTPS://captions.example/live/", "wss://captions.example/live/ws/publish"),
        ("ws://[::1]:8000", "ws://[::1]:8000/ws/publish"),
    ],
)
def test_an_address_becomes_the_publisher_socket(address: str, url: str) -> None:
    assert publish_url(address) == url
    assert publish_url(url) == url


@pytest.mark.parametrize(
    "address",
    ["localhost:8000", "", "ftp://captions.example", "ws://", "ws://host:port", "ws://[::1"],
)
def test_what_is_no_address_is_refused_with_an_example(address: str) -> None:
    with pytest.raises(OperatorError, match="ws://localhost:8000"):
        publish_url(address)


@pytest.mark.parametrize("address", ["ws://host/?key=lc_abc", "ws://lc_abc@host", "ws://host/#k"])
def test_an_address_with_a_secret_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(OperatorError, match="LIVECAPTION_KEY") as refusal:
        publish_url(address)
    assert "lc_abc" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("ws://localhost:8000/ws/publish", True),
        ("ws://127.0.0.1/", True),
        ("ws://[::1]:8000/", True),
        ("ws://10.0.0.1/", False),
        ("wss://localhost.example/", False),
    ],
)
def test_this_machine_is_told_from_others(url: str, *, here: bool) -> None:
    assert is_loopback(url) is here
