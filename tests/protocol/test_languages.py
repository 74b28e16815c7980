from __future__ import annotations

from faster_whisper.tokenizer import _LANGUAGE_CODES

from livecaption.protocol.languages import WHISPER_LANGUAGES


def test_the_languages_are_those_of_the_tokenizer() -> None:
    assert set(_LANGUAGE_CODES) == WHISPER_LANGUAGES
