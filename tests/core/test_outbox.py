from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.outbox import Outbox, Outgoing


def test_texts_are_handed_out_once_oldest_first() -> None:
    outbox = Outbox(limit=10)
    outbox.put(Outgoing("a"))
    outbox.put(Outgoing("b"))
    assert len(outbox) == 2
    assert outbox.drain() == ["a", "b"]
    assert outbox.drain() == []


def test_a_newer_partial_replaces_the_waiting_one_behind_the_delta_it_belongs_to() -> None:
    outbox = Outbox(limit=10)
    outbox.put(Outgoing("partial 1", key="tail"))
    outbox.put(Outgoing("delta"))
    outbox.put(Outgoing("partial 2", key="tail"))
    assert outbox.drain() == ["delta", "partial 2"]


def test_a_final_withdraws_the_partials_it_makes_pointless() -> None:
    outbox = Outbox(limit=10)
    outbox.put(Outgoing("partial 1", key=1))
    outbox.put(Outgoing("partial 2", key=2))
    outbox.put(Outgoing("final 1", withdraws=(1, 7)))
    assert outbox.drain() == ["partial 2", "final 1"]


def test_a_text_that_may_not_be_dropped_overflows_a_full_outbox_for_good() -> None:
    outbox = Outbox(limit=1)
    overflowed = []
    for text in ("a", "b", "c"):
        outbox.put(Outgoing(text))
        overflowed.append(outbox.overflowed)
    assert overflowed == [False, True, True]
    assert outbox.drain() == ["a"]
    outbox.put(Outgoing("d"))
    assert outbox.drain() == []


def test_a_partial_that_finds_no_room_is_dropped() -> None:
    outbox = Outbox(limit=1)
    outbox.put(Outgoing("a"))
    outbox.put(Outgoing("partial", key=1))
    assert (outbox.drain(), outbox.overflowed) == (["a"], False)


def test_a_final_takes_the_room_of_the_partial_it_withdraws() -> None:
    outbox = Outbox(limit=1)
    outbox.put(Outgoing("partial", key=1))
    outbox.put(Outgoing("final", withdraws=(1,)))
    assert (outbox.drain(), outbox.overflowed) == (["final"], False)


@pytest.mark.parametrize("limit", [0, -3])
def test_an_outbox_needs_room(limit: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Outbox(limit=limit)


@dataclass
class ListOutbox:
    """The same rules over a plain list."""

    limit: int
    waiting: list[Outgoing] = field(default_factory=list)
    overflowed: bool = False

    def put(self, outgoing: Outgoing) -> None:
        if self.overflowed:
            return
        gone = {*outgoing.withdraws} | ({outgoing.key} if outgoing.key is not None else set())
        self.waiting = [o for o in self.waiting if o.key is None or o.key not in gone]
        if len(self.waiting) < self.limit:
            self.waiting.append(outgoing)
        elif outgoing.key is None:
            self.overflowed = True

    def drain(self) -> list[str]:
        texts = [outgoing.text for outgoing in self.waiting]
        self.waiting = []
        return texts


keys = st.integers(0, 3)
outgoings = st.builds(
    Outgoing,
    text=st.text(max_size=3),
    key=st.none() | keys,
    withdraws=st.lists(keys, max_size=2).map(tuple),
)


@given(
    limit=st.integers(1, 6),
    steps=st.lists(st.none() | outgoings | outgoings | outgoings, max_size=40),
)
def test_it_conflates_as_a_plain_list_would(limit: int, steps: list[Outgoing | None]) -> None:
    """``None`` stands for a reader that takes what waits."""
    outbox, model = Outbox(limit=limit), ListOutbox(limit)
    for step in steps:
        if step is None:
            assert outbox.drain() == model.drain()
        else:
            outbox.put(step)
            model.put(step)
        assert len(outbox) == len(model.waiting) <= limit
        assert outbox.overflowed is model.overflowed
    assert outbox.drain() == model.drain()
