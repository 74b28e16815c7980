"""One signed POST to an address that a stranger chose.

The name is looked up once, every address it has must be public, and one of those is connected to:
a name that changes its mind gains nothing. Nothing follows a redirect, nothing is read of the
answer but its status, and all of it has seconds.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Callable, Sequence

import httpx2

from livecaption.egress.resolve import ForbiddenAddress, Resolver, look_up, public_addresses
from livecaption.egress.signature import HEADER, sign
from livecaption.egress.webhook_address import WebhookAddress

__all__ = ["WebhookPost", "WebhookRefused"]

_ALL_S = 15.0

# httpx2 logs whole addresses, which may hold a secret.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class WebhookRefused(Exception):
    """The message was not taken.

    Attributes:
        for_good: it never will be.
    """

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


class WebhookPost:
    """Posts to any address; holds no connection between two.

    Args:
        resolve: host and port → all their addresses, which are checked here.
        timeout_s: for each of connecting, writing and reading.
        clock: seconds since the epoch.
        trust: certificates to trust; None for the usual ones.
    """

    def __init__(
        self,
        *,
        resolve: Resolver = look_up,
        timeout_s: float = 5.0,
        clock: Callable[[], float] = time.time,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._resolve = resolve
        self._timeout_s = timeout_s
        self._clock = clock
        self._trust = trust

    async def send(self, address: WebhookAddress, body: bytes, secrets: Sequence[str]) -> None:
        """Post JSON.

        Args:
            address: where to.
            body: JSON.
            secrets: see ``sign``.

        Raises:
            WebhookRefused: it was not taken; the reason names neither address nor answer.
        """
        try:
            async with asyncio.timeout(_ALL_S):
                status = await self._post(address, body, secrets)
        except TimeoutError:
            raise WebhookRefused("It did not answer in time.") from None
        if 300 <= status < 400:
            raise WebhookRefused(f"It answered {status}; redirects are not followed.")
        if not 200 <= status < 300:
            raise WebhookRefused(f"It answered {status}.", for_good=status == 410)

    async def _post(self, address: WebhookAddress, body: bytes, secrets: Sequence[str]) -> int:
        for ip in await self._addresses(address):
            try:
                return await self._post_to(ip, address, body, secrets)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                continue
            except httpx2.HTTPError as exc:
                raise WebhookRefused(f"The connection failed ({type(exc).__name__}).") from None
        raise WebhookRefused("Nobody answers there, or not with a certificate for that name.")

    async def _addresses(self, address: WebhookAddress) -> list[str]:
        try:
            if address.is_local:
                return await self._resolve(address.host, address.port)
            return await public_addresses(address.host, address.port, self._resolve)
        except ForbiddenAddress:
            reason = "The name leads to an address that is not public."
            raise WebhookRefused(reason, for_good=True) from None
        except OSError:
            raise WebhookRefused("The name is unknown.") from None

    async def _post_to(
        self, ip: str, address: WebhookAddress, body: bytes, secrets: Sequence[str]
    ) -> int:
        host = f"[{ip}]" if ":" in ip else ip
        async with (
            httpx2.AsyncClient(
                follow_redirects=False,
                trust_env=False,
                timeout=httpx2.Timeout(self._timeout_s),
                verify=self._trust or True,
            ) as client,
            client.stream(
                "POST",
                f"{address.scheme}://{host}:{address.port}{address.target}",
                content=body,
                headers={
                    "Host": address.authority,
                    "Content-Type": "application/json",
                    "Accept-Encoding": "identity",
                    "User-Agent": "livecaption",
                    HEADER: sign(body, secrets, self._clock()),
                },
                # The certificate must be the name's, not the number's.
                extensions={"sni_hostname": address.host},
            ) as response,
        ):
            return response.status_code
