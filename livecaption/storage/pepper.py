"""The server's secret: what turns a key into what is stored of it, and signs browser tokens.

Whoever has a copy of the database without it can neither test guesses nor forge tokens. It lies in
a file of its own beside the database, or comes from ``LIVECAPTION_PEPPER``, so that a backup of the
one need not hold the other.
"""

from __future__ import annotations

import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from livecaption.errors import OperatorError

__all__ = ["PEPPER_FILE", "Pepper", "find_pepper", "new_pepper"]

PEPPER_FILE = "pepper"

_BYTES = 32
_LEAST_CHARS = 32
_MARK_BYTES = 8


@dataclass(frozen=True, slots=True)
class Pepper:
    """The secret, which no ``repr`` shows."""

    secret: bytes = field(repr=False)

    def digest(self, key: bytes) -> bytes:
        """Return what is stored of a key of 190 random bits: for those a slow hash adds nothing."""
        return hmac.digest(self.secret, key, "sha256")

    @property
    def mark(self) -> bytes:
        """What tells two peppers apart and gives neither away."""
        return hmac.digest(self.secret, b"livecaption pepper mark", "sha256")[:_MARK_BYTES]


def new_pepper() -> Pepper:
    """Draw a pepper that lives as long as this process."""
    return Pepper(secrets.token_hex(_BYTES).encode())


def find_pepper(directory: Path, given: str | None, *, make: bool) -> Pepper | None:
    """Return the pepper of a data directory.

    Args:
        directory: where its file lies.
        given: the pepper from the settings, which comes before the file.
        make: write the file when there is none.

    Returns:
        None when there is none and none was to be made.

    Raises:
        OperatorError: it is too short to be a secret, or its file cannot be read or written.
    """
    path = directory / PEPPER_FILE
    where = "LIVECAPTION_PEPPER"
    try:
        if given is None:
            where = str(path)
            if make and not path.exists():
                _write(path)
            if not path.exists():
                return None
            given = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is no text"
        raise OperatorError(
            f"The secret behind the keys, {path}, cannot be used ({reason}); mend its "
            "permissions, or restore it from a backup."
        ) from None
    if len(given) < _LEAST_CHARS:
        raise OperatorError(
            f"The secret in {where} must have {_LEAST_CHARS} characters or more; draw one with: "
            "openssl rand -hex 32"
        )
    return Pepper(given.encode())


def _write(path: Path) -> None:
    """Write a new pepper whole or not at all; another process that does the same may win."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(_BYTES).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
