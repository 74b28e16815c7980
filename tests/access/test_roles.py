"""Who may do what, as a table and as properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.access.roles import ANYBODY, NOBODY, Kind, Principal, Role, is_room_pattern

ROOMS = st.text("abcABC019_-", min_size=1, max_size=64)
ROLES = st.frozensets(st.sampled_from(Role))


def holder(*roles: Role, rooms: tuple[str, ...] = ("*",)) -> Principal:
    return Principal(Kind.KEY, frozenset(roles), rooms, key="k")


@pytest.mark.parametrize(
    ("own", "asked", "may"),
    [
        (Role.PUBLISH, Role.WATCH, True),
        (Role.PUBLISH, Role.TRANSCRIBE, False),
        (Role.PUBLISH, Role.ADMIN, False),
        (Role.WATCH, Role.PUBLISH, False),
        (Role.WATCH, Role.ADMIN, False),
        (Role.TRANSCRIBE, Role.WATCH, False),
        (Role.TRANSCRIBE, Role.ADMIN, False),
        *((Role.ADMIN, role, True) for role in Role),
        *((role, role, True) for role in Role),
    ],
)
def test_roles_include_each_other_as_the_table_says(own: Role, asked: Role, may: bool) -> None:
    assert holder(own).may(asked) is may


@pytest.mark.parametrize(
    ("patterns", "room", "enters"),
    [
        (("lecture-*",), "lecture-1", True),
        (("lecture-*",), "lecture-", True),
        (("lecture-*",), "lecture", False),
        (("lecture-*",), "a-lecture-1", False),
        (("*-staff",), "x-staff", True),
        (("a", "b"), "b", True),
        (("A",), "a", False),
        ((), "main", False),
    ],
)
def test_rooms_are_matched_whole_and_in_their_own_case(
    patterns: tuple[str, ...], room: str, enters: bool
) -> None:
    assert holder(Role.ADMIN, rooms=patterns).may(Role.WATCH, room) is enters


@given(st.sampled_from(Role), ROOMS)
def test_anybody_may_everything_and_nobody_nothing(role: Role, room: str) -> None:
    assert ANYBODY.may(role, room)
    assert not NOBODY.may(role, room)
    assert not NOBODY.may(role)


@given(ROLES, ROLES, st.sampled_from(Role), ROOMS)
def test_more_roles_never_take_anything_away(
    some: frozenset[Role], more: frozenset[Role], role: Role, room: str
) -> None:
    if holder(*some).may(role, room):
        assert holder(*(some | more)).may(role, room)


@given(ROOMS)
def test_a_room_is_a_pattern_for_itself_alone(room: str) -> None:
    assert is_room_pattern(room)
    assert holder(Role.WATCH, rooms=(room,)).may_enter(room)
    assert not holder(Role.WATCH, rooms=(room,)).may_enter(room + "x")


@pytest.mark.parametrize("text", ["", "a b", "[ab]", "a?", "é", "x" * 65, "a\n"])
def test_what_can_be_no_room_is_no_pattern(text: str) -> None:
    assert not is_room_pattern(text)


def test_a_name_for_logs_says_which_key_or_link() -> None:
    assert holder().name == "key:k"
    assert Principal(Kind.LINK, frozenset(), link="l_1").name == "link:l_1"
    assert ANYBODY.name == "anonymous:"
