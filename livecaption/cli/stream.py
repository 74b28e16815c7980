"""``livecaption stream``: sends files, pipes, broadcasts or devices to a server, as they sound.

The captions come back as text. A source is read by ``media``, a session kept by ``client``; here
are only the options.
"""

from __future__ import annotations

import asyncio
import os
import sys
from enum import StrEnum
from typing import Annotated

import typer

from livecaption.cli.forwarding import Forwarding
from livecaption.cli.live_text import open_display
from livecaption.cli.playlist import Named, Playing, named_sources
from livecaption.cli.terminal import report
from livecaption.client.dialling import ConnectionOptions
from livecaption.client.publish import Wishes
from livecaption.core.audio import SAMPLE_RATE
from livecaption.media.devices import alsa_devices
from livecaption.media.pulse import pulse_devices
from livecaption.media.sources import RawFormat

__all__ = ["stream"]


class TaskChoice(StrEnum):
    """What to do with the speech."""

    TRANSCRIBE = "transcribe"
    TRANSLATE = "translate"


class EncodingChoice(StrEnum):
    """How samples on standard input are written."""

    S16 = "pcm_s16le"
    F32 = "pcm_f32le"
    MULAW = "mulaw"
    ALAW = "alaw"


def list_devices(wanted: bool) -> None:
    """Print what this machine can listen to, as sources, and end."""
    if not wanted:
        return
    devices = [*pulse_devices(), *alsa_devices()]
    width = max((len(device.spec) for device in devices), default=0)
    for device in devices:
        sys.stdout.write(f"{device.spec:<{width}}  {device.description}\n")
    if not devices:
        report(
            "No device was found: there is neither PulseAudio or PipeWire (pactl, from Debian's "
            "pulseaudio-utils) nor ALSA here."
        )
    raise typer.Exit


def stream(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE",
            help="A file; - for raw PCM on standard input; an address (http, rtmp, rtsp, HLS); "
            "pulse:NAME, pulse:default or pulse:monitor (what is played here); or a capture "
            "device as FORMAT:DEVICE, like alsa:hw:0 or avfoundation::0. Several are captioned "
            "at once; write NAME=SOURCE to say who speaks.",
            show_default=False,
        ),
    ],
    url: Annotated[
        str, typer.Option(help="Address of the server.", envvar="LIVECAPTION_URL")
    ] = "ws://localhost:8000",
    room: Annotated[
        str, typer.Option(help="Where the captions are shown.", envvar="LIVECAPTION_ROOM")
    ] = "main",
    language: Annotated[
        str | None,
        typer.Option(
            help="Language spoken, such as en.",
            envvar="LIVECAPTION_LANGUAGE",
            show_default="detected",
        ),
    ] = None,
    speaker: Annotated[
        str | None,
        typer.Option(
            help="Name shown with the captions of sources without one.",
            envvar="LIVECAPTION_SPEAKER",
        ),
    ] = None,
    vocabulary: Annotated[
        list[str] | None,
        typer.Option(
            help="A name or term to expect; may be repeated.",
            envvar="LIVECAPTION_VOCABULARY",
            show_default=False,
        ),
    ] = None,
    task: Annotated[
        TaskChoice,
        typer.Option(help="Write what is said, or its English.", envvar="LIVECAPTION_TASK"),
    ] = TaskChoice.TRANSCRIBE,
    key: Annotated[
        str | None,
        typer.Option(
            help="The server's key; others on this machine can read a command line, so rather "
            "set LIVECAPTION_KEY.",
            envvar=["LIVECAPTION_KEY", "LIVECAPTION_API_KEY"],
            show_default=False,
        ),
    ] = None,
    speed: Annotated[
        float,
        typer.Option(
            help="How fast a file is played; servers bear little above 1.",
            envvar="LIVECAPTION_SPEED",
            min=0.01,
        ),
    ] = 1.0,
    loop: Annotated[
        bool,
        typer.Option("--loop", help="Start a file again when it ends.", envvar="LIVECAPTION_LOOP"),
    ] = False,
    jsonl: Annotated[
        bool,
        typer.Option(
            "--jsonl",
            help="Print each message of the server as a line of JSON.",
            envvar="LIVECAPTION_JSONL",
        ),
    ] = False,
    reopen: Annotated[
        float,
        typer.Option(
            help="Seconds for which a broadcast or device that breaks is opened again; 0 to end "
            "with the first break.",
            envvar="LIVECAPTION_REOPEN",
            min=0.0,
        ),
    ] = 600.0,
    rate: Annotated[
        int, typer.Option(help="Samples per second on standard input.", envvar="LIVECAPTION_RATE")
    ] = SAMPLE_RATE,
    channels: Annotated[
        int, typer.Option(help="Channels on standard input.", envvar="LIVECAPTION_CHANNELS")
    ] = 1,
    encoding: Annotated[
        EncodingChoice,
        typer.Option(help="Samples on standard input.", envvar="LIVECAPTION_ENCODING"),
    ] = EncodingChoice.S16,
    _list_devices: Annotated[
        bool,
        typer.Option(
            "--list-devices",
            help="List what can be listened to here, and end.",
            callback=list_devices,
            is_eager=True,
        ),
    ] = False,
) -> None:
    """Send audio to a server and print its captions.

    A connection that breaks is opened again, and the session goes on where the server says: over
    an outage of a minute no word is lost or repeated. The first Ctrl-C ends the audio and waits
    for the last captions, the second quits.

    Exit status: 0 when all was captioned to its end or to Ctrl-C, 1 when a source or the server
    failed, 2 for a wrong option, 130 after a second Ctrl-C.
    """
    wishes = Wishes(
        room=room, language=language, vocabulary=tuple(vocabulary or ()), task=task.value
    )
    playing = Playing(
        RawFormat(rate, channels, encoding.value), speed=speed, loop=loop, patience_s=reopen
    )
    named = named_sources(sources, speaker)
    options = ConnectionOptions(key=key)
    try:
        asyncio.run(_stream(url, options, wishes, playing, named, jsonl=jsonl))
    except BrokenPipeError:  # the reader of our captions has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def _stream(
    url: str,
    options: ConnectionOptions,
    wishes: Wishes,
    playing: Playing,
    named: list[Named],
    *,
    jsonl: bool,
) -> None:
    with open_display(sys.stdout, sys.stderr, jsonl=jsonl) as display:
        await Forwarding(url, options, display, playing, **wishes).run(named)
