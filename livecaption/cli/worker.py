"""``livecaption worker``: load the model and work jobs off that servers have put into Redis."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path
from typing import Annotated

import typer

from livecaption.asgi import running_engine
from livecaption.cli.terminal import report
from livecaption.engine.base import Transcriber
from livecaption.errors import OperatorError
from livecaption.logs import configure_logs
from livecaption.server.job_worker import run_worker
from livecaption.server.last_resort import end_within
from livecaption.server.metrics_port import bind_metrics
from livecaption.server.uploads import try_spool
from livecaption.settings import Settings, load_settings

__all__ = ["until_told", "worker"]

_WAY_DOWN_S = 20.0
"""For the job under way to be given back, when the engine or the queue hangs."""


def worker(
    redis_url: Annotated[
        str | None,
        typer.Option(
            help="The Redis server of the queue, such as redis://HOST:6379/0. With a password in "
            "it, rather set LIVECAPTION_REDIS_URL: others on this machine can read a command line."
        ),
    ] = None,
    uploads_dir: Annotated[
        Path | None,
        typer.Option(
            help="The folder of uploads that the servers write to, on storage they share.",
        ),
    ] = None,
    job_workers: Annotated[int | None, typer.Option(help="Jobs at once.", show_default="1")] = None,
    model: Annotated[
        str | None,
        typer.Option(help="As for livecaption serve.", show_default="auto"),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="auto, cpu or cuda.", show_default="auto")
    ] = None,
    device_index: Annotated[
        str | None, typer.Option(help="GPUs to use, for example 0,1.", show_default="0")
    ] = None,
    compute_type: Annotated[
        str | None, typer.Option(help="int8, float16, … or auto.", show_default="auto")
    ] = None,
    cpu_threads: Annotated[
        int | None, typer.Option(help="Threads on a CPU; 0 picks.", show_default="0")
    ] = None,
    metrics_port: Annotated[
        int | None,
        typer.Option(
            help="A port for /metrics and /healthz, without keys; 0 picks one.",
            show_default="none",
        ),
    ] = None,
    metrics_host: Annotated[
        str | None, typer.Option(help="Address of that port.", show_default="127.0.0.1")
    ] = None,
    log_level: Annotated[
        str | None, typer.Option(help="debug, info, warning or error.", show_default="info")
    ] = None,
    log_format: Annotated[
        str | None, typer.Option(help="text, or json for programs.", show_default="text")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="TOML file with any settings.", envvar="LIVECAPTION_CONFIG"),
    ] = None,
) -> None:
    """Work off the jobs of servers that share a Redis queue.

    It needs the queue and the folder of uploads, and no port but one for metrics, if you want them.
    On SIGTERM the job under way goes back into the queue.
    """
    settings = load_settings(
        config,
        redis_url=redis_url,
        uploads_dir=uploads_dir,
        job_workers=job_workers,
        model=model,
        device=device,
        device_index=None if device_index is None else tuple(device_index.split(",")),
        compute_type=compute_type,
        cpu_threads=cpu_threads,
        metrics_port=metrics_port,
        metrics_host=metrics_host,
        log_level=log_level,
        log_format=log_format,
    )
    _check(settings)
    configure_logs(settings.log_level, settings.log_format)
    listener = bind_metrics(settings)
    with running_engine(settings, report) as transcriber:
        if listener is not None:
            host, port = listener.getsockname()[:2]
            report(f"Metrics at http://{host}:{port}/metrics")
        asyncio.run(until_told(settings, transcriber, listener))


def _check(settings: Settings) -> None:
    if settings.redis_url is None:
        raise OperatorError(
            "A worker needs the queue that servers share: give --redis-url, or set "
            "LIVECAPTION_REDIS_URL. A server without Redis works its jobs off itself."
        )
    if settings.uploads_dir is None:
        raise OperatorError(
            "A worker reads the files where the servers put them: give --uploads-dir, a folder "
            "that all of them share."
        )
    if not settings.uploads_dir.is_dir():
        raise OperatorError(
            f"There is no folder {settings.uploads_dir} for --uploads-dir; mount the storage that "
            "the servers share."
        )
    try_spool(settings)
    if settings.job_workers < 1:
        raise OperatorError("Setting job_workers: a worker works on one job at least.")


async def until_told(
    settings: Settings, transcriber: Transcriber, listener: socket.socket | None
) -> None:
    """Work until the first signal; the second ends the process at once, and so does time."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()

    def leave() -> None:
        for sig in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(sig)
        end_within(_WAY_DOWN_S)
        told.set()

    for sig in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sig, leave)
    await run_worker(settings, transcriber, told, listener)
