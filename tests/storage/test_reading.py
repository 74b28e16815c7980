from __future__ import annotations

from livecaption.protocol.server_messages import WordMessage
from livecaption.storage.reading import placed_words


def message(text: str) -> WordMessage:
    return WordMessage(text=text, start=0.0, end=1.0, probability=0.9)


def test_words_get_their_spaces_back_from_the_text() -> None:
    words = placed_words("Good, good 字幕", tuple(map(message, ("Good,", "good", "字", "幕"))))
    assert [word.text for word in words] == ["Good,", " good", " 字", "幕"]
    assert placed_words("Something else", (message("Good"),)) == ()
