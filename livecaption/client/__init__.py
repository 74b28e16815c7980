"""A publisher's side of ``livecaption.v1``: what ``livecaption stream`` and forwarders build on.

``publish`` is the door; ``session`` is the state machine behind it, free of I/O; ``connection``
keeps it connected; ``pacing`` plays files at speaking speed.
"""

from livecaption.client.backoff import RetryPolicy
from livecaption.client.dialling import ConnectionOptions
from livecaption.client.events import Reconnecting, SessionEvent
from livecaption.client.pacing import paced
from livecaption.client.publish import PublishClient, publish
from livecaption.client.refusals import ServerRefused, ServerUnreachable, SessionEnded

__all__ = [
    "ConnectionOptions",
    "PublishClient",
    "Reconnecting",
    "RetryPolicy",
    "ServerRefused",
    "ServerUnreachable",
    "SessionEnded",
    "SessionEvent",
    "paced",
    "publish",
]
