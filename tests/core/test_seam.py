from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.hypothesis import Word, text_of
from livecaption.core.seam import strip_overlap

WORD = 4800  # 0.3 s


def words(text: str, first: int = 0, shift: int = 0) -> list[Word]:
    """Words of 0.3 s, the first one at place ``first``; all times off by ``shift``."""
    return [
        Word(f" {token}", WORD * place + shift, WORD * (place + 1) + shift, 0.9)
        for place, token in enumerate(text.split(), start=first)
    ]


def fresh(committed: list[Word], hypothesis: list[Word]) -> str:
    return text_of(strip_overlap(committed, hypothesis)).strip()


def test_without_committed_words_all_are_new() -> None:
    assert fresh([], words("good morning")) == "good morning"


def test_words_that_were_committed_are_not_repeated() -> None:
    assert fresh(words("on the new project"), words("new project and the", 2)) == "and the"


def test_a_sentence_said_twice_appears_twice() -> None:
    assert fresh(words("can you hear me"), words("can you hear me", 4)) == "can you hear me"


def test_the_same_word_said_again_is_new_though_one_place_further_on_it_is_found_too() -> None:
    assert fresh(words("no no no no"), words("no no no", 2)) == "no"
    assert fresh(words("no no no no"), words("no no no no", 2)) == "no no"


def test_a_word_heard_a_little_later_than_before_is_recognised_by_its_text() -> None:
    committed = words("on the new project")
    assert fresh(committed, words("new project and the", 2, shift=3500)) == "and the"
    assert fresh(committed, words("new project and the", 2, shift=-3500)) == "and the"


def test_a_committed_word_that_is_misheard_now_is_left_out_by_its_time() -> None:
    assert fresh(words("on the new project"), words("knew product and the", 2)) == "and the"


def test_punctuation_that_moved_is_no_difference() -> None:
    assert fresh(words("and so."), words("And so, we went")) == "we went"


def test_a_window_that_starts_after_the_committed_words_is_all_new() -> None:
    assert fresh(words("good morning"), words("to all", 5)) == "to all"


def test_a_hypothesis_of_committed_words_only_brings_nothing() -> None:
    assert fresh(words("good morning"), words("morning", 1)) == ""


@given(
    said=st.lists(st.sampled_from(["no", "yes", "we"]), min_size=1, max_size=14),
    data=st.data(),
)
def test_exact_times_always_find_the_seam(said: list[str], data: st.DataObject) -> None:
    total = len(said)
    seam = data.draw(st.integers(1, total), label="committed words")
    first = data.draw(st.integers(0, seam - 1), label="first word in the window")
    script = words(" ".join(said))
    assert strip_overlap(script[:seam], script[first:]) == tuple(script[seam:])
