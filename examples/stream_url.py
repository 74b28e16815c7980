"""Captions of a broadcast, over its breaks: RTMP, RTSP, HLS, http; or of a file.

python examples/stream_url.py ws://localhost:8000 main https://radio.example/live.m3u8
"""

from __future__ import annotations

import asyncio
import sys

from livecaption.client import paced, publish
from livecaption.media.on_air import open_on_air
from livecaption.media.reader import SourceReader
from livecaption.protocol.server_messages import FinalMessage


def tell(sentence: str) -> None:
    """Say that the broadcast broke off, or is back, and how much was missed."""
    print(sentence, file=sys.stderr, flush=True)


async def main(url: str, room: str, source: str, patience_s: float = 60.0) -> None:
    broadcast = open_on_air(source, report=tell, patience_s=patience_s)
    async with SourceReader(broadcast) as blocks:
        audio = paced(blocks) if broadcast.duration else blocks  # a broadcast keeps its own time
        async with publish(url, audio, room=room) as captions:
            async for event in captions:
                if isinstance(event, FinalMessage):
                    print(event.text, flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit("usage: stream_url.py SERVER ROOM ADDRESS")
    asyncio.run(main(*sys.argv[1:4]))
