"""A broadcast over breaks: what was had before is found, whatever is cut or repeats itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from livecaption.media.overlap import Overlap

SILENT = b"silence"


def heard(overlap: Overlap, packets: list[bytes]) -> list[bytes]:
    """What one connection that brings these packets gives out."""
    overlap.reopened()
    held: list[bytes] = []
    given_out: list[bytes] = []
    for packet in packets:
        held.append(packet)
        known = overlap.push(packet)
        if known is not None:
            given_out += held[known:]
            held = []
    return given_out + held[overlap.settle() :]


def broadcast(count: int, silent: frozenset[int] = frozenset()) -> list[bytes]:
    return [SILENT if number in silent else b"%d" % number for number in range(count)]


@given(
    st.integers(10, 60),
    st.integers(0, 80),
    st.frozensets(st.integers(0, 99), max_size=90),
)
def test_every_packet_that_is_not_silence_is_heard_once(
    broken: int, again: int, silent: frozenset[int]
) -> None:
    packets = broadcast(100, silent)
    overlap = Overlap()
    first = heard(overlap, packets[:broken])
    assert first == packets[:broken]
    second = heard(overlap, packets[again:])
    wanted = packets[max(broken, again) :]
    assert [p for p in second if p != SILENT] == [p for p in wanted if p != SILENT]


@given(st.integers(10, 40), st.integers(5, 35))
def test_packets_that_the_break_has_cut_do_not_hide_the_overlap(broken: int, depth: int) -> None:
    packets = broadcast(100)
    overlap = Overlap()
    heard(overlap, [*packets[:broken], b"half a packet"])
    again = max(0, broken - depth)
    second = heard(overlap, [b"the end of one", *packets[again:]])
    assert second == packets[broken:]


def test_three_connections_make_one_broadcast() -> None:
    packets = broadcast(100)
    overlap = Overlap()
    connections = (packets[:40], packets[30:70], packets[50:])
    assert [packet for each in connections for packet in heard(overlap, each)] == packets


def test_a_connection_that_brings_nothing_new_gives_nothing_out() -> None:
    packets = broadcast(30)
    overlap = Overlap()
    heard(overlap, packets)
    assert heard(overlap, packets[10:]) == []
    assert heard(overlap, [*packets[20:], b"new"]) == [b"new"]


def test_an_answer_comes_with_the_third_packet_of_something_new() -> None:
    overlap = Overlap()
    heard(overlap, broadcast(30))
    overlap.reopened()
    assert [overlap.push(b"x%d" % number) for number in range(4)] == [None, None, 0, 0]


def test_only_the_newest_packets_are_remembered() -> None:
    overlap = Overlap(kept=20)
    packets = broadcast(200)
    heard(overlap, packets)
    assert len(overlap._history) <= 25
    assert heard(overlap, packets[190:]) == []
