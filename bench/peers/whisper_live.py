"""WhisperLive (collabora): whole segments again and again; all but the last are completed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from bench.peers.environment import Installation
from bench.peers.mirror import TextMirror
from bench.peers.peer import Peer
from livecaption.bench.caption_log import CaptionLog
from livecaption.bench.dialect import Message
from livecaption.core.audio import Samples

__all__ = ["PEER", "WhisperLiveDialect"]


@dataclass
class WhisperLiveDialect:
    """As its own Python client does it: completed segments are kept once, by their start."""

    ready: bool = False
    done: bool = False
    path: str = "/"
    subprotocols: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    mirror: TextMirror = field(default_factory=TextMirror)
    _completed: list[str] = field(default_factory=list)
    _stop: float = 0.0
    _uid: str = field(default_factory=lambda: str(uuid.uuid4()))

    def hello(self) -> list[Message]:
        options = {
            "uid": self._uid,
            "language": "en",
            "task": "transcribe",
            "model": "unused: the server has its own",
            "use_vad": True,
            "send_last_n_segments": 10,
            "no_speech_thresh": 0.45,
            "clip_audio": False,
            "same_output_threshold": 10,
        }
        return [json.dumps(options)]

    def audio(self, samples: Samples) -> Message:
        return (samples.astype(np.float32) / 32768.0).tobytes()

    def goodbye(self) -> list[Message]:
        return [b"END_OF_AUDIO"]

    def receive(self, message: Message, log: CaptionLog, now: float) -> None:
        said = json.loads(message)
        if said.get("status") in ("WAIT", "ERROR"):
            log.problem = f"{said['status']}: {said['message']}"
        elif said.get("message") == "SERVER_READY":
            self.ready = True
        elif "segments" in said:
            self._take(said["segments"], log, now)

    def hung_up(self, log: CaptionLog, now: float) -> None:
        # Its client writes the last, never completed segment into the transcript, too.
        self.mirror.commit_tail(log, now)
        self.done = True
        log.ended = now

    def _take(self, segments: list[dict], log: CaptionLog, now: float) -> None:
        tail: list[str] = []
        for segment in segments:
            if not segment.get("completed", False):
                tail = segment["text"].split()
            elif float(segment["start"]) >= self._stop:
                self._completed += segment["text"].split()
                self._stop = float(segment["end"])
        self.mirror.update(log, self._completed, tail, now)


PEER = Peer(
    name="whisper-live",
    title="WhisperLive 0.10.0",
    installation=Installation(
        "whisper-live",
        # It requires PyAudio (for its client), OpenVINO, TensorRT's tokenizers and more; its
        # server with the faster-whisper backend imports the packages below only.
        alone=("whisper-live==0.10.0",),
        packages=(
            "faster-whisper==1.2.0",
            "torch",
            "torchaudio",
            "websockets",
            "scipy",
            "fastapi",
            "uvicorn",
            "python-multipart",
            "soundfile",
            "requests",
        ),
    ),
    server="whisper_live_server.py",
    new_dialect=lambda _: WhisperLiveDialect(),
    settings="faster_whisper backend, one shared model, batch inference on (beam 1, 50 ms window), "
    "VAD on, otherwise the defaults of its own client; admission limits lifted",
)
