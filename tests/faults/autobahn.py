"""Autobahn's suite for WebSockets, where it is installed (it needs Python 2.7)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Verdicts", "find_wstest", "run_autobahn"]

_CASES = {"cases": ["*"], "exclude-cases": ["9.*", "12.*", "13.*"], "exclude-agent-cases": {}}
"""All but those that measure speed, and those of a compression that is switched off."""
_LIMIT_S = 600.0
_AGENT = "livecaption"

FAILED = frozenset({"7.1.5"})
"""A close inside a message is answered with 1002 instead of its own code, because the message was
not finished. Its peer is leaving anyway."""
NOT_STRICT = frozenset(
    {
        # What stands in front of a violation, in the same packet, is not answered any more.
        *("3.2", "3.3", "3.4", "4.1.3", "4.1.4", "4.1.5", "4.2.3", "4.2.4", "4.2.5", "5.15"),
        # Text is looked at when it is complete, not byte by byte.
        *("6.4.1", "6.4.2", "6.4.3", "6.4.4"),
    }
)
_FINE = ("OK", "INFORMATIONAL")


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What the suite found."""

    by_case: dict[str, str]

    @property
    def counts(self) -> dict[str, int]:
        return dict(Counter(self.by_case.values()).most_common())

    @property
    def unexpected(self) -> dict[str, str]:
        """Cases that went worse than they are known to."""
        return {
            case: verdict
            for case, verdict in self.by_case.items()
            if verdict not in _FINE
            and not (verdict == "FAILED" and case in FAILED)
            and not (verdict == "NON-STRICT" and case in NOT_STRICT)
        }


def find_wstest() -> str | None:
    """Return the suite's program: LIVECAPTION_WSTEST, or ``wstest`` from the PATH."""
    return shutil.which(os.environ.get("LIVECAPTION_WSTEST", "wstest"))


def run_autobahn(wstest: str, folder: Path) -> Verdicts:
    """Run all cases against a server of its own; reports with every byte lie in ``folder``."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.echo_server"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        with server.stdout:
            port = int(server.stdout.readline())
        servers = [{"agent": _AGENT, "url": f"ws://127.0.0.1:{port}"}]
        spec = folder / "spec.json"
        spec.write_text(json.dumps({"outdir": str(folder), "servers": servers, **_CASES}))
        command = [wstest, "-m", "fuzzingclient", "-s", str(spec)]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=_LIMIT_S)
    finally:
        server.kill()
        server.wait()
    found = json.loads((folder / "index.json").read_text())[_AGENT]
    return Verdicts({case: result["behavior"] for case, result in found.items()})
