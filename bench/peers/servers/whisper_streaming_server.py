"""Puts whisper-streaming's processor behind a WebSocket; runs in its environment, not in ours."""

import argparse
import asyncio
import json
import queue
import threading

import numpy as np
import websockets
from faster_whisper import WhisperModel
from whisper_streaming import ASRProcessor, AudioReceiver, Backend, OutputSender, TimeTrimming
from whisper_streaming.backend import (
    FasterWhisperASR,
    FasterWhisperFeatureExtractorConfig,
    FasterWhisperModelConfig,
    FasterWhisperTranscribeConfig,
)
from whisper_streaming.base import Word

RATE = 16_000
CHUNK = RATE


class Frames(AudioReceiver):
    """Hands over chunks of a second."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: queue.Queue = queue.Queue()

    def _do_receive(self):
        pieces, count = [], 0
        while count < CHUNK:
            frame = self.frames.get()
            if frame is None:
                return None
            piece = np.frombuffer(frame, dtype=np.int16).astype(np.float32) / 32768.0
            pieces.append(piece)
            count += len(piece)
        return np.concatenate(pieces)

    def _do_close(self) -> None:
        self.frames.put(None)


class Nowhere(OutputSender):
    """Its senders poll ten times a second; text is taken from the loop itself, which is sooner."""

    def _do_output(self, data) -> None:
        pass

    def _do_close(self) -> None:
        pass


class Loop(ASRProcessor):
    """Its loop, which shows what is committed and what is in limbo after each chunk."""

    def __init__(self, *given, say, **named) -> None:
        super().__init__(*given, **named)
        self.say = say

    def _process(self, audio):
        committed = super()._process(audio)
        limbo = self._transcription_buffer.transcriptions_in_limbo
        self.say(
            committed=committed.word if committed else "",
            tail=Word.join(limbo).word if limbo else "",
        )
        return committed


async def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--model", required=True)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--threads", type=int, required=True)
    chosen = options.parse_args()
    model = WhisperModel(
        chosen.model, device="cpu", compute_type="int8", cpu_threads=chosen.threads
    )
    FasterWhisperASR._load_model = lambda *_: model
    loop = asyncio.get_running_loop()

    async def serve(socket) -> None:
        out: asyncio.Queue = asyncio.Queue()

        def say(committed: str = "", tail: str = "", end: bool = False) -> None:
            said = {"committed": committed, "tail": tail, "end": end}
            loop.call_soon_threadsafe(out.put_nowait, said)

        receiver = Frames()
        processor = Loop(
            ASRProcessor.ProcessorConfig(
                sampling_rate=RATE,
                prompt_size=200,
                audio_receiver_timeout=3600.0,
                audio_trimming=TimeTrimming(seconds=15.0),
                language="en",
            ),
            receiver,
            Nowhere(),
            Backend.FASTER_WHISPER,
            FasterWhisperModelConfig(model_size_or_path=chosen.model),
            FasterWhisperTranscribeConfig(),
            FasterWhisperFeatureExtractorConfig(),
            say=say,
        )
        await socket.send(json.dumps({"ready": True}))
        worker = threading.Thread(target=processor.run, daemon=True)
        worker.start()
        writing = asyncio.create_task(_write(socket, out))
        try:
            async for frame in socket:
                if isinstance(frame, str):
                    break
                receiver.frames.put(frame)
            receiver.frames.put(None)
            # What is decoded already still comes out; then the words in limbo, as at its time-out.
            while not receiver.queue.empty():  # noqa: ASYNC110 - its queue tells nobody
                await asyncio.sleep(0.05)
            await asyncio.sleep(1.0)
            limbo = processor._transcription_buffer.transcriptions_in_limbo
            say(committed=Word.join(limbo).word if limbo else "", end=True)
            await asyncio.wait({writing}, timeout=5.0)
        finally:
            writing.cancel()

    async with websockets.serve(serve, "127.0.0.1", chosen.port, compression=None):
        await asyncio.get_running_loop().create_future()


async def _write(socket, out: asyncio.Queue) -> None:
    while True:
        said = await out.get()
        await socket.send(json.dumps(said))
        if said["end"]:
            return


if __name__ == "__main__":
    asyncio.run(main())
