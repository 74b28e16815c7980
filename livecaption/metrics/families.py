"""Plain numbers → Prometheus metric families, named by one rule.

``livecaption_<what>_<base unit>``, counters with ``_total`` (which the client adds), seconds, bytes
and ratios only: https://prometheus.io/docs/practices/naming/.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from livecaption.core.tally import Tally
from livecaption.metrics.count import Count

__all__ = ["PREFIX", "Metric", "counted", "counter", "gauge", "histogram", "histograms", "info"]

PREFIX = "livecaption_"


def counter(name: str, help_text: str, value: float) -> Metric:
    """Return a counter without labels."""
    return CounterMetricFamily(PREFIX + name, help_text, value=value)


def counted(name: str, help_text: str, count: Count) -> Metric:
    """Return a counter by the labels of a ``Count``."""
    family = CounterMetricFamily(PREFIX + name, help_text, labels=count.labels)
    for values, number in count.items():
        family.add_metric(values, number)
    return family


def gauge(
    name: str, help_text: str, value: float | Mapping[str, float], label: str | None = None
) -> Metric:
    """Return a gauge: one value, or one for each value of a label."""
    if isinstance(value, Mapping):
        family = GaugeMetricFamily(PREFIX + name, help_text, labels=(label or "kind",))
        for labelled, number in value.items():
            family.add_metric((labelled,), number)
        return family
    return GaugeMetricFamily(PREFIX + name, help_text, value=value)


def histogram(name: str, help_text: str, tally: Tally) -> Metric:
    """Return a histogram without labels."""
    return HistogramMetricFamily(PREFIX + name, help_text, _buckets(tally), tally.total)


def histograms(
    name: str, help_text: str, label: str, tallies: Iterable[tuple[str, Tally]]
) -> Metric:
    """Return a histogram for each value of a label."""
    family = HistogramMetricFamily(PREFIX + name, help_text, labels=(label,))
    for value, tally in tallies:
        family.add_metric((value,), _buckets(tally), tally.total)
    return family


def info(name: str, help_text: str, labels: Mapping[str, str]) -> Metric:
    """Return a metric that is always 1 and says something in its labels (``_info`` is added)."""
    return InfoMetricFamily(PREFIX + name, help_text, value=dict(labels))


def _buckets(tally: Tally) -> list[tuple[str, float]]:
    bounds = [*(repr(float(bound)) for bound in tally.bounds), "+Inf"]
    return list(zip(bounds, map(float, tally.cumulative), strict=True))
