"""Whatever a network loses, every session gets audio without a hole, and shows captions once.

A new session goes on from what the one before had acknowledged, not from its last caption.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from livecaption.client.events import SessionEvent
from livecaption.client.session import PublishSession
from livecaption.protocol.client_messages import Start
from livecaption.protocol.server_messages import Ack, DeltaMessage, Ready
from tests.client import wire

SECOND = 16_000


class Losses(RuleBasedStateMachine):
    """A faithful server, and a network that loses whatever is under way whenever it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.session = PublishSession(Start())
        self.given = 0
        self.to_server: list[str | bytes] = []
        self.to_client: list[str] = []
        self.online = self.welcomed = False
        self.received = np.empty(0, np.int16)
        self.said: list[str] = []
        self.shown: list[int] = []
        self.acknowledged = self.origin = 0
        self.sessions = 0

    @rule(count=st.integers(1, 3000))
    def give(self, count: int) -> None:
        self.session.send_audio(wire.numbered_samples(count, start=self.given))
        self.given += count

    @precondition(lambda self: not self.online)
    @rule(quickly=st.booleans())
    def connect(self, *, quickly: bool) -> None:
        self.session.connected()
        self.online, self.welcomed = True, False
        self.to_server, self.to_client = [], []
        if quickly:
            self.carry_to_server(1)
            self.carry_to_client(1)

    @precondition(lambda self: self.online)
    @rule(most=st.integers(0, 3))
    def carry_to_server(self, most: int) -> None:
        self.to_server += self.session.messages_to_send(0.0)
        carried, self.to_server = self.to_server[:most], self.to_server[most:]
        for message in carried:
            if isinstance(message, bytes):
                self.received = np.append(self.received, np.frombuffer(message, np.int16))
            elif json.loads(message)["type"] == "start":
                self.welcome(json.loads(message)["resume"])

    def welcome(self, resume: dict[str, Any] | None) -> None:
        self.welcomed = True
        if resume and resume["session"] == f"s_{self.sessions}":
            self.to_client.append(
                wire.ready(resume["session"], resumed=True, resume_from=len(self.received))
            )
            self.to_client += self.said[max(0, resume["last_seq"] - 2) :]  # rather too many
        else:
            self.sessions += 1
            self.to_client.append(wire.ready(f"s_{self.sessions}"))
            self.received, self.said = np.empty(0, np.int16), []

    @precondition(lambda self: self.online and self.welcomed)
    @rule()
    def caption(self) -> None:
        self.said.append(wire.delta(len(self.said) + 1, "word", end=len(self.received) / SECOND))
        self.to_client += [self.said[-1], wire.ack(len(self.received))]

    @precondition(lambda self: self.online)
    @rule(most=st.integers(1, 4))
    def carry_to_client(self, most: int) -> None:
        carried, self.to_client = self.to_client[:most], self.to_client[most:]
        for text in carried:
            self.session.receive_text(text)
            for event in self.session.events_to_show():
                self.show(event)

    def show(self, event: SessionEvent) -> None:
        match event:
            case Ready(resumed=False):
                self.origin, self.shown = self.acknowledged, []
            case Ready(resume_from=received) | Ack(received=received):
                self.acknowledged = self.origin + received
            case DeltaMessage():
                self.shown.append(event.seq)
            case _:
                pass

    @precondition(lambda self: self.online)
    @rule()
    def lose(self) -> None:
        self.online = False
        self.session.lost(1006)

    @precondition(lambda self: not self.online)
    @rule()
    def restart_the_server(self) -> None:
        self.sessions += 1

    @invariant()
    def the_server_has_what_follows_the_last_acknowledgement_of_the_session_before(self) -> None:
        expected = wire.numbered_samples(len(self.received), start=self.origin)
        np.testing.assert_array_equal(self.received, expected)
        assert self.origin + len(self.received) <= self.given

    @invariant()
    def every_caption_is_shown_once(self) -> None:
        assert self.shown == list(range(1, len(self.shown) + 1))

    def teardown(self) -> None:
        """Once the network behaves, everything arrives."""
        if self.online:
            self.lose()
        self.connect(quickly=True)
        self.carry_to_client(10_000)
        for _ in range(1 + self.given // 1000):
            self.carry_to_server(16)
        assert self.origin + len(self.received) == self.given
        assert len(self.shown) == len(self.said)


TestLosses = Losses.TestCase
TestLosses.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
