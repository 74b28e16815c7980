"""What ``docs/jobs.md`` tells receivers of webhooks to do works."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from livecaption.egress.signature import sign

PAGE = Path(__file__).parents[1] / "docs" / "jobs.md"
BODY = b'{"type": "job.done"}'


@pytest.fixture(scope="module")
def is_genuine() -> Any:
    (snippet,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(snippet, names)
    return names["is_genuine"]


def test_our_messages_are_genuine_also_while_a_secret_is_replaced(is_genuine: Any) -> None:
    header = sign(BODY, ["new", "old"], time.time())
    assert is_genuine(header, BODY, "new")
    assert is_genuine(header, BODY, "old")


def test_everything_else_is_not(is_genuine: Any) -> None:
    now = time.time()
    header = sign(BODY, ["secret"], now)
    assert not is_genuine(header, BODY, "another")
    assert not is_genuine(header, BODY + b" ", "secret")
    assert not is_genuine(sign(BODY, ["secret"], now - 301), BODY, "secret")
    assert not is_genuine(sign(BODY, ["secret"], now + 301), BODY, "secret")
    moved = header.replace(f"t={now:.0f}", f"t={now + 1:.0f}")
    assert not is_genuine(moved, BODY, "secret")
    for broken in ("", "t=,v1=", "v1=ab", "t=1", f"t=1,{header}", "t=x,v1=é", "t=²,v1=a"):
        assert not is_genuine(broken, BODY, "secret")


def test_the_page_names_every_setting_of_jobs_that_operations_does() -> None:
    operations = (PAGE.parent / "operations" / "options.md").read_text("utf-8")
    for name in ("job_workers", "max_jobs", "max_uploads_mb", "retain_jobs", "redis_url"):
        assert f"`{name}`" in operations
