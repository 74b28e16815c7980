"""What the server wrote into its ``Meters``, as metric families."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import Metric

from livecaption.metrics.families import counted, counter, gauge, histogram
from livecaption.metrics.meters import Meters

__all__ = ["observe_jobs", "observe_meters"]


def observe_meters(meters: Meters) -> Iterable[Metric]:
    """Yield everything that is counted at the doors of the server."""
    yield counted("admissions", "Connections that were let in.", meters.admissions)
    yield counted("refusals", "Connections and requests that were turned away.", meters.refusals)
    yield counted(
        "slow_readers_closed",
        "Connections closed because they took nothing (stalled) or too little (overflowed).",
        meters.slow_readers,
    )
    yield counted("http_requests", "HTTP requests answered, and sockets.", meters.requests)
    yield histogram(
        "http_request_seconds",
        "From an HTTP request to the last byte of its answer; streams and sockets left out.",
        meters.request_took,
    )
    yield counted("auth_failures", "Keys and tokens that were not good.", meters.auth_failures)
    yield counted("rate_limited", "Limits that were reached.", meters.rate_limited)
    yield from _files(meters)
    yield histogram(
        "event_loop_lag_seconds", "How late the event loop was, twice a second.", meters.loop_lag
    )


def _files(meters: Meters) -> Iterable[Metric]:
    yield counted("uploads", "Files that were sent to be transcribed.", meters.uploads)
    yield counter("upload_bytes", "Size of these files.", meters.upload_bytes)
    yield counter("upload_audio_seconds", "Audio in these files.", meters.upload_audio_s)
    yield histogram(
        "upload_seconds", "From a file's last byte to its transcript.", meters.upload_took
    )
    yield from observe_jobs(meters)
    states = {"waiting": meters.jobs_waiting, "running": meters.jobs_running}
    yield gauge("jobs_active", "Background jobs there are.", states, "state")


def observe_jobs(meters: Meters) -> Iterable[Metric]:
    """Yield what became of the jobs that this process brought to their end."""
    yield counted("jobs", "Background jobs that this process ended.", meters.jobs)
