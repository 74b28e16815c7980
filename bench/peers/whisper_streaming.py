"""whisper_streaming's LocalAgreement loop, in the only form of it that PyPI offers.

The original (ufal/whisper_streaming) is not published there. The package ``whisper-streaming`` is
a re-implementation of its loop by another author; its own network receiver does not exist, so
``servers/whisper_streaming_server.py`` feeds its ``ASRProcessor`` from a WebSocket.
"""

from __future__ import annotations

from bench.peers.environment import Installation
from bench.peers.peer import Peer
from bench.peers.rolling import RollingDialect

__all__ = ["PEER"]

PEER = Peer(
    name="whisper-streaming",
    title="whisper-streaming 0.1.0 (a re-implementation of whisper_streaming)",
    installation=Installation(
        "whisper-streaming", packages=("whisper-streaming[faster-whisper]==0.1.0",)
    ),
    server="whisper_streaming_server.py",
    new_dialect=lambda _: RollingDialect(),
    settings="LocalAgreement, chunks of 1 s as in whisper_streaming, buffer trimmed by time at "
    "15 s, beam 5 (its default)",
    changes=(
        "The model is loaded once and shared; it loads one for each stream.",
        "Text is taken from its loop as soon as it is there, without its senders' polling.",
        "The words in limbo at the end count as committed, as they do at its time-out.",
    ),
)
