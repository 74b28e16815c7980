"""``livecaption demo``: the whole way, on this machine alone, in two minutes.

A server with the bundled model, the bundled speech played into its WebSocket at speaking speed,
captions as they form. What it measures in the end is what a person would have felt.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer
from starlette.applications import Starlette

from livecaption.asgi import create_app, running_engine
from livecaption.bundled import Clip, speech_clips
from livecaption.cli.live_text import Display, open_display
from livecaption.cli.terminal import report
from livecaption.client.clip_run import ClipRun, play_clip
from livecaption.client.events import SessionEvent
from livecaption.core.stats import percentile
from livecaption.errors import OperatorError
from livecaption.protocol.server_messages import FinalMessage
from livecaption.server.serving import LiveServer, bind
from livecaption.settings import Settings, load_settings

__all__ = ["caption_clips", "demo", "summary"]


def demo(
    port: Annotated[
        int, typer.Option(help="Port of the server; 0 picks one.", envvar="LIVECAPTION_PORT")
    ] = 8000,
    clip: Annotated[
        str,
        typer.Option(
            help="Which bundled clip to play: meeting, nopause or all.", envvar="LIVECAPTION_CLIP"
        ),
    ] = "meeting",
    once: Annotated[
        bool,
        typer.Option(
            "--once", help="Stop after the speech, also on a terminal.", envvar="LIVECAPTION_ONCE"
        ),
    ] = False,
) -> None:
    """Caption the bundled speech live with the bundled model; no network, no set-up.

    On a terminal the server then stays for a look at its page, until Ctrl-C.
    """
    clips = [c for c in speech_clips() if clip in (c.name, "all")]
    if not clips:
        names = ", ".join(c.name for c in speech_clips())
        raise OperatorError(f"There is no bundled clip {clip}; choose one of: {names}, all.")
    settings = _demo_settings(port)
    listener = bind(settings)
    with running_engine(settings, report) as transcriber, asyncio.Runner() as runner:
        app = create_app(settings, transcriber)
        runner.run(
            caption_clips(app, settings, listener, clips, stay=sys.stdout.isatty() and not once)
        )


def _demo_settings(port: int) -> Settings:
    """Settings of a server that keeps nothing, and has no keys, whatever this machine's server has.

    No keys can lie in what is no directory.
    """
    return load_settings(
        None,
        host="127.0.0.1",
        port=port,
        model="micro-en",
        device="cpu",
        store=False,
        data_dir=Path(os.devnull),
        api_key="",
    )


async def caption_clips(
    app: Starlette, settings: Settings, listener: socket.socket, clips: list[Clip], *, stay: bool
) -> None:
    """Serve, play the clips one after the other, print captions and the summary.

    Args:
        app: the application around the loaded model.
        settings: it was made with.
        listener: the socket to serve on.
        clips: what to play.
        stay: go on serving until a signal.
    """
    server = LiveServer(app, settings)
    address = f"http://localhost:{listener.getsockname()[1]}"
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    playing = asyncio.create_task(_play_all(server, address, clips))
    # Ctrl-C ends the server; the speech must not go on into nothing.
    await asyncio.wait({playing, serving}, return_when=asyncio.FIRST_COMPLETED)
    try:
        if not playing.done():
            playing.cancel()
            report("Stopped.")
            return
        report(summary(playing.result()))
        if stay:
            report(f"The server stays at {address} for a look, and the overlay at")
            report(f"{address}/overlay/main; say something in a robot's voice. Ctrl-C ends it.")
            await serving
    finally:
        if not serving.done():
            server.leave()
        await asyncio.wait({playing, serving})


async def _play_all(server: LiveServer, address: str, clips: list[Clip]) -> list[ClipRun]:
    await server.wait_ready()
    report(f"Server ready at {address}; playing {', '.join(c.name for c in clips)}.")
    with open_display(sys.stdout, sys.stderr, jsonl=False) as display:
        return [await _play(address, clip, display) for clip in clips]


async def _play(address: str, clip: Clip, display: Display) -> ClipRun:
    def show(event: SessionEvent, now: float) -> None:
        if isinstance(event, FinalMessage):
            stamp = f"[{event.end:6.2f} s +{now - event.end:.2f}] "
            event = event.model_copy(update={"text": stamp + event.text})
        display.show(event)

    return await play_clip(address, clip, on_event=show)


def summary(runs: list[ClipRun]) -> str:
    """Return the demo's last line: words, errors, and the delay a person would have felt."""
    words = sum(len(run.clip.words) for run in runs)
    errors = sum(run.word_error_rate * len(run.clip.words) for run in runs)
    commits = [delay for run in runs for delay in run.commit_delays()]
    firsts = [delay for run in runs for delay in run.first_partial_delays()]
    lost = sum(run.closed.lost_s for run in runs if run.closed)
    return (
        f"{words} words said, word error rate {errors / words:.1%}, "
        f"median delay {percentile(commits, 50):.2f} s (95 %: {percentile(commits, 95):.2f} s), "
        f"first text after {percentile(firsts, 50):.2f} s, {lost:.1f} s of audio lost"
    )
