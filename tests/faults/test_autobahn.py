"""Autobahn's 247 cases against our sockets; ``python -m bench conformance`` tells them all."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.faults.autobahn import FAILED, NOT_STRICT, Verdicts, find_wstest, run_autobahn


async def test_no_case_goes_worse_than_it_is_known_to(tmp_path: Path) -> None:
    wstest = find_wstest()
    if wstest is None:
        reason = "Autobahn's wstest is not installed (it needs Python 2.7)"
        if os.environ.get("LIVECAPTION_REQUIRE_AUTOBAHN") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    verdicts = await asyncio.to_thread(run_autobahn, wstest, tmp_path)
    assert len(verdicts.by_case) == 247
    assert verdicts.unexpected == {}


@pytest.mark.parametrize("verdict", ["FAILED", "UNCLEAN", "WRONG CODE"])
def test_a_case_that_begins_to_fail_is_seen(verdict: str) -> None:
    known = dict.fromkeys(NOT_STRICT, "NON-STRICT") | dict.fromkeys(FAILED, "FAILED")
    assert Verdicts(known | {"1.1.1": "OK"}).unexpected == {}
    assert Verdicts(known | {"3.2": verdict}).unexpected == {"3.2": verdict}
