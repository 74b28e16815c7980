from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.prompt import build_prompt


@pytest.mark.parametrize(
    ("history", "prompt"),
    [
        ("", ""),
        (" good", "good"),
        ("the new project starts", "starts"),
        ("字幕は音声の文字です", "幕は音声の文字です"),
    ],
)
def test_the_last_words_that_fit_are_the_context(history: str, prompt: str) -> None:
    assert build_prompt(history, max_chars=9) == prompt


@given(st.text("ab  ", max_size=60), st.integers(1, 30))
def test_a_prompt_is_short_and_never_starts_inside_a_word(history: str, max_chars: int) -> None:
    prompt = build_prompt(history, max_chars)
    assert len(prompt) <= max_chars
    assert history.rstrip().endswith(prompt)
    before = history.rstrip().removesuffix(prompt)
    if " " in history[-max_chars:]:
        assert not prompt or not before or before.endswith(" ")
