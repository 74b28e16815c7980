"""A meeting's speakers in one room, each a session with a name; one thread for each.

python examples/several_speakers.py ws://localhost:8000 main Ann=ann.wav Ben=ben.wav

Live audio takes the place of ``open_source``: int16, 16 kHz, mono. It keeps its own time, and needs
no ``Schedule``; a file is played as if it were spoken now. For audio that comes and goes, as in a
meeting, see ``meeting_bot.py``; without a program, ``livecaption stream Ann=ann.wav Ben=ben.wav``.
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
        sys.exit("usage: several_speakers.py SERVER ROOM NAME=FILE ...")
    main(*sys.argv[1:])
