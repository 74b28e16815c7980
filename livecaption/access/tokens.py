"""Browser tokens: good for one socket, for a minute, in one room, from one origin.

A browser cannot send a key with a WebSocket, and a key in a page is a key in everybody's hands. So
a page, or the server behind it, exchanges the key for a token, and the page shows that. A token is
signed, not stored; only those that were used are remembered, until they would expire anyway.
"""

from __future__ import annotations

import base64
import binascii
import heapq
import hmac
import json
import secrets
from dataclasses import asdict, dataclass
from hashlib import sha256

from livecaption.access.roles import Role
from livecaption.errors import BadCredentials, Overloaded

__all__ = ["Claims", "TokenBook", "looks_like_token"]

_MOST_USED = 100_000
"""Tokens remembered as used: 1,600 new ones each second for a minute."""
_PURPOSE = b"livecaption browser token 1"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says. Times in seconds since the epoch."""

    room: str
    role: Role
    origin: str
    """Of the page that may use it; empty for a program, which sends none."""
    key: str
    """Id of the key it was made with; empty while there were none."""
    issued_at: float
    expires_at: float
    nonce: str = ""


class TokenBook:
    """Writes tokens and takes each of them once.

    Args:
        pepper: the server's secret.
        started_at: seconds since the epoch. Tokens from before are refused, because which of them
            were used is forgotten.
        most_used: tokens to remember; when there are more, no further one is taken.
    """

    def __init__(self, pepper: bytes, started_at: float, most_used: int = _MOST_USED) -> None:
        self._secret = hmac.digest(pepper, _PURPOSE, "sha256")
        self._started_at = started_at
        self._most_used = most_used
        self._used: set[str] = set()
        self._by_expiry: list[tuple[float, str]] = []

    def write(self, claims: Claims) -> str:
        """Return a token of ``livecaption.v1``, without the ``lct.`` in front of it."""
        body = asdict(claims) | {"nonce": secrets.token_urlsafe(12)}
        payload = _encode(json.dumps(body, separators=(",", ":")).encode())
        return f"{payload}.{_encode(self._sign(payload))}"

    def take(self, token: str, *, now: float, origin: str) -> Claims:
        """Return what a token says, and never take it again.

        Args:
            token: as it came.
            now: seconds since the epoch.
            origin: of the page that shows it; empty when it is not a page.

        Raises:
            BadCredentials: it is not ours, is too old, was used, or belongs to another page.
            Overloaded: too many are remembered to be sure that it was not used.
        """
        claims = self._read(token)
        if not self._started_at <= claims.issued_at or now >= claims.expires_at:
            raise BadCredentials("This token is too old; get a new one.", code="token_expired")
        if claims.origin != origin.lower():
            raise BadCredentials("This token belongs to another page.", code="bad_token")
        self._forget(now)
        if claims.nonce in self._used:
            raise BadCredentials("This token was used before; get a new one.", code="token_used")
        if len(self._used) >= self._most_used:
            raise Overloaded("Too many tokens were used lately.", retry_after=10.0)
        self._used.add(claims.nonce)
        heapq.heappush(self._by_expiry, (claims.expires_at, claims.nonce))
        return claims

    def _read(self, token: str) -> Claims:
        payload, _, signature = token.partition(".")
        try:
            shown = _decode(signature)
            if not hmac.compare_digest(shown, self._sign(payload)):
                raise ValueError
            body = json.loads(_decode(payload))
        except ValueError:
            raise BadCredentials("This token is not one of ours.", code="bad_token") from None
        return Claims(**body | {"role": Role(body["role"])})

    def _sign(self, payload: str) -> bytes:
        return hmac.digest(self._secret, payload.encode(), "sha256")

    def _forget(self, now: float) -> None:
        while self._by_expiry and self._by_expiry[0][0] <= now:
            self._used.discard(heapq.heappop(self._by_expiry)[1])


def looks_like_token(text: str) -> bool:
    """Whether a text has the form of a token, so that it is worth checking as one."""
    payload, dot, signature = text.partition(".")
    return bool(dot) and payload.startswith("ey") and len(signature) == _SIGNATURE_CHARS


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


_SIGNATURE_CHARS = len(_encode(bytes(sha256().digest_size)))


def _decode(text: str) -> bytes:
    """Undo ``_encode``, strictly: one token has one spelling.

    Raises:
        ValueError: it is not base64 as we write it.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    if _encode(raw) != text:
        raise ValueError("not canonical")
    return raw
