"""The language codes Whisper knows, so that a wrong one is refused before a model sees it.

The codec may not import a model library, hence this list; a test compares it with the tokenizer's.
"""

from __future__ import annotations

__all__ = ["WHISPER_LANGUAGES"]

WHISPER_LANGUAGES = frozenset(
    """
    af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw
    he hi hr ht hu hy id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my
    ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt
    uk ur uz vi yi yo yue zh
    """.split()  # noqa: SIM905 - a block of words reads better than a hundred quoted strings
)
"""Codes of two or three letters, lower case, without a region: ``en``, not ``en-US``."""
