"""The decoder's previous-text context.

CTranslate2 prefills what stands before the start-of-transcript token at 0.07 ms a token, but
runs a forced prefix behind it one decoder step at a time; so committed text goes in front.
"""

from __future__ import annotations

__all__ = ["build_prompt"]


def build_prompt(history: str, max_chars: int = 200) -> str:
    """Return the last words of the committed text, at most ``max_chars`` characters.

    Never starts inside a word, except in text without spaces.
    """
    if len(history) <= max_chars:
        return history.strip()
    tail = history[-max_chars:]
    _, space, rest = tail.partition(" ")
    return (rest if space else tail).strip()
