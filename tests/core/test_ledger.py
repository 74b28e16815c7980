from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.ledger import Column, Ledger

CAPTIONED, SILENT, LOST = Column


def test_stretches_settled_in_any_order_add_up() -> None:
    ledger = Ledger()
    ledger.settle(0, 10, SILENT)
    ledger.settle(30, 40, LOST)
    assert ledger.watermark == 10
    ledger.settle(10, 30, CAPTIONED)
    assert ledger.watermark == 40
    assert [ledger.total(column) for column in Column] == [20, 10, 10]


def test_an_empty_stretch_is_no_entry() -> None:
    ledger = Ledger()
    ledger.settle(0, 10, SILENT)
    ledger.settle(5, 5, LOST)
    assert ledger.total(LOST) == 0


@pytest.mark.parametrize(
    ("start", "stop"), [(0, 5), (9, 12), (25, 26), (15, 35), (39, 50), (60, 50)]
)
def test_nothing_is_settled_twice_or_backwards(start: int, stop: int) -> None:
    ledger = Ledger()
    ledger.settle(0, 10, SILENT)
    ledger.settle(20, 40, CAPTIONED)
    with pytest.raises(ValueError, match="cannot be settled as lost"):
        ledger.settle(start, stop, LOST)
    assert [ledger.total(column) for column in Column] == [20, 10, 0]


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 30), st.sampled_from(Column)), max_size=20
    )
)
def test_it_keeps_the_account_that_an_array_of_samples_would_keep(
    entries: list[tuple[int, int, Column]],
) -> None:
    ledger = Ledger()
    array: list[Column | None] = [None] * 31
    for start, stop, column in entries:
        if (start < stop and not any(array[start:stop])) or start == stop:
            ledger.settle(start, stop, column)
            array[start:stop] = [column] * (stop - start)
        else:
            with pytest.raises(ValueError, match="cannot be settled"):
                ledger.settle(start, stop, column)
        assert ledger.watermark == array.index(None)
        assert all(ledger.total(c) == array.count(c) for c in Column)


def test_an_account_goes_on_from_an_earlier_one() -> None:
    ledger = Ledger({CAPTIONED: 20, SILENT: 10})
    assert ledger.watermark == 30
    ledger.settle(40, 50, LOST)
    assert [ledger.settled(column) for column in Column] == [20, 10, 0]
    assert [ledger.total(column) for column in Column] == [20, 10, 10]
    ledger.settle(30, 40, SILENT)
    assert [ledger.settled(column) for column in Column] == [20, 20, 10]
    with pytest.raises(ValueError, match="cannot be settled"):
        ledger.settle(0, 30, LOST)
