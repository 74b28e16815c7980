"""The states of a publisher's session, as a table.

It must not know what moves a session or what a state entails; ``session`` does.
"""

from __future__ import annotations

from enum import Enum, auto

__all__ = ["TRANSITIONS", "Cue", "Phase"]


class Phase(Enum):
    """Where a session stands."""

    CONNECTING = auto()
    """No socket, or one whose ``ready`` has not come: audio is kept."""
    READY = auto()
    """Audio is sent."""
    STOPPING = auto()
    """The rest is sent, then ``stop``; the last captions are awaited."""
    CLOSED = auto()
    """Over: by the server's account, or by ``failure``."""


class Cue(Enum):
    """What can move a session."""

    READY = auto()
    STOP = auto()
    LOST = auto()
    END = auto()


TRANSITIONS = {
    (Phase.CONNECTING, Cue.READY): Phase.READY,
    (Phase.CONNECTING, Cue.STOP): Phase.CONNECTING,  # remembered, and repeated after READY
    (Phase.CONNECTING, Cue.LOST): Phase.CONNECTING,
    (Phase.CONNECTING, Cue.END): Phase.CLOSED,
    (Phase.READY, Cue.STOP): Phase.STOPPING,
    (Phase.READY, Cue.LOST): Phase.CONNECTING,
    (Phase.READY, Cue.END): Phase.CLOSED,
    (Phase.STOPPING, Cue.STOP): Phase.STOPPING,
    (Phase.STOPPING, Cue.LOST): Phase.CONNECTING,
    (Phase.STOPPING, Cue.END): Phase.CLOSED,
    (Phase.CLOSED, Cue.STOP): Phase.CLOSED,
    (Phase.CLOSED, Cue.LOST): Phase.CLOSED,
    (Phase.CLOSED, Cue.END): Phase.CLOSED,
}
"""The pairs that are not here are a ``ready`` the server may not send then."""
