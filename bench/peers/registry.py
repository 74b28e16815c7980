"""All rivals, in the order in which they are measured."""

from __future__ import annotations

from bench.peers import rolling, whisper_live, whisper_streaming, whisperlivekit
from bench.peers.peer import Peer

__all__ = ["PEERS"]

PEERS: dict[str, Peer] = {
    peer.name: peer
    for peer in (whisper_live.PEER, whisperlivekit.PEER, whisper_streaming.PEER, rolling.PEER)
}
