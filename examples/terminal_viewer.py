"""A room's captions in a terminal.

python examples/terminal_viewer.py ws://localhost:8000 main
"""

from __future__ import annotations

import asyncio
import sys

from livecaption.client import watch
from livecaption.protocol.server_messages import Presence, RoomFinal, RoomGap, Snapshot


async def main(url: str, room: str = "main") -> None:
    async with watch(url, room) as messages:
        async for message in messages:
            match message:
                case Snapshot():
                    for final in message.finals:
                        show(final)
                case RoomFinal():
                    show(message)
                case RoomGap():
                    if message.to > message.from_:
                        print(f"[{message.to - message.from_:.1f} s not captioned]", flush=True)
                case Presence(publishers=0):
                    print("(nobody is speaking)", flush=True)


def show(final: RoomFinal) -> None:
    """Print a line without the control characters that could move the cursor."""
    line = f"{final.speaker}: {final.text}" if final.speaker else final.text
    print("".join(c if c.isprintable() else " " for c in line), flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: terminal_viewer.py SERVER [ROOM]")
    asyncio.run(main(*sys.argv[1:3]))
