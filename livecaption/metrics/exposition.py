"""A registry of our own, and its text: nothing here is global, so two servers never mix.

Besides what the caller collects it has the usual metrics of a Python process (``process_*``,
``python_*``), under the names that everybody's dashboards know.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from livecaption import __version__
from livecaption.metrics.families import info

__all__ = ["Collect", "Exposition"]

Collect = Callable[[], Iterable[Metric]]


class _Collected(Collector):
    def __init__(self, collect: Collect) -> None:
        self._collect = collect

    def collect(self) -> Iterable[Metric]:
        return self._collect()

    def describe(self) -> Iterable[Metric]:
        """Nothing: names are known only once something is collected."""
        return ()


class Exposition:
    """What ``/metrics`` shows.

    Args:
        collect: each returns metric families; called for every scrape, on the event loop.
    """

    def __init__(self, *collect: Collect) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._registry.register(_Collected(_build))
        for each in collect:
            self._registry.register(_Collected(each))

    def text(self, accept: str) -> tuple[bytes, str]:
        """Return the metrics and their content type.

        Args:
            accept: the ``Accept`` header: OpenMetrics for those who ask for it.
        """
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


def _build() -> Iterable[Metric]:
    about = {"version": __version__, "python": platform.python_version()}
    yield info("build", "What runs here.", about)
