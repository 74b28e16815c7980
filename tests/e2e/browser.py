"""Chromium with a file for a microphone, and nothing that reaches for the network."""

from __future__ import annotations

import os
import shutil
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.async_api import Browser, async_playwright

__all__ = ["INSECURE_HOST", "chromium", "find_chromium", "write_wav"]

INSECURE_HOST = "captions.test"
"""A name for this machine that browsers do not trust the way they trust localhost."""

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str:
    """Return the path of a system Chromium; skip, or fail where one is required."""
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    reason = f"no browser: none of {', '.join(_NAMES)} is installed"
    if os.environ.get("LIVECAPTION_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def write_wav(path: Path, samples: NDArray[np.float32], rate: int) -> Path:
    """Write samples (-1 to 1, shape (n,)) as the 16-bit WAV that Chromium plays as microphone."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


@asynccontextmanager
async def chromium(
    microphone: Path, *, loop_file: bool = True, shared_tab: str | None = None
) -> AsyncIterator[Browser]:
    """Run Chromium whose microphone plays ``microphone``, again and again or once.

    Args:
        microphone: a WAV file.
        loop_file: whether it begins anew at its end.
        shared_tab: title of the tab that is shared, with its sound, when a page asks for one;
            there is no microphone then.
    """
    executable = find_chromium()
    source = str(microphone) + ("" if loop_file else "%noloop")
    flags = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        f"--host-resolver-rules=MAP {INSECURE_HOST} 127.0.0.1",
    ]
    if shared_tab is not None:
        # The fake device would stand in for the tab as well.
        flags.append(f"--auto-select-tab-capture-source-by-title={shared_tab}")
    else:
        flags += [
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={source}",
        ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable,
            headless=True,
            args=flags,
            # A muted browser shares a tab without its sound.
            ignore_default_args=["--mute-audio"] if shared_tab is not None else None,
        )
        try:
            yield browser
        finally:
            await browser.close()
