from __future__ import annotations

from typing import Any

import pytest

from livecaption.engine.context import FileContext
from livecaption.engine.loading import LoadedModel, ModelOptions, load_model

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def bundled() -> LoadedModel:
    return load_model(ModelOptions(model="micro-en", device="cpu"), lambda sentence: None)


class Heard:
    """What the context needs to know of a segment."""

    def __init__(self, tokens: list[int], temperature: float = 0.0) -> None:
        self.tokens, self.temperature = tokens, temperature


def context(loaded: LoadedModel, *, carry: bool, **given: Any) -> FileContext:
    return FileContext(loaded.model, carry=carry, **{"prompt": None, "vocabulary": (), **given})


def test_context_carries_text_forward_up_to_its_limit(bundled: LoadedModel) -> None:
    carried = context(bundled, carry=True)
    assert carried.settings()["initial_prompt"] is None
    carried.add([Heard([1, 2]), Heard([3])])
    assert carried.settings()["initial_prompt"] == [1, 2, 3]
    carried.add([Heard(list(range(300)))])
    assert carried.settings()["initial_prompt"] == list(range(77, 300))


def test_doubtful_text_is_forgotten(bundled: LoadedModel) -> None:
    carried = context(bundled, carry=True)
    carried.add([Heard([1, 2])])
    carried.add([Heard([3]), Heard([4], temperature=0.6)])
    assert carried.settings()["initial_prompt"] is None


def test_a_prompt_is_for_the_first_window_where_text_is_not_carried(bundled: LoadedModel) -> None:
    told = context(bundled, carry=False, prompt="good morning")
    assert told.settings()["initial_prompt"]
    told.add([Heard([1])])
    assert told.settings()["initial_prompt"] is None


def test_a_vocabulary_is_cut_to_leave_room(bundled: LoadedModel) -> None:
    told = context(bundled, carry=True, vocabulary=["budget", "release"])
    assert told.settings()["hotwords"].split() == ["budget,", "release"]
    long = context(bundled, carry=True, vocabulary=["budget"] * 500)
    assert len(long.settings()["hotwords"]) < 700
    assert context(bundled, carry=True).settings()["hotwords"] is None
