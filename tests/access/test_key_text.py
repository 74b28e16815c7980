"""Keys tell their own copying mistakes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.access.key_text import new_key, read_key

KEY = new_key()


def test_a_key_is_read_back_with_its_id() -> None:
    read = read_key(KEY.whole)
    assert read == KEY
    assert re.fullmatch(rb"lck_[0-9A-Za-z]{48}", KEY.whole)
    assert KEY.whole[4:14].decode() == KEY.id


def test_no_two_keys_are_alike() -> None:
    assert len({new_key().whole for _ in range(100)}) == 100


@given(st.integers(4, 51), st.sampled_from(b"0Zz"))
def test_a_letter_that_was_miscopied_is_noticed(at: int, letter: int) -> None:
    changed = bytearray(KEY.whole)
    changed[at] = letter
    assert (read_key(bytes(changed)) is None) is (bytes(changed) != KEY.whole)


@given(st.integers(4, 50))
def test_two_letters_that_changed_places_are_noticed(at: int) -> None:
    changed = bytearray(KEY.whole)
    changed[at], changed[at + 1] = changed[at + 1], changed[at]
    assert (read_key(bytes(changed)) is None) is (bytes(changed) != KEY.whole)


@given(st.binary(max_size=80))
def test_anything_else_is_no_key(text: bytes) -> None:
    assert read_key(text) is None


@pytest.mark.parametrize("text", [KEY.whole + b"\n", b" " + KEY.whole, KEY.whole[:-1], b""])
def test_a_key_is_neither_longer_nor_shorter(text: bytes) -> None:
    assert read_key(text) is None
