"""Runs the JavaScript tests, so that ``pytest`` alone runs everything."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def test_every_javascript_test_passes() -> None:
    node = shutil.which("node")
    if node is None:
        reason = "node is not installed"
        if os.environ.get("LIVECAPTION_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    files = sorted(str(path) for path in HERE.glob("*.test.mjs"))
    assert len(files) >= 12
    done = subprocess.run(
        [node, "--test", *files], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
