"""The clients' side of ``livecaption.v1``: what ``livecaption stream`` and forwarders build on.

``publish`` is the door, ``publish_blocking`` the one for threads, ``watch`` reads a room;
``session`` is the state machine behind them, free of I/O; ``connection`` keeps it connected;
``pacing`` plays files at speaking speed.
"""

from livecaption.client.backoff import RetryPolicy
from livecaption.client.blocking import BlockingPublisher, LoopThread, publish_blocking
from livecaption.client.dialling import ConnectionOptions
from livecaption.client.events import Reconnecting, SessionEvent
from livecaption.client.pacing import paced
from livecaption.client.publish import PublishClient, publish
from livecaption.client.refusals import ServerRefused, ServerUnreachable, SessionEnded
from livecaption.client.watch import WatchClient, watch

__all__ = [
    "BlockingPublisher",
    "ConnectionOptions",
    "LoopThread",
    "PublishClient",
    "Reconnecting",
    "RetryPolicy",
    "ServerRefused",
    "ServerUnreachable",
    "SessionEnded",
    "SessionEvent",
    "WatchClient",
    "paced",
    "publish",
    "publish_blocking",
    "watch",
]
