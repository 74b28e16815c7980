"""Brings any English sentence into the only spelling the model learns.

Words and the marks ``, . ? !``: no digits, quotes, brackets, dashes or colons, so that a tiny
vocabulary is enough and casing and punctuation can be learnt.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["as_sentence", "clean"]

_REWRITES = (
    (r"[\"()\[\]]", " "),
    (r"\s*--+\s*", ", "),
    (r"[;:]", ","),
    (r"[-/]", " "),
    (r"&", " and "),
    (r"(^|\s)'+|'+(\s|$)", " "),  # quotation marks, not apostrophes
    (r"[^A-Za-z',.?! ]", " "),
    (r"\.(?=\S)", ". "),
    (r"\s+([,.?!])", r"\1"),
    (r"([,.?!])[,.?!\s]*(?=[,.?!])", ""),  # of several marks in a row the last one stays
    (r",(?=\S)", ", "),
    (r"\s+", " "),
)
_COMPILED = tuple((re.compile(pattern), replacement) for pattern, replacement in _REWRITES)


def clean(text: str) -> str:
    """Reduce a text to ASCII letters, apostrophes, spaces and ``, . ? !``."""
    text = text.replace("’", "'").replace("“", "").replace("”", "")
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    for pattern, replacement in _COMPILED:
        text = pattern.sub(replacement, text)
    return text.strip(" ,")


def as_sentence(text: str) -> str:
    """Give a text a capital first letter and exactly one final mark; empty stays empty."""
    text = text.strip(" ,")
    if not text:
        return text
    if text[-1] not in ".?!":
        text += "."
    return text[0].upper() + text[1:]
