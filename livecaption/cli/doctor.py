"""``livecaption doctor``: what works on this machine, what does not, and what to do."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from livecaption.cli.checks import Finding, Status, Subject, examine
from livecaption.cli.models import DownloadRoot
from livecaption.errors import OperatorError
from livecaption.settings import Settings, load_settings

__all__ = ["doctor"]

_STYLES = {Status.OK: "green", Status.WARN: "yellow", Status.FAIL: "bold red"}


def doctor(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON for programs.", envvar="LIVECAPTION_JSON")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(help="Port the server will use.", show_default="8000"),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Model the server will use.", show_default="auto"),
    ] = None,
    download_root: DownloadRoot = None,
    url: Annotated[
        str | None,
        typer.Option(
            help="Address of a running server, such as https://captions.example: its certificate, "
            "and whether the proxy in front passes everything on."
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="TOML file that serve is given.", envvar="LIVECAPTION_CONFIG"),
    ] = None,
) -> None:
    """Check this machine and say what to do; exits with 1 when something does not work."""
    findings = []
    try:
        settings = load_settings(config, port=port, model=model)
    except OperatorError as error:
        findings = [Finding("settings", Status.FAIL, str(error))]
        settings = Settings.model_construct()
    subject = Subject(port or settings.port, download_root, settings, url)
    findings += examine(subject)
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
