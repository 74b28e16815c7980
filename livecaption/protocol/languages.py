"""The language codes Whisper knows, so that a wrong one is refused before a model sees it.

The codec may not import a model library, hence this list; a test compares it with the tokenizer's.
"""

from __future__ import annotations

__all__ = ["LANGUAGE_NAMES", "WHISPER_LANGUAGES"]

_NAMES = """
    af afrikaans, am amharic, ar arabic, as assamese, az azerbaijani, ba bashkir, be belarusian,
    bg bulgarian, bn bengali, bo tibetan, br breton, bs bosnian, ca catalan, cs czech, cy welsh,
    da danish, de german, el greek, en english, es spanish, et estonian, eu basque, fa persian,
    fi finnish, fo faroese, fr french, gl galician, gu gujarati, ha hausa, haw hawaiian, he hebrew,
    hi hindi, hr croatian, ht haitian creole, hu hungarian, hy armenian, id indonesian,
    is icelandic, it italian, ja japanese, jw javanese, ka georgian, kk kazakh, km khmer,
    kn kannada, ko korean, la latin, lb luxembourgish, ln lingala, lo lao, lt lithuanian,
    lv latvian, mg malagasy, mi maori, mk macedonian, ml malayalam, mn mongolian, mr marathi,
    ms malay, mt maltese, my myanmar, ne nepali, nl dutch, nn nynorsk, no norwegian, oc occitan,
    pa punjabi, pl polish, ps pashto, pt portuguese, ro romanian, ru russian, sa sanskrit,
    sd sindhi, si sinhala, sk slovak, sl slovenian, sn shona, so somali, sq albanian, sr serbian,
    su sundanese, sv swedish, sw swahili, ta tamil, te telugu, tg tajik, th thai, tk turkmen,
    tl tagalog, tr turkish, tt tatar, uk ukrainian, ur urdu, uz uzbek, vi vietnamese, yi yiddish,
    yo yoruba, yue cantonese, zh chinese
"""

LANGUAGE_NAMES: dict[str, str] = {
    code: name
    for code, _, name in (" ".join(entry.split()).partition(" ") for entry in _NAMES.split(","))
}
"""Code → English name in lower case, as OpenAI's service answers with it."""

WHISPER_LANGUAGES = frozenset(LANGUAGE_NAMES)
"""Codes of two or three letters, lower case, without a region: ``en``, not ``en-US``."""
