"""Shows a receiver that a message is ours, and new. Pure.

``t=1800000000,v1=HEX``: the time in seconds, and HMAC-SHA256 of ``TIME.BODY``. While a secret is
being replaced there is one ``v1`` for each.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

__all__ = ["HEADER", "derived", "sign"]

HEADER = "Livecaption-Signature"


def sign(body: bytes, secrets: Sequence[str], now: float) -> str:
    """Return the value of the header.

    Args:
        body: what is sent, to the byte.
        secrets: as the receiver knows them; the newest first.
        now: seconds since the epoch.
    """
    moment = f"{now:.0f}"
    signed = moment.encode() + b"." + body
    marks = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={moment}", *(f"v1={mark}" for mark in marks)])


def derived(secret: str, owner: str) -> str:
    """Return one owner's own secret, from which nobody learns another's.

    Args:
        secret: the server's.
        owner: id of a key.
    """
    mark = hmac.new(secret.encode(), b"webhook:" + owner.encode(), hashlib.sha256).hexdigest()
    return f"whsec_{mark}"
