"""``livecaption doctor``: what works on this machine, what does not, and what to do."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from livecaption.cli.checks import Finding, Status, examine
from livecaption.cli.models import DownloadRoot

__all__ = ["doctor"]

_STYLES = {Status.OK: "green", Status.WARN: "yellow", Status.FAIL: "bold red"}


def doctor(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON for programs.", envvar="LIVECAPTION_JSON")
    ] = False,
    port: Annotated[
        int, typer.Option(help="Port the server will use.", envvar="LIVECAPTION_PORT")
    ] = 8000,
    download_root: DownloadRoot = None,
) -> None:
    """Check this machine and say what to do; exits with 1 when something does not work."""
    findings = examine(port, download_root)
    failed = any(finding.status is Status.FAIL for finding in findings)
    if as_json:
        document = {"ok": not failed, "findings": [asdict(finding) for finding in findings]}
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        _print(findings)
    if failed:
        raise typer.Exit(1)


def _print(findings: list[Finding]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        line = Text(f"{finding.status.value:4}", style=_STYLES[finding.status])
        line.append(f"  {finding.name:{width}}  {finding.detail}", style="default")
        console.print(line)
        if finding.advice:
            console.print(Text(f"      {'':{width}}  -> {finding.advice}", style="dim"))
