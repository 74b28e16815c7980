"""A meeting's speakers in one room, each a session with a name; one thread for each.

python examples/meeting_bot.py ws://localhost:8000 main Ann=ann.wav Ben=ben.wav

A bot replaces ``open_source`` by what its meeting gives it: int16, 16 kHz, mono. Live audio keeps
its own time, so that a bot needs no ``Schedule``; a file is played as if it were spoken now.
"""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from livecaption.client import LoopThread, publish_blocking
from livecaption.client.pacing import Schedule
from livecaption.media.sources import open_source
from livecaption.protocol.server_messages import FinalMessage


def speak(url: str, room: str, speaker: str, path: str, loop: LoopThread) -> None:
    schedule, waiting = Schedule(), threading.Event()
    with publish_blocking(url, room=room, speaker=speaker, loop=loop) as captions:
        with open_source(path) as blocks:
            for block in blocks:
                waiting.wait(
                    max(0.0, schedule.due(len(block), time.monotonic()) - time.monotonic())
                )
                captions.send(block)
        captions.stop()
        for event in captions.events():
            if isinstance(event, FinalMessage):
                print(f"{speaker}: {event.text}", flush=True)


def main(url: str, room: str, *speakers: str) -> None:
    with LoopThread() as loop, ThreadPoolExecutor(len(speakers)) as pool:
        for each in [pool.submit(speak, url, room, *who.split("=", 1), loop) for who in speakers]:
            each.result()


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit("usage: meeting_bot.py SERVER ROOM NAME=FILE ...")
    main(*sys.argv[1:])
