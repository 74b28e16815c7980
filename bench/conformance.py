"""RFC 6455 as Autobahn's suite sees it: 247 cases against our sockets, in about 12 s.

The suite runs under Python 2.7 only: ``pip install autobahntestsuite`` in an environment of such a
Python (``virtualenv==20.15.1`` still makes one), then ``--wstest PATH`` or LIVECAPTION_WSTEST.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.faults.autobahn import find_wstest, run_autobahn

TITLE = "RFC 6455: Autobahn's cases against our sockets"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--wstest", default=find_wstest(), help="the suite's program")
    parser.add_argument("--reports", type=Path, help="folder for the suite's own reports")


def run(options: argparse.Namespace) -> dict[str, Any]:
    if options.wstest is None:
        raise SystemExit(f"Autobahn's wstest is not installed.\n{__doc__}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        reports = options.reports or Path(folder)
        reports.mkdir(parents=True, exist_ok=True)
        verdicts = run_autobahn(options.wstest, reports.absolute())
    result = {
        "cases": len(verdicts.by_case),
        "counts": verdicts.counts,
        "unexpected": verdicts.unexpected,
        "seconds": round(time.monotonic() - began, 1),
    }
    print(f"  {result}", flush=True)
    return result | {"verdicts": verdicts.by_case}
