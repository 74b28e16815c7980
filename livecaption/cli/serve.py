"""``livecaption serve``: load the model, bind the port, serve until told to stop."""

from __future__ import annotations

import asyncio
from pathlib import Path
from socket import socket
from typing import Annotated

import typer

from livecaption.asgi import create_app, read_sinks, running_engine
from livecaption.cli.terminal import report
from livecaption.logs import configure_logs
from livecaption.server.counters import Counters
from livecaption.server.job_service import try_jobs
from livecaption.server.key_ring import KeyRing
from livecaption.server.metrics_port import bind_metrics
from livecaption.server.serving import LiveServer, bind
from livecaption.server.text_file import check_text_file
from livecaption.server.uploads import try_spool
from livecaption.settings import Settings, load_settings
from livecaption.storage.store import TranscriptStore

__all__ = ["run_server", "serve"]

_LIVE = "Live captions"
_MODEL = "Model"
_ACCESS = "Access"
_TRANSCRIPTS = "Transcripts"
_JOBS = "Jobs"
_WATCHING = "Watching over it"
_GUESSABLE_CHARS = 20


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port; 0 picks one.", show_default="8000")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="A faster-whisper name, an owner/name on the hub, a CTranslate2 directory, "
            "micro-en (bundled), or auto.",
            show_default="auto",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="auto, cpu or cuda.", show_default="auto", rich_help_panel=_MODEL),
    ] = None,
    device_index: Annotated[
        str | None,
        typer.Option(
            help="GPUs to use, for example 0,1.", show_default="0", rich_help_panel=_MODEL
        ),
    ] = None,
    compute_type: Annotated[
        str | None,
        typer.Option(
            help="int8, float16, int8_float16, … or auto.",
            show_default="auto",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    cpu_threads: Annotated[
        int | None,
        typer.Option(
            help="Threads on a CPU; 0 takes all.", show_default="0", rich_help_panel=_MODEL
        ),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            help="realtime: words after about a second. window: 5 to 8 s later, cheaper.",
            show_default="realtime",
            rich_help_panel=_LIVE,
        ),
    ] = None,
    hop: Annotated[
        float | None,
        typer.Option(
            help="Seconds between decodes of a speaker; 0 takes the policy's own.",
            show_default="0",
            rich_help_panel=_LIVE,
        ),
    ] = None,
    max_streams: Annotated[
        int | None,
        typer.Option(help="Most speakers at once.", show_default="64", rich_help_panel=_LIVE),
    ] = None,
    words: Annotated[
        Path | None,
        typer.Option(
            help="File of words to replace (“word = other”) or to mask (“!word”).",
            rich_help_panel=_LIVE,
        ),
    ] = None,
    sink: Annotated[
        list[str] | None,
        typer.Option(
            help="Send a room's captions on: youtube:ROOM=URL or zoom:ROOM=URL; repeat for more. "
            "Others on this machine can read a command line: rather use LIVECAPTION_SINKS or "
            "--config.",
            rich_help_panel=_LIVE,
        ),
    ] = None,
    allow_anonymous: Annotated[
        bool | None,
        typer.Option(
            "--allow-anonymous",
            help="Without keys: let everybody who can reach this address publish and read.",
            rich_help_panel=_ACCESS,
        ),
    ] = None,
    allowed_origin: Annotated[
        list[str] | None,
        typer.Option(
            help="Another site whose pages may connect; repeat for more.", rich_help_panel=_ACCESS
        ),
    ] = None,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(help="A host name to answer to; repeat for more.", rich_help_panel=_ACCESS),
    ] = None,
    trusted_proxies: Annotated[
        str | None,
        typer.Option(
            help="Addresses or networks of proxies whose X-Forwarded-For is believed, separated "
            "by commas: 127.0.0.1,10.0.0.0/8.",
            show_default="none",
            rich_help_panel=_ACCESS,
        ),
    ] = None,
    limits_storage: Annotated[
        str | None,
        typer.Option(
            help="Where limits are counted: memory://, or redis://HOST:PORT/0 for several servers. "
            "With a password rather use LIVECAPTION_LIMITS_STORAGE or --config.",
            show_default="memory://",
            rich_help_panel=_ACCESS,
        ),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            help="Where transcripts are kept; by default where this system keeps the data of "
            "programs.",
            rich_help_panel=_TRANSCRIPTS,
        ),
    ] = None,
    no_store: Annotated[
        bool | None,
        typer.Option(
            "--no-store",
            help="Keep transcripts in memory only; they are gone when the server stops.",
            rich_help_panel=_TRANSCRIPTS,
        ),
    ] = None,
    retain: Annotated[
        float | None,
        typer.Option(
            help="Days that a transcript is kept.",
            show_default="30",
            rich_help_panel=_TRANSCRIPTS,
        ),
    ] = None,
    max_store_mb: Annotated[
        int | None,
        typer.Option(
            help="Size the transcripts may reach, in megabytes; then the oldest are deleted.",
            show_default="1000",
            rich_help_panel=_TRANSCRIPTS,
        ),
    ] = None,
    job_workers: Annotated[
        int | None,
        typer.Option(
            help="Files worked on at once for which nobody waits; 0 leaves them to livecaption "
            "worker.",
            show_default="1",
            rich_help_panel=_JOBS,
        ),
    ] = None,
    redis_url: Annotated[
        str | None,
        typer.Option(
            help="Redis server that keeps the queue of jobs for several servers and workers. With "
            "a password in it, rather set LIVECAPTION_REDIS_URL.",
            show_default="none: they are kept in the data directory",
            rich_help_panel=_JOBS,
        ),
    ] = None,
    uploads_dir: Annotated[
        Path | None,
        typer.Option(
            help="Folder for files of jobs; workers on other hosts must see it, too.",
            show_default="in the data directory",
            rich_help_panel=_JOBS,
        ),
    ] = None,
    jobs_s3: Annotated[
        str | None,
        typer.Option(
            help="Write results to s3://BUCKET/PREFIX, too.",
            show_default="none",
            rich_help_panel=_JOBS,
        ),
    ] = None,
    text_file: Annotated[
        Path | None,
        typer.Option(
            help="Keep a room's newest lines in this file, for an OBS text source.",
            show_default="none",
            rich_help_panel=_LIVE,
        ),
    ] = None,
    text_file_room: Annotated[
        str | None,
        typer.Option(help="Which room.", show_default="main", rich_help_panel=_LIVE),
    ] = None,
    metrics_port: Annotated[
        int | None,
        typer.Option(
            help="A port of its own for /metrics, without keys; 0 picks one.",
            show_default="none",
            rich_help_panel=_WATCHING,
        ),
    ] = None,
    metrics_host: Annotated[
        str | None,
        typer.Option(
            help="Address of that port.", show_default="127.0.0.1", rich_help_panel=_WATCHING
        ),
    ] = None,
    log_level: Annotated[
        str | None,
        typer.Option(
            help="debug, info, warning or error.", show_default="info", rich_help_panel=_WATCHING
        ),
    ] = None,
    log_format: Annotated[
        str | None,
        typer.Option(
            help="text, or json: one object a line.",
            show_default="text",
            rich_help_panel=_WATCHING,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="TOML file with any of these settings.", envvar="LIVECAPTION_CONFIG"),
    ] = None,
) -> None:
    """Serve live captions on http://localhost:8000.

    Every setting can also come from the environment (LIVECAPTION_PORT=9000; lists, such as
    LIVECAPTION_ALLOWED_HOSTS, separated by commas) or from the TOML file; the command line wins
    over the environment, the environment over the file.
    """
    indexes = None if device_index is None else tuple(device_index.split(","))
    settings = load_settings(
        config,
        host=host,
        port=port,
        model=model,
        device=device,
        device_index=indexes,
        compute_type=compute_type,
        cpu_threads=cpu_threads,
        policy=policy,
        hop=hop,
        max_streams=max_streams,
        words=words,
        sinks=tuple(sink) if sink else None,
        allow_anonymous=allow_anonymous,
        allowed_origins=tuple(allowed_origin) if allowed_origin else None,
        allowed_hosts=tuple(allowed_host) if allowed_host else None,
        trusted_proxies=trusted_proxies,
        limits_storage=limits_storage,
        data_dir=data_dir,
        store=False if no_store else None,
        retain=retain,
        max_store_mb=max_store_mb,
        job_workers=job_workers,
        redis_url=redis_url,
        uploads_dir=uploads_dir,
        jobs_s3=jobs_s3,
        text_file=text_file,
        text_file_room=text_file_room,
        metrics_port=metrics_port,
        metrics_host=metrics_host,
        log_level=log_level,
        log_format=log_format,
    )
    run_server(settings)


def run_server(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C has drained the server.

    Raises:
        OperatorError: the port, the model or the place for transcripts cannot be had, or a sink is
            malformed.
    """
    configure_logs(settings.log_level, settings.log_format)
    if settings.text_file is not None:
        check_text_file(settings.text_file)
    try_spool(settings)
    read_sinks(settings)  # before the model: what is wrong with them is found at once
    listener = bind(settings)
    metrics = bind_metrics(settings)
    asyncio.run(_try_data(settings))
    with running_engine(settings, report) as transcriber:
        _say_where(settings, listener, metrics)
        server = LiveServer(create_app(settings, transcriber), settings, metrics)
        server.run(sockets=[listener])


def _say_where(settings: Settings, listener: socket, metrics: socket | None) -> None:
    port = listener.getsockname()[1]
    shown = "localhost" if settings.host == "127.0.0.1" else settings.host
    report(f"Captions at http://{shown}:{port}  (overlay: http://{shown}:{port}/overlay/main)")
    if metrics is not None:
        host, metrics_port = metrics.getsockname()[:2]
        report(f"Metrics at http://{host}:{metrics_port}/metrics")


async def _try_data(settings: Settings) -> None:
    """Say what is wrong before the model is loaded, which takes its time."""
    store = await TranscriptStore.open(settings.transcripts)
    try:
        keys = await KeyRing.open(settings)
        await keys.aclose()
        settings.check_exposure(has_keys=keys.is_on)
        await Counters.open(settings.limits.storage).aclose()
        if keys.is_on and settings.allow_anonymous:
            report("There are keys, so --allow-anonymous lets nobody in without one.")
        if keys.is_guessable:
            report("LIVECAPTION_API_KEY is short enough to be guessed; take 20 characters or more.")
        if any(len(each.get_secret_value()) < _GUESSABLE_CHARS for each in settings.webhook_secret):
            report("LIVECAPTION_WEBHOOK_SECRET is short enough to be guessed; take 20 characters.")
        await try_jobs(settings)
    finally:
        await store.aclose()
