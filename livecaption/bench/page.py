"""A report as one HTML file that needs nothing else: styles and plots are inside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from livecaption.bench.plots import Plots, inline_svg
from livecaption.bench.tables import Rows

__all__ = ["html_page"]

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #1b1f23; background: #fff;
  max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .75rem; border-bottom: 1px solid #d8dee4; text-align: right; }
th:first-child, td:first-child { text-align: left; }
figure { margin: 1.5rem 0; } svg { max-width: 100%; height: auto; }
.facts { color: #57606a; font-size: .875rem; }
"""


def html_page(
    title: str, report: Mapping[str, Any], tables: Sequence[tuple[str, Rows]], plots: Plots
) -> str:
    """Return the page.

    Args:
        title: what was measured.
        report: for machine, versions and date.
        tables: headings and rows.
        plots: figures to draw into the page.
    """
    body = [f"<h1>{escape(title)}</h1>", _facts(report)]
    for heading, rows in tables:
        body += [f"<h2>{escape(heading)}</h2>", _table(rows)]
    body += [f"<figure>{inline_svg(name, figure)}</figure>" for name, figure in plots.items()]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _facts(report: Mapping[str, Any]) -> str:
    machine = report["machine"]
    model = ", ".join(f"{key} {value}" for key, value in report.get("model", {}).items())
    versions = ", ".join(f"{k} {v}" for k, v in machine["versions"].items() if v)
    facts = (
        report["when"],
        f"livecaption {report['livecaption']}",
        model,
        f"{machine['processor']}, {machine['cores']} cores",
        f"Python {machine['python']}, {versions}",
        f"word errors by {report['word_errors_by']}",
    )
    return f'<p class="facts">{escape(" · ".join(facts))}</p>'


def _table(rows: Rows) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in rows[0])
    lines = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows[1:]]
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
