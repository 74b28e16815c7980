"""No header makes a client somebody else, unless a trusted proxy wrote it."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.access.addresses import (
    bucket_of,
    client_address,
    client_scheme,
    is_own_machine,
    parse_networks,
)

PROXIES = parse_networks(("10.0.0.0/8", "fd00::/8", "127.0.0.1"))
ANY = st.ip_addresses().map(str)
PUBLIC = st.ip_addresses(v=4, network="203.0.113.0/24").map(str)
JUNK = st.one_of(ANY, st.text("0123456789abcdef.:,[] x", max_size=30))


@pytest.mark.parametrize(
    ("peer", "headers", "client"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, 10.2.3.4"], "198.51.100.1"),
        ("10.0.0.1", ["10.2.3.4"], "10.2.3.4"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", ["6.6.6.6, unknown, 10.9.9.9"], "10.9.9.9"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
        ("10.0.0.1", ["2001:db8::1%eth0"], "2001:db8::1"),
        ("::ffff:10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("fd00::1", ["198.51.100.1"], "198.51.100.1"),
        (None, ["198.51.100.1"], "unknown"),
        ("", [], "unknown"),
    ],
)
def test_the_client_is_the_rightmost_hop_that_is_no_trusted_proxy(
    peer: str | None, headers: list[str], client: str
) -> None:
    assert client_address(peer, headers, PROXIES) == client


@given(PUBLIC, st.lists(JUNK, max_size=4))
def test_a_peer_that_is_not_trusted_is_believed_nothing(peer: str, headers: list[str]) -> None:
    assert client_address(peer, headers, PROXIES) == peer


@given(st.lists(JUNK, max_size=3), PUBLIC, st.integers(0, 3))
def test_what_a_client_writes_in_front_changes_nothing(
    spoofed: list[str], client: str, proxies: int
) -> None:
    honest = ", ".join([client, *["10.0.0.9"] * proxies])
    assert client_address("10.0.0.1", [*spoofed, honest], PROXIES) == client
    assert client_address("10.0.0.1", [", ".join([*spoofed, honest])], PROXIES) == client


@given(st.ip_addresses(v=6, network="2001:db8::/32"), st.integers(0, 2**64 - 1))
def test_a_site_of_ipv6_counts_as_one(address: ipaddress.IPv6Address, other: int) -> None:
    neighbour = ipaddress.IPv6Address(int(address) >> 64 << 64 | other)
    assert bucket_of(str(address)) == bucket_of(str(neighbour))


@given(st.ip_addresses(v=4), st.ip_addresses(v=4))
def test_addresses_of_ipv4_count_each(
    one: ipaddress.IPv4Address, other: ipaddress.IPv4Address
) -> None:
    assert (bucket_of(str(one)) == bucket_of(str(other))) is (one == other)


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("unknown", True),
        ("203.0.113.7", False),
        ("10.0.0.1", False),
        ("::ffff:127.0.0.1", True),
    ],
)
def test_this_machine_knows_its_own(address: str, own: bool) -> None:
    assert is_own_machine(address) is own


@pytest.mark.parametrize("text", ["localhost", "10.0.0.0/33", "10.0.0.0/8 x", ""])
def test_what_is_no_network_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is no address or network"):
        parse_networks((text,))


@pytest.mark.parametrize(
    ("peer", "own", "headers", "scheme"),
    [
        ("203.0.113.7", "http", [], "http"),
        ("203.0.113.7", "https", [], "https"),
        ("203.0.113.7", "ws", [], "http"),
        ("203.0.113.7", "wss", [], "https"),
        ("203.0.113.7", "http", ["https"], "http"),
        ("10.0.0.1", "http", ["https"], "https"),
        ("10.0.0.1", "ws", ["HTTPS"], "https"),
        ("10.0.0.1", "http", ["https, http"], "https"),
        ("10.0.0.1", "https", ["http"], "http"),
        ("10.0.0.1", "http", ["javascript"], "http"),
        ("10.0.0.1", "https", [], "https"),
        (None, "http", ["https"], "http"),
    ],
)
def test_the_scheme_is_the_clients_where_a_trusted_proxy_tells_it(
    peer: str | None, own: str, headers: list[str], scheme: str
) -> None:
    assert client_scheme(peer, own, headers, PROXIES) == scheme
