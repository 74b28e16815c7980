"""Settings that hold for every test."""

from __future__ import annotations

import os
import signal
import tempfile

import pytest
from hypothesis import HealthCheck, settings

# The same examples in every run: a red build means that the code changed, not the dice. Slow
# machines are no reason to fail, so nothing is timed.
settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    """Hear Ctrl-C even where a shell started us in the background, with SIGINT ignored.

    And leave the data of the person who runs this alone: servers would obey their keys.
    """
    data = tempfile.TemporaryDirectory(prefix="livecaption-tests-", ignore_cleanup_errors=True)
    config.add_cleanup(data.cleanup)
    os.environ["LIVECAPTION_DATA_DIR"] = data.name
    os.environ.pop("LIVECAPTION_API_KEY", None)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
