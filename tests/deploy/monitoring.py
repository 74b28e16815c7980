"""The monitoring material as data: every query of the dashboard and of the rules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

__all__ = [
    "MONITORING",
    "Query",
    "Selector",
    "all_queries",
    "dashboard",
    "dcgm_names",
    "rules",
    "selectors",
]

MONITORING = Path(__file__).parents[2] / "deploy" / "monitoring"

_FUNCTIONS = re.compile(
    "sum|max|min|avg|by|on|ignoring|and|or|unless|rate|increase|changes|deriv|without|bool|offset|"
    r"histogram_quantile|label_values|group_left|group_right|e\d*"
)
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
_SELECTOR = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{[^}]*\})?")
_MATCHER = re.compile(r'([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')


@dataclass(frozen=True)
class Query:
    """One query and where it stands."""

    where: str
    expr: str


@dataclass(frozen=True)
class Selector:
    """What a query asks for."""

    metric: str
    labels: tuple[tuple[str, str], ...]


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana reads it."""
    found: dict[str, Any] = json.loads(
        (MONITORING / "grafana" / "dashboards" / "livecaption.json").read_text("utf-8")
    )
    return found


def rules() -> list[dict[str, Any]]:
    """All recording and alerting rules."""
    document = yaml.safe_load((MONITORING / "rules" / "livecaption.yml").read_text("utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


def all_queries() -> Iterator[Query]:
    """Every query, with the dashboard's variables filled in."""
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            expr = target["expr"].replace("$__rate_interval", "1m")
            expr = expr.replace("$job", ".*").replace("$instance", ".*")
            yield Query(f"panel {panel['title']!r}", expr)
    for rule in rules():
        yield Query(f"rule {rule.get('alert') or rule['record']}", rule["expr"])


def selectors(expr: str) -> Iterator[Selector]:
    """Every metric that a query names, with its matchers, and the labels it groups by."""
    grouped = {
        name.strip()
        for names in _GROUPING.findall(expr)
        for name in names.split(",")
        if name.strip()
    }
    bare = re.sub(r"\[[^\]]*\]", "", _GROUPING.sub("", expr))
    for metric, matchers in _SELECTOR.findall(bare):
        if not _FUNCTIONS.fullmatch(metric):
            labels = dict(_MATCHER.findall(matchers))
            yield Selector(metric, tuple({**dict.fromkeys(grouped, ".*"), **labels}.items()))


def dcgm_names() -> frozenset[str]:
    """The names that NVIDIA's exporter has."""
    listed = (Path(__file__).parents[1] / "data" / "dcgm_counters.txt").read_text("utf-8")
    return frozenset(line for line in listed.splitlines() if line and not line.startswith("#"))
