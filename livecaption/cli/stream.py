"""``livecaption stream``: sends a file, a pipe, an address or a microphone to a server.

The captions come back as text. The first Ctrl-C stops the audio and waits for the last captions,
the second quits.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from types import FrameType
from typing import Annotated

import typer

from livecaption.cli.live_text import open_display
from livecaption.cli.terminal import report
from livecaption.client.dialling import ConnectionOptions
from livecaption.client.pacing import paced
from livecaption.client.publish import Wishes, publish
from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.media.reader import SourceReader
from livecaption.media.sources import RawFormat, Source, open_source

__all__ = ["stream"]

_LIVE_SPEED = 1.2
"""Bound for pipes and addresses: they keep their own time, but may begin with a burst, and their
clock may be faster than ours, which at a bound of 1 would add up to a delay."""


class TaskChoice(StrEnum):
    """What to do with the speech."""

    TRANSCRIBE = "transcribe"
    TRANSLATE = "translate"


def stream(
    source: Annotated[
        str,
        typer.Argument(
            help="A file; - for raw 16-bit PCM on standard input; an address (http, rtmp, rtsp, "
            "HLS); or a capture device as FORMAT:DEVICE, like alsa:hw:0 or avfoundation::0.",
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
        typer.Option(help="Name shown with the captions.", envvar="LIVECAPTION_SPEAKER"),
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
    rate: Annotated[
        int, typer.Option(help="Samples per second on standard input.", envvar="LIVECAPTION_RATE")
    ] = SAMPLE_RATE,
    channels: Annotated[
        int, typer.Option(help="Channels on standard input.", envvar="LIVECAPTION_CHANNELS")
    ] = 1,
) -> None:
    """Send audio to a server and print its captions.

    A connection that breaks is opened again, and audio the server had not acknowledged, up to a
    minute, is sent again; up to about a second may be captioned twice.
    """
    wishes = Wishes(
        room=room,
        language=language,
        speaker=speaker,
        vocabulary=tuple(vocabulary or ()),
        task=task.value,
    )
    playlist = Playlist(source, RawFormat(rate, channels), speed=speed, loop=loop)
    try:
        asyncio.run(_stream(url, key, wishes, playlist, jsonl=jsonl))
    except BrokenPipeError:  # the reader of our captions has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@dataclass(frozen=True)
class Playlist:
    """What to play, and how."""

    spec: str
    raw: RawFormat
    speed: float
    loop: bool

    def open(self) -> Source:
        """Open the source; see ``open_source``."""
        return open_source(self.spec, self.raw)

    async def blocks(self, first: Source) -> AsyncIterator[Samples]:
        """Yield blocks from the opened source, then, in a loop, from the same one again."""
        source = first
        while True:
            async with SourceReader(source) as reader:
                async for block in reader:
                    yield block
            if reader.dropped:
                report(f"{reader.dropped / SAMPLE_RATE:.1f} s of {source.name} could not be kept.")
            if not self.loop or source.live or self.spec == "-":
                return
            source = self.open()

    def at_its_speed(self, first: Source) -> AsyncIterator[Samples]:
        """Pace the blocks: files as if spoken, devices by themselves, the rest bounded."""
        if first.live:
            return self.blocks(first)
        keeps_time = self.spec == "-" or first.duration is None
        return paced(self.blocks(first), _LIVE_SPEED if keeps_time else self.speed)


async def _stream(
    url: str, key: str | None, wishes: Wishes, playlist: Playlist, *, jsonl: bool
) -> None:
    source = playlist.open()
    audio = playlist.at_its_speed(source)
    client = publish(url, audio, options=ConnectionOptions(key=key), **wishes)
    async with client as captions:
        with (
            on_interrupt(captions.stop),
            open_display(sys.stdout, sys.stderr, jsonl=jsonl) as display,
        ):
            async for event in captions:
                display.show(event)
    if captions.lost_s:
        report(f"{captions.lost_s:.1f} s of audio were lost while the server was away.")


@contextmanager
def on_interrupt(first: Callable[[], None]) -> Iterator[None]:
    """Call ``first`` on the event loop at the first Ctrl-C; a second one acts as it always does."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread gets signals
        return
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGINT)

    def interrupted(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        loop.call_soon_threadsafe(first)

    signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
