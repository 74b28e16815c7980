"""The server's half of the resume contract, as small as it can be, on an ideal disk.

A session's audio is captioned by naming its samples: the text ``16:32`` says "samples 16 to 31 of
what the client was given". So whether anything was lost or said twice can be read off the text.

* ``received`` is memory: a kill takes it. ``stored`` is the disk: a kill leaves it.
* Audio is committed when the final over it is on the disk, and not before.
* After a loss the server says from where it wants audio: from what it holds.
* The newest link has the session; the one before is closed with 4009.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.client import wire

RATE = 16_000
LOST = -1
TAKEN_OVER = 4009


@dataclass(eq=False)
class Link:
    """One connection; what is on its way stays on its way until somebody carries it."""

    up: deque[str | bytes] = field(default_factory=deque)
    down: deque[str | int] = field(default_factory=deque)
    """Messages, and at last the code of a close."""
    open: bool = True
    """As the server sees it."""
    session: Session | None = None

    def say(self, *texts: str) -> None:
        if self.open:
            self.down.extend(texts)

    def close(self, code: int) -> None:
        if self.open:
            self.down.append(code)
            self.open = False


@dataclass(frozen=True)
class Stored:
    """What of a session is on the disk."""

    samples: int = 0
    seq: int = 0
    utterances: int = 0
    events: tuple[tuple[int, str], ...] = ()
    audio: npt.NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))


class Session:
    """One publisher's captions."""

    def __init__(self, number: int, start: dict[str, Any]) -> None:
        self.id = f"s_{number}"
        self.stored = Stored()
        self.link: Link | None = None
        self.killed = False
        self.restore(start)

    def restore(self, start: dict[str, Any]) -> None:
        """Begin from the disk, which does not know the settings; ``start`` does."""
        self.audio = self.stored.audio
        self.events = list(self.stored.events)
        self.seq = self.stored.seq
        self.utterances = self.stored.utterances
        self.captioned = self.stored.samples
        self.start: int | None = None
        self.delivered = 0
        self.texts: list[str] = []
        self.configure(0, start["speaker"])

    def configure(self, place: int, speaker: str | None) -> None:
        """Use another speaker for what begins at ``place`` or later."""
        if place == 0:
            self.speakers: list[tuple[int, str | None]] = []
        self.speakers.append((place, speaker))

    @property
    def received(self) -> int:
        return len(self.audio)

    def emit(self, make: Any, *arguments: Any, **fields: Any) -> None:
        """Number an event, keep it for replays, and send it."""
        self.seq += 1
        text = make(self.seq, *arguments, **fields)
        self.events.append((self.seq, text))
        if self.link is not None:
            self.link.say(text)

    def caption(self, most: int) -> None:
        """Commit up to ``most`` more samples of what has been received."""
        if self.start is None and self.captioned < self.received:
            self.start = self.delivered = self.captioned
            self.utterances += 1
            self.emit(wire.started, self.utterances, self.start / RATE)
        stop = min(self.received, self.delivered + most)
        if self.start is not None and stop > self.delivered:
            text = _names(self.audio[self.delivered : stop])
            self.emit(wire.delta, text, utterance=self.utterances)
            self.texts.append(text)
            self.delivered = stop

    def close(self) -> None:
        """End the open utterance behind what has been received, and store it."""
        self.caption(self.received)
        if self.start is None:
            return
        speaker = [name for place, name in self.speakers if place <= self.start][-1]
        self.emit(_final, "".join(self.texts), utterance=self.utterances, speaker=speaker)
        self.captioned, self.start, self.texts = self.received, None, []
        self._store()

    def _store(self) -> None:
        self.stored = Stored(
            self.captioned, self.seq, self.utterances, tuple(self.events), self.audio
        )

    def skip_to(self, sample: int) -> None:
        """Declare audio that will not come."""
        self.close()
        self.emit(_gap, self.received / RATE, sample / RATE)
        missing = np.full(sample - self.received, LOST, np.int32)
        self.audio = np.concatenate([self.audio, missing])
        self.captioned = sample
        self._store()

    def acknowledge(self) -> None:
        if self.link is not None:
            self.link.say(wire.ack(self.received, self.stored.samples))


class ModelServer:
    """All sessions, and the links that lead to them."""

    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self.links: list[Link] = []

    def connect(self) -> Link:
        self.links.append(Link())
        return self.links[-1]

    def carry_up(self, link: Link, most: int) -> None:
        """Deliver what a client has sent."""
        for _ in range(min(most, len(link.up))):
            message = link.up.popleft()
            if link.open:
                self._receive(link, message)

    def kill(self) -> None:
        """Die without a word, and start again from the disk."""
        for link in self.links:
            link.open = False
        for session in self.sessions.values():
            session.link = None
            session.killed = True
            self.restore(session)

    def restore(self, session: Session) -> None:
        """Bring back what is on the disk."""
        session.restore({"speaker": None})

    def _receive(self, link: Link, message: str | bytes) -> None:
        session = link.session
        if isinstance(message, bytes):
            assert session is not None, "audio before start"
            heard = np.frombuffer(message, np.int16).astype(np.int32)
            session.audio = np.concatenate([session.audio, heard])
            return
        fields = json.loads(message)
        if fields["type"] == "start":
            self._welcome(link, fields)
            return
        assert session is not None, "a message before start"
        match fields["type"]:
            case "finalize":
                session.close()
                link.say(wire.say("finalized"))
            case "configure":
                session.configure(session.received, fields["speaker"])
            case "stop":
                session.close()
                session.acknowledge()
                link.say(wire.closed())
                link.close(1000)

    def _welcome(self, link: Link, start: dict[str, Any]) -> None:
        resume = start["resume"]
        if resume is None:
            session = Session(len(self.sessions) + 1, start)
            self.sessions[session.id] = session
            session.link, link.session = link, session
            link.say(wire.ready(session.id))
            return
        session = self.sessions[resume["session"]]
        assert resume["resume_token"] == f"token-of-{session.id}"
        if session.link is not None:
            session.link.close(TAKEN_OVER)
        session.link = None
        if session.killed:
            session.killed = False
            session.configure(0, start["speaker"])
        session.seq = max(session.seq, resume["last_seq"])
        if resume["held_from"] > session.received:
            session.skip_to(resume["held_from"])
        link.say(wire.ready(session.id, resumed=True, resume_from=session.received))
        rather_too_many = resume["last_seq"] - 2
        link.say(*(text for seq, text in session.events if seq > rather_too_many))
        session.link, link.session = link, session


def named(text: str) -> list[int]:
    """The samples that a caption names."""
    samples: list[int] = []
    for stretch in text.split():
        first, _, stop = stretch.partition(":")
        samples += range(int(first), int(stop))
    return samples


def _names(audio: npt.NDArray[np.int32]) -> str:
    """Name samples by the stretches they came in."""
    breaks = np.flatnonzero(np.diff(audio) != 1) + 1
    pieces = [piece for piece in np.split(audio, breaks) if piece[0] != LOST]
    return "".join(f" {piece[0]}:{piece[-1] + 1}" for piece in pieces)


def _final(seq: int, text: str, *, utterance: int, speaker: str | None) -> str:
    fields = json.loads(wire.final(seq, text, utterance=utterance))
    return json.dumps({**fields, "speaker": speaker})


def _gap(seq: int, start: float, stop: float) -> str:
    return wire.say(
        "gap", seq=seq, **{"from": round(start, 3), "to": round(stop, 3)}, reason="client"
    )
