"""One HTTP request to a service, and whatever comes back; nothing follows a redirect.

httpx2 is imported here and in ``webhook.py``, and nowhere else.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import httpx2

from livecaption.egress.address import SinkAddress
from livecaption.egress.exchange import Answer, Request
from livecaption.egress.resolve import ForbiddenAddress, Resolver, public_addresses

__all__ = ["CaptionHttp", "Unreachable"]

_MAX_ANSWER = 4096

# httpx2 logs whole addresses, which hold the key to somebody's stream.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class Unreachable(Exception):
    """No answer came.

    Attributes:
        perhaps_received: the request may have arrived all the same.
    """

    def __init__(self, reason: str, *, perhaps_received: bool) -> None:
        super().__init__(reason)
        self.perhaps_received = perhaps_received


class CaptionHttp:
    """Requests to one address.

    Args:
        address: where to.
        resolve: host and port → addresses that may be connected to.
        timeout_s: for each of connecting, writing and reading.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        address: SinkAddress,
        *,
        resolve: Resolver = public_addresses,
        timeout_s: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._address = address
        self._resolve = resolve
        self._clock = clock
        self._working: str | None = None
        """The IP address that answered last."""
        self._client = httpx2.AsyncClient(
            follow_redirects=False,
            trust_env=False,
            timeout=httpx2.Timeout(timeout_s),
            limits=httpx2.Limits(max_connections=1, keepalive_expiry=30.0),
        )

    async def aclose(self) -> None:
        """Close the connection."""
        await self._client.aclose()

    async def send(self, request: Request) -> Answer:
        """Send a request and return the answer, whatever its status.

        Raises:
            Unreachable: there was none.
        """
        for ip in await self._addresses():
            try:
                answer = await self._send_to(ip, request)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                self._working = None
                continue
            except httpx2.HTTPError as exc:
                self._working = None
                raise Unreachable(type(exc).__name__, perhaps_received=True) from None
            self._working = ip
            return answer
        raise Unreachable("nobody answers there", perhaps_received=False)

    async def _addresses(self) -> list[str]:
        if self._working is not None:
            return [self._working]
        try:
            return await self._resolve(self._address.host, self._address.port)
        except ForbiddenAddress:
            reason = "the host's name leads into a private network"
            raise Unreachable(reason, perhaps_received=False) from None
        except OSError:
            raise Unreachable("the host's name is unknown", perhaps_received=False) from None

    async def _send_to(self, ip: str, request: Request) -> Answer:
        address = self._address
        host = f"[{ip}]" if ":" in ip else ip
        standard = address.port == (443 if address.scheme == "https" else 80)
        sent_at = self._clock()
        async with self._client.stream(
            request.method,
            f"{address.scheme}://{host}:{address.port}{address.target(request)}",
            content=request.content if request.method == "POST" else None,
            headers={
                "Host": address.host if standard else f"{address.host}:{address.port}",
                "Content-Type": "text/plain",
                "Accept-Encoding": "identity",
                "User-Agent": "livecaption",
            },
            # The certificate must be the name's, not the number's.
            extensions={"sni_hostname": address.host},
        ) as response:
            got_at = self._clock()
            body = b""
            async for chunk in response.aiter_bytes(_MAX_ANSWER):
                body += chunk
                if len(body) >= _MAX_ANSWER:
                    break
        text = body[:_MAX_ANSWER].decode("utf-8", "replace")
        return Answer(response.status_code, text, sent_at, got_at)
