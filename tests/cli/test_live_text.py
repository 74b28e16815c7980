from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from livecaption.cli.live_text import (
    JsonLines,
    LiveText,
    OpenCaptions,
    PlainLines,
    Voice,
    note_of,
    open_display,
)
from livecaption.client.events import Reconnecting, SessionEvent
from livecaption.protocol.codec import decode_server
from livecaption.protocol.server_messages import ErrorMessage, GapMessage, Ready
from tests.client import wire


def event(text: str) -> SessionEvent:
    message: SessionEvent = decode_server(text)  # type: ignore[assignment]  # a publisher's one
    return message


def ready(*, resumed: bool = False) -> Ready:
    message = event(wire.ready(resumed=resumed))
    assert isinstance(message, Ready)
    return message


def sentence() -> list[SessionEvent]:
    return [
        event(wire.started(1)),
        event(wire.partial("Good mourning")),
        event(wire.delta(2, "Good")),
        event(wire.partial(" morning every", revision=2)),
        event(wire.delta(3, " morning everyone.")),
        event(wire.final(4, "Good morning everyone.")),
    ]


def texts(captions: OpenCaptions) -> list[tuple[str, str]]:
    return [(caption.committed, caption.tail) for caption in captions.captions]


def test_deltas_append_and_partials_replace_the_tail() -> None:
    captions = OpenCaptions()
    seen = []
    for each in sentence():
        lines = captions.apply(each)
        seen.append((texts(captions), lines))
    assert seen == [
        ([("", "")], []),
        ([("", "Good mourning")], []),
        ([("Good", "")], []),
        ([("Good", " morning every")], []),
        ([("Good morning everyone.", "")], []),
        ([], ["Good morning everyone."]),
    ]


def test_the_next_utterance_may_begin_before_the_last_one_ends() -> None:
    captions = OpenCaptions()
    for text in (wire.delta(1, "One"), wire.partial("Tw", utterance=2)):
        captions.apply(event(text))
    assert texts(captions) == [("One", ""), ("", "Tw")]
    assert captions.apply(event(wire.final(2, "One."))) == ["One."]
    assert texts(captions) == [("", "Tw")]


def test_committed_words_of_a_lost_session_stay() -> None:
    captions = OpenCaptions()
    captions.apply(event(wire.delta(1, "Half a")))
    captions.apply(event(wire.partial(" sen")))
    assert captions.apply(ready(resumed=True)) == []
    assert captions.apply(ready()) == ["Half a"]
    assert texts(captions) == []


def test_a_pipe_gets_finals_only_one_per_line_at_once() -> None:
    written: list[str] = []

    class Pipe(io.StringIO):
        def flush(self) -> None:
            written.append(self.getvalue())

    with PlainLines(Pipe(), io.StringIO()) as lines:
        for each in [*sentence(), event(wire.delta(5, "Unfin", utterance=2))]:
            lines.show(each)
        assert written == ["Good morning everyone.\n"]
    assert written[-1] == "Good morning everyone.\nUnfin\n"


def test_notes_do_not_mix_with_the_captions_of_a_pipe() -> None:
    out, err = io.StringIO(), io.StringIO()
    with PlainLines(out, err) as lines:
        lines.show(Reconnecting("The server restarts.", 0.5))
    assert out.getvalue() == ""
    assert err.getvalue() == "The server restarts. Trying again in 0.5 s.\n"


def test_a_program_gets_every_message_of_the_server_as_json() -> None:
    out, err = io.StringIO(), io.StringIO()
    events = [ready(), *sentence(), event(wire.ack(5)), event(wire.closed())]
    with JsonLines(out, err) as lines:
        for each in [*events, Reconnecting("Lost.", 1.0)]:
            lines.show(each)
    written = [json.loads(line) for line in out.getvalue().splitlines()]
    kinds = " ".join(message["type"] for message in written)
    assert kinds == "ready utterance_started partial delta partial delta final ack closed"
    assert "token-of" not in out.getvalue()
    assert "Trying again" in err.getvalue()


ANN, BEN = Voice(0, "Ann"), Voice(1, "Ben")


def test_voices_that_speak_at_once_are_told_apart() -> None:
    out, err = io.StringIO(), io.StringIO()
    with PlainLines(out, err) as lines:
        for voice in (ANN, BEN):
            lines.show(event(wire.delta(1, "Good")), voice)
        lines.show(event(wire.final(2, "Good morning.")), BEN)
        lines.show(Reconnecting("The server restarts.", 0.5), BEN)
        lines.show(ready(), ANN)  # her session was lost
    assert out.getvalue() == "Ben: Good morning.\nAnn: Good\n"
    assert err.getvalue() == "Ben: The server restarts. Trying again in 0.5 s.\n"


def test_a_terminal_shows_who_is_speaking() -> None:
    console = terminal()
    with LiveText(console) as live:
        live.show(event(wire.delta(1, "Good")), ANN)
        live.show(event(wire.partial("He")), BEN)
        shown = output(console)
        live.note("Ben: radio\x1b[2J is away.")
        assert "Ben: radio [2J is away." in output(console)
    assert "Ann: Good" in shown
    assert "Ben: \x1b[2mHe" in shown


def test_json_lines_of_several_voices_say_whose_they_are() -> None:
    out, err = io.StringIO(), io.StringIO()
    with JsonLines(out, err) as lines:
        lines.show(event(wire.final(2, "Grüße.")), BEN)
        lines.show(event(wire.final(2, "Alone.")))
        lines.note("Only a note.")
    first, second = map(json.loads, out.getvalue().splitlines())
    assert (first["text"], first["voice"]) == ("Grüße.", "Ben")
    assert "voice" not in second
    assert err.getvalue() == "Only a note.\n"


def terminal(*, width: int = 40, height: int = 10) -> Console:
    return Console(
        file=io.StringIO(),
        force_terminal=True,
        width=width,
        height=height,
        color_system="standard",
        highlight=False,
        legacy_windows=False,
        _environ={},
    )


def output(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_terminal_shows_committed_words_plain_and_the_tail_dim() -> None:
    console = terminal()
    with LiveText(console) as live:
        for each in sentence()[:4]:
            live.show(each)
        assert "Good\x1b[2m morning every\x1b[0m" in output(console)


def test_a_terminal_keeps_finals_and_clears_the_rest() -> None:
    console = terminal()
    with LiveText(console) as live:
        for each in [*sentence(), event(wire.partial("what was", utterance=2))]:
            live.show(each)
    shown = output(console)
    after_final = shown[shown.rindex("Good morning everyone.") :]
    assert "\x1b[2K" in after_final.partition("what was")[2]  # the tail is wiped
    assert "\x1b[?25h" in after_final  # the cursor is back


def test_a_terminal_says_what_it_waits_for_until_the_first_words() -> None:
    console = terminal()
    with LiveText(console) as live:
        assert "Connecting…" in output(console)
        live.show(ready())
        assert "Listening…" in output(console)
        said = len(output(console))
        live.show(event(wire.started(1)))
        live.show(event(wire.final(2, "Hi.")))
        assert "Listening…" not in output(console)[said:]


def test_a_caption_longer_than_the_terminal_shows_its_newest_words() -> None:
    console = terminal(width=20, height=5)
    words = " ".join(f"word{number}" for number in range(50))
    with LiveText(console) as live:
        live.show(event(wire.delta(1, words)))
        shown = output(console)
    assert "word49" in shown
    assert "word0 " not in shown


@pytest.mark.parametrize("display", ["terminal", "pipe"])
def test_captions_cannot_control_the_terminal(display: str) -> None:
    nasty = "Hi\x1b]0;owned\x07\x9b2J there\r\x08"
    console = terminal()
    out = io.StringIO()
    with LiveText(console) if display == "terminal" else PlainLines(out, out) as shown:
        shown.show(event(wire.delta(1, nasty)))
        shown.show(event(wire.partial(nasty)))
        shown.show(event(wire.final(2, nasty)))
    everything = output(console) + out.getvalue()
    assert "owned" in everything
    assert not {"\x07", "\x08", "\x9b"} & set(everything)
    assert "\x1b]" not in everything


def test_markup_in_captions_is_text() -> None:
    console = terminal()
    with LiveText(console) as live:
        live.show(event(wire.final(1, "[bold]not bold[/bold]")))
    assert "[bold]not bold[/bold]" in output(console)


@pytest.mark.parametrize(
    ("news", "note"),
    [
        (
            GapMessage(seq=1, from_=1.0, to=2.4, reason="overload"),
            "[1.4 s of audio not captioned: overload]",
        ),
        (ErrorMessage(code="x", message="Slow down.\x1b[2J", fatal=False), "Slow down. [2J"),
        (ErrorMessage(code="x", message="Go away.", fatal=True), None),
        (ready(resumed=True), "The connection is back; nothing is missing."),
        (ready(), None),
    ],
)
def test_news_besides_captions_become_a_sentence(news: SessionEvent, note: str | None) -> None:
    assert note_of(news) == note


def test_the_display_follows_the_output() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    err = io.StringIO()
    assert isinstance(open_display(Terminal(), err, jsonl=False), LiveText)
    assert type(open_display(io.StringIO(), err, jsonl=False)) is PlainLines
    assert isinstance(open_display(Terminal(), err, jsonl=True), JsonLines)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["delta", "partial", "final"]), st.integers(1, 3), st.text()),
        max_size=30,
    )
)
def test_every_committed_word_reaches_a_line_or_is_still_open(
    said: list[tuple[str, int, str]],
) -> None:
    captions = OpenCaptions()
    spoken: dict[int, str] = {}
    for kind, utterance, text in said:
        if kind == "delta":
            spoken[utterance] = spoken.get(utterance, "") + text
            captions.apply(event(wire.delta(1, text, utterance=utterance)))
        elif kind == "partial":
            captions.apply(event(wire.partial(text, utterance=utterance)))
        else:
            captions.apply(event(wire.final(1, spoken.pop(utterance, ""), utterance=utterance)))
    assert sorted(c.committed for c in captions.captions if c.committed) == sorted(
        text for text in spoken.values() if text
    )
