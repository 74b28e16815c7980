"""``livecaption bench``: how soon, how right, how steady, how many, on this machine."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from livecaption.bench.capacity import CapacityLimit, CapacitySearch
from livecaption.bench.excerpts import LoadedClip, load_audio
from livecaption.bench.experiments import Load, find_capacity, measure_runs
from livecaption.bench.ideal import ideal_report
from livecaption.bench.outputs import tables_of, title_of, write_folder
from livecaption.bench.soak import soak
from livecaption.bench.tables import table_of
from livecaption.bench.targets import OurServer, RunningServer, Target
from livecaption.bundled import load_clip, speech_clips
from livecaption.cli.terminal import report as say
from livecaption.errors import OperatorError

__all__ = ["bench"]

_SERVER = "Server"
_KIND = "Kind of measurement"


def bench(
    streams: Annotated[
        int, typer.Option(help="Speakers at once.", min=1, envvar="LIVECAPTION_STREAMS")
    ] = 1,
    seconds: Annotated[
        float | None,
        typer.Option(
            help="How long each speaks.",
            min=5.0,
            envvar="LIVECAPTION_SECONDS",
            show_default="the whole clip",
        ),
    ] = None,
    repeats: Annotated[
        int, typer.Option(help="How often it is all done.", min=1, envvar="LIVECAPTION_REPEATS")
    ] = 1,
    clips: Annotated[
        Path | None,
        typer.Option(
            help="Folder with recordings of which each word's time is known (FLAC or WAV, and "
            "JSON beside it).",
            envvar="LIVECAPTION_CLIPS",
            show_default="the bundled speech",
        ),
    ] = None,
    capacity: Annotated[
        bool,
        typer.Option(
            "--capacity",
            help="Find the most speakers whose words are committed in time, without a loss.",
            envvar="LIVECAPTION_CAPACITY",
            rich_help_panel=_KIND,
        ),
    ] = False,
    limit: Annotated[
        float,
        typer.Option(
            help="In time: seconds within which 95 % of the words must be committed.",
            min=0.1,
            envvar="LIVECAPTION_LIMIT",
            rich_help_panel=_KIND,
        ),
    ] = 1.5,
    soak_minutes: Annotated[
        float | None,
        typer.Option(
            "--soak",
            metavar="MINUTES",
            help="Keep the speakers going and see what grows.",
            min=0.1,
            envvar="LIVECAPTION_SOAK",
            rich_help_panel=_KIND,
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            help="A server that runs already.",
            envvar="LIVECAPTION_URL",
            show_default="one is started",
            rich_help_panel=_SERVER,
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            help="The key of the server at --url; rather set LIVECAPTION_KEY.",
            envvar=["LIVECAPTION_KEY", "LIVECAPTION_API_KEY"],
            show_default=False,
            rich_help_panel=_SERVER,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="As for serve.",
            envvar="LIVECAPTION_MODEL",
            show_default="micro-en, the bundled one",
            rich_help_panel=_SERVER,
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            help="auto, cpu or cuda.", envvar="LIVECAPTION_DEVICE", rich_help_panel=_SERVER
        ),
    ] = None,
    compute_type: Annotated[
        str | None,
        typer.Option(
            help="As for serve.", envvar="LIVECAPTION_COMPUTE_TYPE", rich_help_panel=_SERVER
        ),
    ] = None,
    cpu_threads: Annotated[
        int | None,
        typer.Option(
            help="Threads on a CPU.", envvar="LIVECAPTION_CPU_THREADS", rich_help_panel=_SERVER
        ),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            help="realtime or window.", envvar="LIVECAPTION_POLICY", rich_help_panel=_SERVER
        ),
    ] = None,
    hop: Annotated[
        float | None,
        typer.Option(
            help="Seconds between decodes.", envvar="LIVECAPTION_HOP", rich_help_panel=_SERVER
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for JSON, plots and a page that needs no other file.",
            envvar="LIVECAPTION_OUT",
            show_default="only tables are printed",
        ),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print JSON, no tables.", envvar="LIVECAPTION_JSON"),
    ] = False,
) -> None:
    """Measure delay, errors, steadiness and capacity with speech whose words are known.

    It plays clips at speaking speed through real WebSockets into a server of its own, or into the
    one at --url. docs/benchmarks.md says what each figure means.
    """
    given = {
        "MODEL": model or (None if url else "micro-en"),
        "DEVICE": device,
        "COMPUTE_TYPE": compute_type,
        "CPU_THREADS": None if cpu_threads is None else str(cpu_threads),
        "POLICY": policy,
        "HOP": None if hop is None else str(hop),
    }
    settings = {name: value for name, value in given.items() if value is not None}
    if url is not None and settings:
        names = ", ".join(f"--{name.lower().replace('_', '-')}" for name in settings)
        raise OperatorError(f"{names} cannot be told to a server that runs already; leave out.")
    if capacity and soak_minutes is not None:
        raise OperatorError("--capacity and --soak are two measurements; ask for one of them.")
    load = Load(_clips(clips), streams, seconds, repeats)
    wanted = _Wanted(capacity=capacity, limit_s=limit, soak_minutes=soak_minutes)
    target = OurServer(settings) if url is None else RunningServer(url, key=key)
    report = asyncio.run(_measure(target, load, wanted))
    if report["kind"] == "run" and url is None:
        say("simulated time: the same clips with an engine that takes no time")
        report["ideal"] = ideal_report(settings, load.clips, say)
    _show(report, out, as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which measurement."""

    capacity: bool
    limit_s: float
    soak_minutes: float | None


def _clips(folder: Path | None) -> list[LoadedClip]:
    if folder is None:
        return load_audio(speech_clips())
    if not folder.is_dir():
        raise OperatorError(f"There is no folder {folder}.")
    return load_audio([load_clip(path) for path in sorted(folder.glob("*.json"))])


async def _measure(target: Target, load: Load, wanted: _Wanted) -> dict[str, Any]:
    if wanted.capacity:
        search = CapacitySearch(first=load.streams if load.streams > 1 else 4)
        limit = CapacityLimit(p95_s=wanted.limit_s)
        return await find_capacity(target, load, search, limit, say)
    if wanted.soak_minutes is not None:
        return await soak(target, load, wanted.soak_minutes, say)
    return await measure_runs(target, load, say)


def _show(report: dict[str, Any], out: Path | None, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(report) + "\n")
    else:
        console = Console()
        console.print(title_of(report), style="bold", markup=False)
        for heading, rows in tables_of(report):
            console.print(table_of(heading, rows))
    if out is None:
        return
    files, missing = write_folder(report, out)
    if missing is not None:
        say(missing)
    say("Written: " + ", ".join(str(path) for path in files))
