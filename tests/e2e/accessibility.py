"""What axe-core, an independent checker, finds wrong with a page."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.async_api import Page

__all__ = ["serious_issues"]

_AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"


async def serious_issues(page: Page) -> list[str]:
    """Return one line for each serious or critical issue, with the elements concerned."""
    # Evaluated, not added as an element: the pages' security policy allows no foreign script.
    await page.evaluate(await asyncio.to_thread(_AXE.read_text, encoding="utf-8"))
    found: dict[str, Any] = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert found["passes"], "axe has looked at nothing"
    return [
        f"{issue['id']}: {issue['help']}: {[node['target'] for node in issue['nodes']]}"
        for issue in found["violations"]
        if issue["impact"] in ("serious", "critical")
    ]
