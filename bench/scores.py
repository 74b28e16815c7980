"""Where results go."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

__all__ = ["folder_of", "write_result"]


def folder_of(name: str) -> Path:
    """Return the folder for one benchmark's files: below LIVECAPTION_RESULTS or bench/results."""
    root = os.environ.get("LIVECAPTION_RESULTS")
    folder = (Path(root) if root else Path(__file__).parent / "results") / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_result(name: str, result: dict[str, Any]) -> Path:
    """Write a result as JSON; return the file."""
    path = folder_of(name) / f"{name}.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    return path
