"""What the decoder is told before it hears a window of a file: terms to expect, earlier text.

Live sessions keep theirs in the core; this is for whole files, whose windows are decoded by
faster-whisper.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from faster_whisper import WhisperModel

__all__ = ["FileContext"]

_CONTEXT_TOKENS = 223
"""All that Whisper was trained to take."""
_VOCABULARY_TOKENS = 64
"""More names than this would leave the decoder too little room for what is said."""
_FORGET_ABOVE = 0.5
"""Text decoded at a higher temperature may be wrong, and wrong context spreads."""


class FileContext:
    """The context of the next window.

    Args:
        model: whose tokenizer counts.
        carry: whether the model does better with the text of earlier windows.
        prompt: text before the first window.
        vocabulary: names and terms to expect in every window.
    """

    def __init__(
        self, model: WhisperModel, *, carry: bool, prompt: str | None, vocabulary: Sequence[str]
    ) -> None:
        self._carry = carry
        self._tokenizer = model.hf_tokenizer
        self._earlier = self._tokens(prompt or "")[-_CONTEXT_TOKENS:]
        terms = self._tokens(", ".join(vocabulary))[:_VOCABULARY_TOKENS]
        self._terms = str(self._tokenizer.decode(terms)) if terms else None

    @property
    def earlier(self) -> tuple[int, ...]:
        """Tokens of the text before the next window."""
        return tuple(self._earlier)

    def restore(self, earlier: Sequence[int]) -> None:
        """Go on from what another one had as ``earlier``."""
        self._earlier = list(earlier)

    def settings(self) -> dict[str, Any]:
        """Return it as settings of faster-whisper's ``transcribe``, for one window."""
        return {
            "initial_prompt": self._earlier or None,
            "hotwords": self._terms,
            "condition_on_previous_text": False,  # within one window there is none
        }

    def add(self, segments: Sequence[Any]) -> None:
        """Take in the segments that faster-whisper found in a window."""
        if not self._carry or any(s.temperature > _FORGET_ABOVE for s in segments):
            self._earlier = []
            return
        tokens = [token for segment in segments for token in segment.tokens]
        self._earlier = (self._earlier + tokens)[-_CONTEXT_TOKENS:]

    def _tokens(self, text: str) -> list[int]:
        if not text.strip():
            return []
        return list(self._tokenizer.encode(f" {text.strip()}", add_special_tokens=False).ids)
