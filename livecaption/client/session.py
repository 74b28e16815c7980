"""One publisher's session as a state machine that survives its sockets.

Feed ``connected``, ``receive_text``, ``lost``, ``send_audio``, ``stop``, …; then drain
``messages_to_send`` and ``events_to_show``. After a loss it offers to resume, sends again what
the server asks for or has not acknowledged, and hides the events it had before. It must not know
sockets, clocks or tasks; ``connection`` is its shell.
"""

from __future__ import annotations

from livecaption.client.allowance import Allowance
from livecaption.client.events import Reconnecting, SessionEvent
from livecaption.client.outgoing import Outgoing
from livecaption.client.phase import TRANSITIONS, Cue, Phase
from livecaption.client.received import ReceivedEvents
from livecaption.client.refusals import refused_by_close
from livecaption.client.sent_audio import SentAudio
from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.errors import LiveCaptionError, ProtocolError
from livecaption.protocol.client_messages import Configure, Finalize, Keepalive, Resume, Start
from livecaption.protocol.close_codes import CloseCode, may_reconnect
from livecaption.protocol.codec import Unknown, decode_server, encode
from livecaption.protocol.limits import IDLE_S
from livecaption.protocol.server_messages import (
    Ack,
    Closed,
    DeltaMessage,
    ErrorMessage,
    FinalizedMessage,
    FinalMessage,
    GapMessage,
    PartialMessage,
    Ready,
    ServerMessage,
    Status,
    UtteranceStartedMessage,
)

__all__ = ["PublishSession"]

_EARNED_AGAIN = frozenset({CloseCode.BAD_MESSAGES, CloseCode.TOO_FAST})
"""Codes to come back from that this program would only meet again."""

_AS_ASKED = "stop"
"""The one reason of ``closed`` that is the end; all others are a loss."""

_NOT_HELD = "client"
"""The reason of a ``gap`` over audio that we no longer held."""

_BATCH = 16
"""Messages per drain: a replayed minute must not keep the shell from reading."""


class PublishSession:
    """What a publisher knows about its session.

    Args:
        start: the wish the session begins with; its audio is 16-bit mono at 16 kHz.
        allowance: how fast audio may be sent.
        audio: where audio is kept.
    """

    def __init__(
        self, start: Start, allowance: Allowance | None = None, audio: SentAudio | None = None
    ) -> None:
        self._start = start
        self._allowance = allowance or Allowance()
        self._outgoing = Outgoing(audio)
        self._received = ReceivedEvents()
        self._first: list[str | bytes] = []
        self._phase = Phase.CONNECTING
        self._ready: Ready | None = None
        self._claiming = False
        self._ghosts = 0
        self._last_error: ErrorMessage | None = None
        self._stop_wanted = False
        self._not_held = 0
        self._events: list[SessionEvent] = []
        self.failure: LiveCaptionError | None = None
        """Why the session ended, if it did not end as asked."""
        self.progressed = False
        """Whether this socket has brought the session on: new events, or audio acknowledged."""

    # -- what the shell reads ---------------------------------------------------------------

    @property
    def phase(self) -> Phase:
        """Where the session stands."""
        return self._phase

    @property
    def greeted(self) -> bool:
        """True once a server has taken the session; its loss is worth more patience then."""
        return self._ready is not None

    @property
    def room(self) -> int:
        """Samples ``send_audio`` can take now without losing any to a long outage."""
        return self._outgoing.audio.room

    @property
    def lost_samples(self) -> int:
        """Samples that were given but can reach no server any more."""
        return self._outgoing.audio.lost + self._not_held

    @property
    def sent(self) -> int:
        """Samples sent so far, on our clock."""
        return self._outgoing.audio.cursor

    @property
    def confirmed(self) -> int | None:
        """Samples of them the server says it has; None before it has said anything."""
        return self._outgoing.audio.received

    @property
    def idle_s(self) -> float:
        """Seconds without a message from us that the server bears."""
        return self._ready.limits.idle_s if self._ready else IDLE_S

    @property
    def held_back_s(self) -> float | None:
        """Seconds until more audio may be sent; None when none waits for its time."""
        running = self._phase in (Phase.READY, Phase.STOPPING)
        return self._allowance.wait_s if running and self._outgoing.has_audio else None

    @property
    def retry_after(self) -> float | None:
        """Seconds the server's last fatal error asked us to stay away, if it did."""
        asked = self._last_error.retry_after_ms if self._last_error else None
        return None if asked is None else asked / 1000

    @property
    def last_words(self) -> str | None:
        """The server's last fatal error on this socket, as a sentence."""
        return self._last_error.message if self._last_error else None

    # -- feed -------------------------------------------------------------------------------

    def connected(self) -> None:
        """A socket is open: introduce the session, or offer to resume it."""
        resume = None
        if self._ready is not None:
            resume = Resume(
                session=self._ready.session,
                resume_token=self._ready.resume_token,
                last_seq=self._received.last_seq,
                held_from=self._outgoing.audio.offer(),
            )
        self._last_error = None
        self._claiming = resume is not None
        self.progressed = False
        self._first = [encode(self._start.model_copy(update={"resume": resume}))]

    def lost(self, code: int) -> None:
        """The socket is gone, closed with ``code`` (1006 when it just broke).

        A code that says "do not come back" ends the session with a ``failure``. So does one that
        this program would only meet again, because it would do the same again, and one that says
        that somebody else has the session now.
        """
        self._first = []
        self._outgoing.audio.detach()
        if self._must_stay_away(code) and self._phase is not Phase.CLOSED:
            self.fail(refused_by_close(code, self._last_error))
        if self._claiming and self._phase is Phase.CONNECTING:
            self._ghosts += 1
        self._claiming = False
        self._move(Cue.LOST)

    def fail(self, error: LiveCaptionError) -> None:
        """Give the session up."""
        self.failure = error
        self._move(Cue.END)

    def retrying(self, reason: str, delay: float) -> None:
        """Another attempt follows in ``delay`` seconds."""
        self._events.append(Reconnecting(reason, delay))

    def send_audio(self, samples: Samples) -> None:
        """Add audio, int16, 16 kHz, mono, shape (n,); more than ``room`` loses the oldest."""
        self._outgoing.audio.append(samples)

    def finalize(self) -> None:
        """Close the current utterance behind the audio given so far."""
        self._outgoing.insert(Finalize())

    def configure(self, change: Configure) -> None:
        """Change settings from the next utterance on, behind the audio given so far."""
        self._outgoing.insert(change)

    def keepalive(self) -> None:
        """Show that we are there, when no audio does."""
        if self._phase is Phase.READY:
            self._first.append(encode(Keepalive()))

    def stop(self) -> None:
        """End the session behind the audio given so far."""
        self._stop_wanted = True
        self._move(Cue.STOP)

    def receive_text(self, text: str) -> None:
        """Take a text frame.

        Raises:
            ProtocolError: it is no message of ``livecaption.v1``, or not one for now.
        """
        message = decode_server(text)
        match message:
            case Unknown():  # a newer server has more to say
                return
            case Ready():
                self._receive_ready(message)
            case ErrorMessage():  # one that is not fatal is no reason for a later loss
                self._last_error = message if message.fatal else self._last_error
            case UtteranceStartedMessage() | DeltaMessage() | FinalMessage() | GapMessage():
                self._check_greeted(message)
                if not self._received.is_new(message):
                    return
                self._receive_numbered(message)
            case PartialMessage() | Ack() | Status() | FinalizedMessage() | Closed():
                self._check_greeted(message)
                if not self._receive_advisory(message):
                    return
            case _:
                raise ProtocolError(f"The server sent {message.type}, which is for watchers.")
        self._events.append(message)

    # -- drain ------------------------------------------------------------------------------

    def messages_to_send(self, now: float) -> list[str | bytes]:
        """Hand out, once, up to 16 messages for the socket; call until there are none.

        Args:
            now: seconds on any steady clock; audio that comes too fast for it waits.
        """
        messages, self._first = self._first, []
        if self._phase not in (Phase.READY, Phase.STOPPING) or self._ready is None:
            return messages
        most = self._ready.limits.max_frame_bytes // 2
        while len(messages) < _BATCH:
            allowed = min(most, self._allowance.samples(now))
            message = self._outgoing.next(allowed, stopping=self._phase is Phase.STOPPING)
            if message is None:
                break
            if isinstance(message, bytes):
                self._allowance.spend(len(message) // 2)
            messages.append(message)
        return messages

    def events_to_show(self) -> list[SessionEvent]:
        """Hand out, once, the events since the last call, oldest first."""
        events, self._events = self._events, []
        return events

    # -- inside -----------------------------------------------------------------------------

    def _move(self, cue: Cue) -> None:
        following = TRANSITIONS.get((self._phase, cue))
        if following is None:
            raise ProtocolError("The server sent ready twice.")
        self._phase = following

    def _must_stay_away(self, code: int) -> bool:
        if code == CloseCode.TAKEN_OVER and self._ghosts:
            # An attempt of ours that we had given up reached the server late.
            self._ghosts -= 1
            return False
        return code == CloseCode.TAKEN_OVER or code in _EARNED_AGAIN or not may_reconnect(code)

    def _receive_ready(self, ready: Ready) -> None:
        self._move(Cue.READY)
        self._ready = ready
        if ready.resumed:
            self._received.wanted_from(ready.resume_from)
            self._outgoing.resume(ready.resume_from)
        else:
            self._outgoing.restart()
            self._received.restarted()
        if self._stop_wanted:
            self._move(Cue.STOP)

    def _check_greeted(self, message: ServerMessage) -> None:
        if self._phase is Phase.CONNECTING:
            raise ProtocolError(f"The server sent {message.type} before ready.")

    def _receive_numbered(
        self, event: UtteranceStartedMessage | DeltaMessage | FinalMessage | GapMessage
    ) -> None:
        self.progressed = True
        self._events += self._received.withdrawn()
        if isinstance(event, GapMessage) and event.reason == _NOT_HELD:
            self._not_held += round((event.to - event.from_) * SAMPLE_RATE)
            self._received.wanted_from(round(event.from_ * SAMPLE_RATE))

    def _receive_advisory(
        self, message: PartialMessage | Ack | Status | FinalizedMessage | Closed
    ) -> bool:
        """Act on a message that is not numbered; return whether to show it."""
        match message:
            case Ack():
                self._catch_up()
                before = self.confirmed or 0
                self._outgoing.audio.acknowledge(message.received)
                self.progressed |= (self.confirmed or 0) > before
                self._answer_finalizes(message.committed)
            case FinalizedMessage():
                return self._outgoing.finalized()
            case Closed(reason=reason) if reason != _AS_ASKED:
                return False  # the close code that follows says whether to come back
            case Closed():
                self._catch_up()
                self._answer_finalizes(self._outgoing.audio.stop)
                self._move(Cue.END)
            case PartialMessage() | Status():
                pass
        return True

    def _catch_up(self) -> None:
        self._received.caught_up()
        self._events += self._received.withdrawn()

    def _answer_finalizes(self, committed: int) -> None:
        """Show the answers that were lost with a socket."""
        self._events += [FinalizedMessage()] * self._outgoing.settled(committed)
