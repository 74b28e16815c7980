"""A live-captioning server in the plain way: see ``bench/peers/rolling.py``.

Each second the whole buffer goes through ``faster_whisper.transcribe`` and is shown as it is. When
the speaker has been silent for a second, or the buffer holds 30 s, its text is settled. A full
buffer keeps its last 5 s, and what it hears twice is taken out by comparing words.
"""

import argparse
import asyncio
import json

import numpy as np
import websockets
from faster_whisper import WhisperModel

RATE = 16_000
HOP = RATE
FULL = 30 * RATE
OVERLAP = 5 * RATE
PAUSE_S = 1.0


class Rolling:
    """One stream."""

    def __init__(self, model: WhisperModel) -> None:
        self.model = model
        self.buffer = np.empty(0, dtype=np.float32)
        self.fresh = 0
        self.settled: list[str] = []
        self.after_cut = False

    def feed(self, frame: bytes) -> None:
        samples = np.frombuffer(frame, dtype=np.int16).astype(np.float32) / 32768.0
        self.buffer = np.append(self.buffer, samples)
        self.fresh += len(samples)

    def decode(self, *, last: bool = False) -> tuple[str, str]:
        """Return the text settled just now and the text shown behind it. Blocks."""
        self.fresh = 0
        audio = self.buffer[:FULL]
        segments, _ = self.model.transcribe(
            audio,
            language="en",
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            vad_filter=True,
        )
        words, stop = [], 0.0
        for segment in segments:
            words += segment.text.split()
            stop = segment.end
        if self.after_cut:
            words = self._without_repeats(words)
        silent = len(audio) / RATE - stop >= PAUSE_S
        if last or len(audio) >= FULL or (words and silent):
            self._settle(words, full=len(audio) >= FULL and not silent)
            return " ".join(words), ""
        if not words and len(audio) > OVERLAP:
            self.buffer = self.buffer[-RATE:]
        return "", " ".join(words)

    def _settle(self, words: list[str], *, full: bool) -> None:
        self.settled = (self.settled + words)[-60:]
        self.after_cut = full
        keep = OVERLAP if full else 0
        self.buffer = self.buffer[min(len(self.buffer), FULL) - keep :]

    def _without_repeats(self, words: list[str]) -> list[str]:
        """Drop the longest head of ``words`` that ends the settled text."""
        plain = [_plain(word) for word in words]
        before = [_plain(word) for word in self.settled]
        for size in range(min(len(plain), len(before)), 0, -1):
            # The first word of the overlap is often half a word: it need not fit.
            for skip in (0, 1):
                head = plain[skip : skip + size]
                if len(head) == size and before[-size:] == head:
                    return words[skip + size :]
        return words


def _plain(word: str) -> str:
    return "".join(c for c in word.lower() if c.isalnum())


async def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--model", required=True)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--threads", type=int, required=True)
    chosen = options.parse_args()
    model = WhisperModel(
        chosen.model, device="cpu", compute_type="int8", cpu_threads=chosen.threads
    )
    turn = asyncio.Lock()

    async def serve(socket) -> None:
        stream = Rolling(model)
        await socket.send(json.dumps({"ready": True}))
        frames: asyncio.Queue = asyncio.Queue()

        async def read() -> None:
            async for frame in socket:
                frames.put_nowait(frame)
            frames.put_nowait("stop")

        reading = asyncio.create_task(read())
        try:
            while True:
                frame = await frames.get()
                while isinstance(frame, bytes):
                    stream.feed(frame)
                    if frames.empty():
                        break
                    frame = frames.get_nowait()
                last = isinstance(frame, str)
                while stream.fresh >= HOP or last:
                    async with turn:
                        settled, tail = await asyncio.to_thread(stream.decode, last=last)
                    end = last and len(stream.buffer) == 0
                    said = {"committed": settled, "tail": tail, "end": end}
                    await socket.send(json.dumps(said))
                    if end:
                        return
        finally:
            reading.cancel()

    async with websockets.serve(serve, "127.0.0.1", chosen.port, compression=None):
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main())
