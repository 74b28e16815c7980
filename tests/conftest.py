"""Settings that hold for every test."""

from __future__ import annotations

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
