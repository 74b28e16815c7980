from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.lines import columns
from livecaption.egress.blocks import BlockShape, BlockWriter, CaptionBlock

A = ("a", 1)
SHAPE = BlockShape(width=20, rows=2, wait_s=2.5)


def texts(blocks: list[CaptionBlock]) -> list[str]:
    return ["/".join(block.lines) for block in blocks]


def test_words_leave_together_when_the_utterance_ends() -> None:
    writer = BlockWriter(SHAPE)
    writer.commit(A, None, "Good", 1.0)
    writer.commit(A, None, " morning", 1.5)
    assert writer.drain(1.6) == []
    writer.end(A)
    assert writer.drain(1.6) == [CaptionBlock(("Good morning",), 1.0)]
    assert writer.drain(9.0) == []
    assert writer.due_at() is None


def test_a_block_leaves_when_its_lines_are_full_and_the_rest_waits_on() -> None:
    writer = BlockWriter(SHAPE)
    writer.commit(A, None, "one two three four five six seven eight nine ten", 1.0)
    assert texts(writer.drain(1.0)) == ["one two three four/five six seven eight"]
    writer.commit(A, None, " eleven", 2.0)
    writer.end(A)
    assert texts(writer.drain(2.0)) == ["nine ten eleven"]


def test_a_word_waits_no_longer_than_it_must() -> None:
    writer = BlockWriter(SHAPE)
    writer.commit(A, None, "Well", 10.0)
    assert writer.due_at() == 12.5
    assert writer.drain(12.4) == []
    assert writer.drain(12.5) == [CaptionBlock(("Well",), 10.0)]
    writer.commit(A, None, " then", 20.0)
    writer.end_all()
    assert writer.drain(20.0) == [CaptionBlock(("then",), 20.0)]


def test_a_speaker_is_named_when_it_is_another_one_than_before() -> None:
    writer = BlockWriter(SHAPE)
    for session, speaker, text in [
        ("a", "Ada", "Hello."),
        ("a", "Ada", "Again."),
        ("b", "Bob", "Yes."),
        ("a", "Ada", "Good."),
        ("c", None, "Who?"),
    ]:
        writer.commit((session, 1), speaker, text, 0.0)
        writer.end((session, 1))
    assert texts(writer.drain(0.0)) == ["Ada: Hello.", "Again.", "Bob: Yes.", "Ada: Good.", "Who?"]


def test_two_open_utterances_of_a_session_do_not_mix() -> None:
    writer = BlockWriter(SHAPE)
    writer.commit(("a", 1), None, "The end", 0.0)
    writer.commit(("a", 2), None, "Next", 0.1)
    writer.commit(("a", 1), None, " of it.", 0.2)
    writer.end(("a", 1))
    writer.end(("a", 2))
    assert texts(writer.drain(0.2)) == ["The end of it.", "Next"]


def test_text_without_spaces_breaks_between_its_characters() -> None:
    writer = BlockWriter(SHAPE)
    writer.commit(A, None, "今日は良い天気ですね。", 0.0)
    writer.commit(A, None, "字幕が表示されています。", 0.1)
    writer.end(A)
    assert texts(writer.drain(0.1)) == ["今日は良い天気です/ね。字幕が表示されて", "います。"]


def test_text_that_is_nothing_is_no_block() -> None:
    writer = BlockWriter(SHAPE)
    writer.commit(A, "Ada", "  ", 0.0)
    writer.end(A)
    writer.end(("nobody", 1))
    assert writer.drain(99.0) == []


@given(
    script=st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.lists(st.sampled_from(["w", "word", "longerword"]), max_size=9),
            st.booleans(),
            st.floats(0, 3),
        ),
        max_size=30,
    )
)
def test_each_word_is_in_exactly_one_block_and_in_order(
    script: list[tuple[str, list[str], bool, float]],
) -> None:
    writer = BlockWriter(SHAPE)
    blocks: list[CaptionBlock] = []
    said: dict[str, list[str]] = {"a": [], "b": [], "c": []}
    count = 0
    now = 0.0
    for session, words, ends, pause in script:
        for word in words:
            count += 1
            said[session].append(f"{session}{count}{word}")
            writer.commit((session, 1), None, f" {said[session][-1]}", now)
            blocks += writer.drain(now)
        if ends:
            writer.end((session, 1))
        now += pause
        blocks += writer.drain(now)
        due = writer.due_at()
        assert due is None or due > now
    writer.end_all()
    blocks += writer.drain(now)
    for block in blocks:
        assert 1 <= len(block.lines) <= SHAPE.rows
        assert all(columns(line) <= SHAPE.width for line in block.lines)
    for session, words in said.items():
        shown = "".join(
            "".join(line.split())
            for block in blocks
            if block.lines[0].startswith(session)
            for line in block.lines
        )
        assert shown == "".join(words)
