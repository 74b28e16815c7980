"""What ``livecaption doctor`` found out about one thing, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from livecaption.errors import LiveCaptionError

__all__ = ["Check", "Finding", "Status", "guarded"]


class Status(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    """It works, but not as well as it could."""
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    status: Status
    detail: str
    advice: str = ""
    """What to do; empty when there is nothing to be done."""


Check = Callable[[], Finding]


def guarded(name: str, check: Check) -> Finding:
    """Run a check; on a broken machine what it did not expect is a finding, too."""
    try:
        return check()
    except LiveCaptionError as error:  # its sentence says what to do
        return Finding(name, Status.FAIL, str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, it belongs into the report
        return Finding(
            name,
            Status.FAIL,
            f"{type(error).__name__}: {error}",
            "reinstall livecaption; if it stays, report this line",
        )
