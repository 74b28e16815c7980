"""Captions of raw PCM (16-bit, 16 kHz, mono) on standard input, one line per utterance.

ffmpeg -i talk.mp4 -f s16le -ar 16000 -ac 1 - | python examples/pcm_pipe.py ws://localhost:8000 main
"""

from __future__ import annotations

import asyncio
import sys

from livecaption.client import paced, publish
from livecaption.media.reader import SourceReader
from livecaption.media.sources import open_source
from livecaption.protocol.server_messages import FinalMessage


async def main(url: str, room: str = "main", source: str = "-") -> None:
    async with SourceReader(open_source(source)) as blocks:
        async with publish(url, paced(blocks, 1.2), room=room) as captions:
            async for event in captions:
                if isinstance(event, FinalMessage):
                    print(event.text, flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
