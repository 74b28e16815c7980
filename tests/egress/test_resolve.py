from __future__ import annotations

import pytest

from livecaption.egress.resolve import ForbiddenAddress, is_public, look_up, public_addresses


@pytest.mark.parametrize("address", ["142.250.74.46", "2a00:1450:4001:82b::200e", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
        "100.64.0.1", "192.0.2.1", "224.0.0.1", "255.255.255.255", "240.0.0.1",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::a00:1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)  # fmt: skip
def test_addresses_inside_a_network_are_not(address: str) -> None:
    assert not is_public(address)


async def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    async def rebinding(host: str, port: int) -> list[str]:
        return ["142.250.74.46", "192.168.1.1"]

    with pytest.raises(ForbiddenAddress):
        await public_addresses("upload.youtube.com", 80, rebinding)


async def test_public_addresses_come_through_and_none_is_an_error() -> None:
    async def found(host: str, port: int) -> list[str]:
        return ["142.250.74.46", "2a00:1450:4001:82b::200e"]

    async def nothing(host: str, port: int) -> list[str]:
        return []

    assert len(await public_addresses("upload.youtube.com", 80, found)) == 2
    with pytest.raises(OSError, match="no address"):
        await public_addresses("upload.youtube.com", 80, nothing)


async def test_the_system_is_asked_by_default_and_its_answer_checked() -> None:
    assert "127.0.0.1" in await look_up("localhost", 80)
    with pytest.raises(ForbiddenAddress):
        await public_addresses("localhost", 80)
