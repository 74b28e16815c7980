"""Checks of a running server from outside, through whatever stands in front of it.

A proxy that forgets one header breaks captions in ways that look like the server's fault. So the
server is asked the way a browser asks it: certificate, pages, sockets.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from urllib.parse import SplitResult, urlsplit

import httpx2

from livecaption.cli.findings import Check, Finding, Status
from livecaption.client.address import is_loopback, watch_url
from livecaption.client.dialling import ConnectionOptions, Dialler
from livecaption.errors import LiveCaptionError, NotAllowed

__all__ = ["outside"]

_WAIT_S = 5.0
_DAY_S = 86_400
_SOON_DAYS = 14
_ROOM = "doctor"

_LET_SOCKETS_THROUGH = (
    "let the proxy pass WebSockets on: HTTP/1.1 with the headers Upgrade and Connection, and the "
    "subprotocol header untouched; docs/operations/options.md has examples"
)


def outside(url: str) -> dict[str, Check]:
    """Return the checks of a server's public address, such as ``https://captions.example``."""
    return {
        "secure context": lambda: secure_context(url),
        "proxy": lambda: proxy(url),
        "sockets": lambda: sockets(url),
    }


def secure_context(url: str) -> Finding:
    """Whether browsers open microphones at this address."""
    name, parts = "secure context", urlsplit(url)
    if parts.scheme == "https":
        return _certificate(name, parts)
    if is_loopback(url):
        return Finding(name, Status.OK, "http on this machine: microphones work here, only here")
    return Finding(
        name,
        Status.WARN,
        "http: browsers open no microphone there; reading works",
        "put a proxy with a certificate in front; Caddy gets one by itself",
    )


def _certificate(name: str, parts: SplitResult) -> Finding:
    host, port = parts.hostname or "", parts.port or 443
    trusted = ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, port), timeout=_WAIT_S) as plain,
            trusted.wrap_socket(plain, server_hostname=host) as secured,
        ):
            ends = str((secured.getpeercert() or {}).get("notAfter", ""))
    except ssl.SSLCertVerificationError as error:
        return Finding(
            name,
            Status.FAIL,
            f"browsers do not trust the certificate: {error.verify_message}",
            "renew it, serve its intermediate certificates as well, and check its names",
        )
    except OSError as error:
        return Finding(
            name,
            Status.FAIL,
            f"no TLS at {host}:{port}: {error.strerror or error}",
            "is the proxy running, and does the name lead to it?",
        )
    days = (ssl.cert_time_to_seconds(ends) - time.time()) / _DAY_S
    detail = f"https, certificate good for {days:.0f} days"
    if days < _SOON_DAYS:
        return Finding(name, Status.WARN, detail, "renew it; is the renewal still running?")
    return Finding(name, Status.OK, detail)


def proxy(url: str) -> Finding:
    """Whether requests reach the server under the name that browsers use."""
    name = "proxy"
    try:
        answer = httpx2.get(f"{url.rstrip('/')}/readyz", timeout=_WAIT_S, follow_redirects=False)
    except httpx2.HTTPError as error:
        return Finding(name, Status.FAIL, f"no answer: {error}", "is the server running?")
    code = answer.status_code
    told = _json(answer)
    if "status" in told:
        return Finding(name, Status.OK, f"passes requests on; the server is {told['status']}")
    refused = told.get("error")
    if isinstance(refused, dict) and refused.get("code") == "bad_host":
        host = urlsplit(url).hostname
        return Finding(
            name,
            Status.FAIL,
            "the server does not answer to this name",
            f"start it with --allowed-host {host}, and let the proxy keep the Host header",
        )
    if code in (502, 503, 504):
        advice = "does it point to the address and port on which the server listens?"
        return Finding(name, Status.FAIL, f"the proxy does not reach the server ({code})", advice)
    if code in (401, 403):
        advice = "ask from inside, or exempt /readyz: supervisors need it as well"
        return Finding(name, Status.WARN, f"the proxy asks for a password ({code})", advice)
    return Finding(
        name, Status.FAIL, f"something else answers there ({code})", "is it the right address?"
    )


def sockets(url: str) -> Finding:
    """Whether a WebSocket gets through."""
    name = "sockets"
    try:
        asyncio.run(_open_and_close(url))
    except NotAllowed as error:
        return Finding(name, Status.WARN, f"not tried to the end: {error}")
    except LiveCaptionError as error:
        return Finding(name, Status.FAIL, str(error), _LET_SOCKETS_THROUGH)
    return Finding(name, Status.OK, "a WebSocket gets through")


async def _open_and_close(url: str) -> None:
    dialler = Dialler(watch_url(url, _ROOM), ConnectionOptions(answer_s=_WAIT_S))
    opened = await dialler.dial()
    await opened.close()


def _json(answer: httpx2.Response) -> dict[str, object]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
