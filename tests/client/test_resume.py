"""Whatever a network loses and whenever the server is killed: every sample once, or declared.

The client's real state machine against a model of the server, with everything that is under way
between them in the hands of the test. Three ways of resuming that look just as good are tried
as well, and must be found out.
"""

from __future__ import annotations

import pytest
from hypothesis import Phase as Stage
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from livecaption.client.allowance import Allowance
from livecaption.client.events import NumberedEvent, SessionEvent, Withdrawn
from livecaption.client.phase import Phase
from livecaption.client.received import ReceivedEvents
from livecaption.client.sent_audio import SentAudio
from livecaption.client.session import PublishSession
from livecaption.protocol.client_messages import Configure, Start
from livecaption.protocol.server_messages import (
    DeltaMessage,
    FinalizedMessage,
    FinalMessage,
    GapMessage,
    Ready,
    UtteranceStartedMessage,
)
from tests.client import wire
from tests.client.model_server import Link, ModelServer, Session, Stored, named

KEPT, WAITING, SPARE = 8_000, 4_000, 800
"""Samples: small, so that outages outlast them."""

MOST_GIVEN = 30_000
"""Samples; the values of more would not be unique."""

MILLISECOND = 16
"""Samples; places in whole ones survive the wire's rounding."""


class Resuming(RuleBasedStateMachine):
    """One publisher, one server, and a network between them."""

    server_kind: type[ModelServer] = ModelServer
    session_kind: type[PublishSession] = PublishSession

    def __init__(self) -> None:
        super().__init__()
        self.server = self.server_kind()
        audio = SentAudio(KEPT, WAITING, SPARE)
        unhurried = Allowance(speed=1.0, burst_s=1e6)
        self.session = self.session_kind(Start(speaker="A"), unhurried, audio)
        self.link: Link | None = None
        self.given = 0
        self.speakers = [(0, "A")]
        self.finalizes: list[int] = []
        self.open: dict[int, str] = {}
        self.captioned: list[int] = []
        self.utterances: list[tuple[int, int]] = []
        self.finalized = 0
        self.declared = 0

    # -- the program ------------------------------------------------------------------------

    @rule(milliseconds=st.integers(1, 100))
    def give(self, milliseconds: int) -> None:
        left = MOST_GIVEN - self.given
        count = min(milliseconds * MILLISECOND, self.session.room, left)
        self.session.send_audio(wire.numbered_samples(count, start=self.given))
        self.given += count

    @rule()
    def finalize(self) -> None:
        self.session.finalize()
        self.finalizes.append(self.given)

    @rule(name=st.sampled_from("BCD"))
    def rename(self, name: str) -> None:
        self.session.configure(Configure(speaker=name))
        self.speakers.append((self.given, name))

    # -- the network ------------------------------------------------------------------------

    @precondition(lambda self: self.link is None)
    @rule(quickly=st.booleans())
    def connect(self, *, quickly: bool) -> None:
        self.link = self.server.connect()
        self.session.connected()
        if quickly:
            self.carry_up(1)
            self.carry_down(1)

    @precondition(lambda self: self.link is not None)
    @rule(most=st.integers(1, 4))
    def carry_up(self, most: int) -> None:
        assert self.link is not None
        self.link.up += self.session.messages_to_send(0.0)
        self.server.carry_up(self.link, most)

    @precondition(lambda self: self.link is not None)
    @rule(most=st.integers(1, 6))
    def carry_down(self, most: int) -> None:
        for _ in range(most):
            if self.link is None or not self.link.down:
                return
            message = self.link.down.popleft()
            if isinstance(message, int):
                self.lose(message)
                return
            self.session.receive_text(message)
            for event in self.session.events_to_show():
                self.show(event)

    @precondition(lambda self: self.link is not None)
    @rule(milliseconds=st.integers(20, 100))
    def flow(self, milliseconds: int) -> None:
        """Let everything work for a moment, as it mostly does."""
        self.give(milliseconds)
        self.carry_up(20)
        self.caption(milliseconds // 2)
        self.acknowledge()
        self.carry_down(20)

    @precondition(lambda self: self.link is not None)
    @rule(arrives=st.integers(0, 3))
    def cut(self, arrives: int) -> None:
        """Lose the connection; some of what was sent arrives late, the rest never."""
        assert self.link is not None
        link = self.link
        link.up = type(link.up)(list(link.up)[:arrives])
        self.lose(1006)

    @rule(number=st.integers(1, 4))
    def carry_late(self, number: int) -> None:
        """Deliver something on an old connection, which the server may still believe in."""
        old = [link for link in self.server.links if link is not self.link and link.up]
        if old:
            self.server.carry_up(old[-number % len(old)], 1)

    def lose(self, code: int) -> None:
        self.link = None
        self.session.lost(code)

    # -- the server -------------------------------------------------------------------------

    @rule(milliseconds=st.integers(1, 200))
    def caption(self, milliseconds: int) -> None:
        for session in self.sessions():
            session.caption(milliseconds * MILLISECOND)

    @rule()
    def pause(self) -> None:
        for session in self.sessions():
            session.close()

    @rule()
    def acknowledge(self) -> None:
        for session in self.sessions():
            session.acknowledge()

    @rule()
    def kill(self) -> None:
        self.server.kill()
        if self.link is not None:
            self.link.down.append(1006)

    def sessions(self) -> list[Session]:
        return list(self.server.sessions.values())

    # -- what the program sees --------------------------------------------------------------

    def show(self, event: SessionEvent) -> None:
        match event:
            case UtteranceStartedMessage():
                assert event.utterance not in self.open
                self.open[event.utterance] = ""
            case DeltaMessage():
                self.open[event.utterance] += event.text
            case FinalMessage():
                assert self.open.pop(event.utterance) == event.text
                self.keep(named(event.text), event.speaker)
            case Withdrawn():
                del self.open[event.utterance]
            case GapMessage():
                self.declared += round((event.to - event.from_) * 1000) * MILLISECOND
            case FinalizedMessage():
                self.finalized += 1
            case _:
                pass

    def keep(self, samples: list[int], speaker: str | None) -> None:
        assert samples == sorted(set(samples)), "said twice"
        assert not self.captioned or samples[0] > self.captioned[-1], "said again"
        self.captioned += samples
        self.utterances.append((samples[0], samples[-1] + 1))
        assert speaker == [name for place, name in self.speakers if place <= samples[0]][-1]

    @invariant()
    def the_session_lives(self) -> None:
        assert self.session.failure is None

    @invariant()
    def what_is_missing_was_declared(self) -> None:
        """What was passed over is known to be lost by the time that later audio is captioned."""
        if self.captioned:
            assert self.captioned[-1] + 1 - len(self.captioned) <= self.declared

    @invariant()
    def a_finalize_ends_an_utterance_at_its_place(self) -> None:
        for start, stop in self.utterances:
            assert not any(start < place < stop for place in self.finalizes)

    def teardown(self) -> None:
        """Once the network behaves, everything arrives, and the accounts agree."""
        self.session.stop()
        while self.session.phase is not Phase.CLOSED:
            if self.link is None:
                self.connect(quickly=False)
            self.carry_up(10_000)
            self.carry_down(10_000)
        assert self.session.failure is None
        assert not self.open, "an utterance was left open"
        assert len(self.captioned) + self.declared == self.given
        assert self.session.lost_samples == self.declared
        assert self.finalized == len(self.finalizes)


TestResuming = Resuming.TestCase
TestResuming.settings = settings(max_examples=200, stateful_step_count=60, deadline=None)


# -- mutants: each must be found out ------------------------------------------------------------


class AcknowledgesOnReceipt(ModelServer):
    """Goes on from what it had received, although it had not stored the text."""

    def restore(self, session: Session) -> None:
        before, stored = session.audio, session.stored
        session.stored = Stored(len(before), stored.seq, stored.utterances, stored.events, before)
        super().restore(session)


class ChoosesWhereToResume(PublishSession):
    """Goes on from the last acknowledgement, whatever the server asks for."""

    def _receive_ready(self, ready: Ready) -> None:
        audio = self._outgoing.audio
        if ready.resumed and audio.received is not None:
            ready = ready.model_copy(update={"resume_from": audio.received - audio.origin})
        super()._receive_ready(ready)


class SendsEverythingAgain(PublishSession):
    """Goes on from the oldest audio it holds."""

    def _receive_ready(self, ready: Ready) -> None:
        if ready.resumed:
            audio = self._outgoing.audio
            ready = ready.model_copy(update={"resume_from": audio.start - audio.origin})
        super()._receive_ready(ready)


class ShowsReplays(PublishSession):
    """Shows what the server sends, as often as it sends it."""

    class _Credulous(ReceivedEvents):
        def is_new(self, event: NumberedEvent) -> bool:
            super().is_new(event)
            return True

    def __init__(
        self, start: Start, allowance: Allowance | None = None, audio: SentAudio | None = None
    ) -> None:
        super().__init__(start, allowance, audio)
        self._received = self._Credulous()


class KeepsWhatIsVoid(PublishSession):
    """Believes that an utterance outlives the server that was killed over it."""

    class _Faithful(ReceivedEvents):
        def wanted_from(self, sample: int) -> None:
            pass

    def __init__(
        self, start: Start, allowance: Allowance | None = None, audio: SentAudio | None = None
    ) -> None:
        super().__init__(start, allowance, audio)
        self._received = self._Faithful()


@pytest.mark.parametrize(
    ("server", "session"),
    [
        (AcknowledgesOnReceipt, PublishSession),
        (ModelServer, ChoosesWhereToResume),
        (ModelServer, SendsEverythingAgain),
        (ModelServer, ShowsReplays),
        (ModelServer, KeepsWhatIsVoid),
    ],
    ids=lambda kind: kind.__name__,
)
def test_a_wrong_way_to_resume_is_found_out(
    server: type[ModelServer], session: type[PublishSession]
) -> None:
    class Mutant(Resuming):
        server_kind = server
        session_kind = session

    few = settings(max_examples=400, stateful_step_count=50, deadline=None, phases=[Stage.generate])
    with pytest.raises((AssertionError, KeyError, ExceptionGroup)):
        run_state_machine_as_test(Mutant, settings=few)
