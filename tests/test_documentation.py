"""The tables of the documentation name what there is: every module, every setting, every flag."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from bench.__main__ import COMMANDS
from livecaption.cli import app
from livecaption.settings import Settings

ROOT = Path(__file__).parents[1]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
OPERATIONS = (ROOT / "docs" / "operations" / "options.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^### (\S+/)\n\n(.*?)(?=\n#|\Z)", ARCHITECTURE, re.M | re.S))


PAGES = sorted(
    path
    for folder in (
        ".",
        "docs",
        "docs/adr",
        "docs/operations",
        "docs/protocol",
        "examples",
        "training",
    )
    for path in (ROOT / folder).glob("*.md")
)


def anchors(page: Path) -> set[str]:
    """The names that GitHub gives the headings of a page."""
    found = set()
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)
    for heading in re.findall(r"^#+ (.*)$", text, re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (
            anchor and target.suffix == ".md" and anchor not in anchors(target)
        ):
            broken.append(link)
    assert broken == []


def documented(section: str) -> set[str]:
    """The files that a section's table has in its first column."""
    rows = re.findall(r"^\| (`[^|]*`) \|", SECTIONS[section], re.M)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


@pytest.mark.parametrize("section", [name for name in SECTIONS if name.startswith("livecaption/")])
def test_every_module_of_a_package_has_a_row_and_every_row_a_module(section: str) -> None:
    folder = ROOT / section
    present = {path.name for path in folder.glob("*.py")}
    rows = {name for name in documented(section) if "/" not in name}
    # Files without content of their own: an __init__ that only says what the package is.
    bare = {"__init__.py"} if "__init__.py" not in rows else set()
    assert rows == present - bare


def test_every_package_has_a_section() -> None:
    packages = {path.parent.name for path in (ROOT / "livecaption").glob("*/__init__.py")}
    assert {f"livecaption/{name}/" for name in packages - {"bundled"}} <= set(SECTIONS)


def test_every_file_of_the_pages_has_a_row_and_every_row_a_file() -> None:
    static = ROOT / "static"
    kinds = ("*.js", "*.css", "*.html")
    present = {str(path.relative_to(static)) for kind in kinds for path in static.rglob(kind)}
    assert documented("static/") == present


def test_every_setting_and_every_flag_of_serve_is_documented() -> None:
    table = OPERATIONS.split("## Options")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]*`) \|([^|]*)\|", table, re.M)
    settings = [name for row, _ in rows for name in re.findall(r"`([^`]+)`", row)]
    flags = {flag for _, row in rows for flag in re.findall(r"`(--[^`]+)`", row)}
    assert len(settings) == len(set(settings)), "a setting has one row"
    assert set(settings) == set(Settings.model_fields)
    command: Any = typer.main.get_command(app)
    options = command.commands["serve"].params
    offered = {name for option in options for name in option.opts if name.startswith("--")}
    assert flags == offered - {"--config", "--help"}


def test_every_benchmark_of_the_source_tree_is_documented() -> None:
    text = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    table = text.split("\n## python -m bench\n")[1].split("\n##")[0]
    assert set(re.findall(r"^\| `([a-z_]+)` \|", table, re.M)) == set(COMMANDS)
