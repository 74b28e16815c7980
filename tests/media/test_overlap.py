"""A broadcast over breaks: what was had before is found, whatever is cut or repeats itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from livecaption.media.overlap import Overlap

SILENT = b"silence"


def heard(overlap: Overlap, packets: list[bytes], *, recording: bool = False) -> list[bytes]:
    """What one connection that brings these packets gives out."""
    overlap.reopened(recording=recording)
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


def test_silence_before_the_break_does_not_hide_what_is_new() -> None:
    packets = broadcast(100, frozenset({38, 39, 52, 53}))
    overlap = Overlap()
    heard(overlap, packets[:40])
    assert heard(overlap, packets[50:]) == packets[50:]


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


def dated(overlap: Overlap, numbers: range, shift: float = 0.0) -> list[float | None]:
    """Hear seconds of a broadcast that dates them; return what is missing before each."""
    overlap.reopened()
    holes = []
    for number in numbers:
        overlap.push(b"%d" % number, (number + shift, number + shift + 1.0))
        holes.append(overlap.take_hole())
    return holes


def test_dates_say_how_much_is_missing_after_a_break() -> None:
    overlap = Overlap()
    assert dated(overlap, range(10)) == [None] * 10
    assert dated(overlap, range(17, 20)) == [None, None, 7.0]


def test_dates_say_how_much_is_missing_in_the_middle() -> None:
    overlap = Overlap()
    dated(overlap, range(10))
    overlap.push(b"12", (12.0, 13.0))
    assert overlap.take_hole() == 2.0
    assert overlap.take_hole() is None


def test_an_overlap_leaves_no_hole_whatever_the_dates_say() -> None:
    overlap = Overlap()
    dated(overlap, range(10))
    assert dated(overlap, range(7, 13), shift=500.0)[3:] == [0.0, None, None]


def test_dates_that_began_anew_say_nothing() -> None:
    overlap = Overlap()
    dated(overlap, range(100, 110))
    assert dated(overlap, range(20, 23)) == [None, None, None]


def test_a_connection_that_goes_on_at_once_has_no_hole() -> None:
    overlap = Overlap()
    dated(overlap, range(10))
    assert dated(overlap, range(10, 14)) == [None, None, 0.0, None]


@given(st.integers(10, 95), st.integers(10, 60), st.frozensets(st.integers(0, 99), max_size=50))
def test_of_a_recording_only_what_follows_is_heard(
    broken: int, kept: int, silent: frozenset[int]
) -> None:
    packets = broadcast(100, silent)
    overlap = Overlap(kept)
    heard(overlap, packets[:broken])
    rest = heard(overlap, packets, recording=True)
    spoken = [packet for packet in rest if packet != SILENT]
    new = [packet for packet in packets[broken:] if packet != SILENT]
    if set(packets[max(0, broken - kept) : broken]) - {SILENT}:
        assert spoken == new
    else:  # there is nothing to know the place by
        assert spoken in ([], new)


def test_of_a_recording_of_something_else_nothing_is_heard() -> None:
    overlap = Overlap()
    heard(overlap, broadcast(30))
    assert heard(overlap, [b"x%d" % number for number in range(50)], recording=True) == []
