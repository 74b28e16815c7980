"""Get the sentence list that training reads: LJSpeech 1.1's ``metadata.csv`` (public domain).

The list is fetched by whoever trains and is never stored in the repository. It comes in one
archive with 2.6 GB of recordings; the archive is read as a stream and dropped once the list has
gone by. A list that is already on disk is checked and copied instead.
"""

from __future__ import annotations

import argparse
import os
import tarfile
import urllib.request
from pathlib import Path

ARCHIVE = "https://data.keithito.com/data/speech/LJSpeech-1.1.tar.bz2"
MEMBER = "LJSpeech-1.1/metadata.csv"
LINES = 13_100
_TIMEOUT = 60
"""Seconds without a byte."""


def read_from_archive(url: str) -> str:
    """Stream the archive until the list has gone by.

    Raises:
        OSError: the archive cannot be read.
        ValueError: the list is not in it.
    """
    print(f"Reading {url} up to {MEMBER}; this can take a while.", flush=True)
    with (
        urllib.request.urlopen(url, timeout=_TIMEOUT) as response,
        tarfile.open(fileobj=response, mode="r|bz2") as archive,
    ):
        for member in archive:
            if member.name == MEMBER and (content := archive.extractfile(member)):
                return content.read().decode("utf-8")
    raise ValueError(f"{MEMBER} is not in this archive")


def check(text: str) -> None:
    """Make sure that this is LJSpeech 1.1's list.

    Raises:
        ValueError: it is not.
    """
    lines = text.splitlines()
    if len(lines) != LINES or any(line.count("|") != 2 for line in lines):
        raise ValueError(f"expected {LINES} lines of three fields; got {len(lines)} lines")


def main() -> None:
    """Write the list to where training expects it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--path", type=Path, help="a metadata.csv that is already on disk")
    source.add_argument("--url", default=ARCHIVE, help="the archive (%(default)s)")
    parser.add_argument(
        "--out", type=Path, default=Path("training/data/metadata.csv"), help="%(default)s"
    )
    options = parser.parse_args()
    try:
        if options.path:
            text = options.path.read_text(encoding="utf-8")
        else:
            text = read_from_archive(options.url)
        check(text)
    except (OSError, ValueError, tarfile.TarError) as error:
        raise SystemExit(
            f"No sentence list: {error}. "
            "SENTENCES=none training/run.sh trains without one, from our own templates."
        ) from error
    options.out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = options.out.with_suffix(".unfinished")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, options.out)
    print(f"{options.out}: {LINES} sentences")


if __name__ == "__main__":
    main()
