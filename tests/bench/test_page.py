from __future__ import annotations

import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from livecaption.bench.outputs import title_of, write_folder
from livecaption.bench.report import new_report, run_report
from tests.bench.test_capacity import run_of


def a_report(target: str = "livecaption") -> dict[str, Any]:
    total = run_report(run_of(0.8))
    return {**new_report("run", target=target, model={"name": "m"}), "total": total, "runs": []}


class Links(HTMLParser):
    """Everything in a page that a browser would fetch, and all ids."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "data") and not (value or "").startswith("#"):
                self.fetched.append(f"{tag} {name}={value}")
            if name == "id":
                self.ids.append(value or "")
        if tag in ("script", "link", "iframe", "img", "object"):
            self.fetched.append(tag)


def test_the_page_needs_no_other_file_and_shows_its_plots(tmp_path: Path) -> None:
    files, missing = write_folder(a_report(), tmp_path)
    assert missing is None
    assert {path.suffix for path in files} == {".json", ".html", ".png", ".svg"}
    page = (tmp_path / "run.html").read_text()
    links = Links()
    links.feed(page)
    assert links.fetched == []
    assert len(links.ids) == len(set(links.ids))
    assert page.count("<svg") == 2
    assert not re.search(r"@import|url\((?!#)", page)


def test_text_in_a_page_is_escaped(tmp_path: Path) -> None:
    write_folder(a_report(target="<b>bold</b>"), tmp_path)
    page = (tmp_path / "run.html").read_text()
    assert "<b>bold" not in page
    assert "&lt;b&gt;bold" in page


def test_the_json_holds_what_was_measured(tmp_path: Path) -> None:
    report = a_report()
    write_folder(report, tmp_path)
    said = json.loads((tmp_path / "run.json").read_text())
    assert said["schema"] == "livecaption-bench/1"
    assert said["total"]["commit_s"]["p50"] == pytest.approx(0.8)
    assert said["total"]["streams"] == 1
    assert title_of(said) == "livecaption: 1 stream(s)"


def test_without_matplotlib_the_page_stands_and_a_sentence_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    files, missing = write_folder(a_report(), tmp_path)
    assert [path.name for path in files] == ["run.json", "run.html"]
    assert missing == "Plots need matplotlib: pip install 'livecaption[bench]' brings it."
