"""Captions on their way to a person's terminal, to a pipe or to a program.

On a terminal committed words are plain and the tail that may still change is dim; finished
utterances scroll up. What a server sends is shown without its control characters, which could
otherwise move the cursor or rename the window. Several sessions share one display; ``Voice`` says
whose event it is.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from livecaption.client.events import Reconnecting, SessionEvent, Withdrawn
from livecaption.protocol.codec import encode
from livecaption.protocol.server_messages import (
    DeltaMessage,
    ErrorMessage,
    FinalMessage,
    GapMessage,
    PartialMessage,
    Ready,
    UtteranceStartedMessage,
)

__all__ = [
    "Display",
    "JsonLines",
    "LiveText",
    "OpenCaptions",
    "PlainLines",
    "Voice",
    "note_of",
    "open_display",
    "printable",
]


@dataclass(frozen=True, slots=True)
class Voice:
    """Whose captions an event belongs to."""

    number: int = 0
    """Tells sessions of one display apart."""
    label: str = ""
    """Written in front of the lines; empty where there is only one."""

    @property
    def prefix(self) -> str:
        """The label as it stands in front of a line."""
        return f"{printable(self.label)}: " if self.label else ""

    def labelled(self, line: str) -> str:
        """Put the label in front of a line that is not empty."""
        return self.prefix + line if line else line


_ONLY = Voice()


class Display(Protocol):
    """Shows events; a context manager, because a terminal has to be left tidy."""

    def show(self, event: SessionEvent, voice: Voice = _ONLY) -> None:
        """Show what this event changes."""

    def note(self, sentence: str) -> None:
        """Say something besides the captions."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


@dataclass(slots=True)
class OpenCaption:
    """An utterance that is still being spoken."""

    voice: Voice = _ONLY
    committed: str = ""
    tail: str = ""


class OpenCaptions:
    """The open utterances, kept from events; several, because the next may begin early."""

    def __init__(self) -> None:
        self._open: dict[tuple[int, int], OpenCaption] = {}

    @property
    def captions(self) -> list[OpenCaption]:
        """In the order they began."""
        return list(self._open.values())

    def apply(self, event: SessionEvent, voice: Voice = _ONLY) -> list[str]:
        """Take an event; return the lines that are finished by it."""
        match event:
            case UtteranceStartedMessage(utterance=number):
                self._open[voice.number, number] = OpenCaption(voice)
            case DeltaMessage(utterance=number, text=text):
                caption = self._caption(voice, number)
                caption.committed += text
                caption.tail = ""
            case PartialMessage(utterance=number, text=text):
                self._caption(voice, number).tail = text
            case FinalMessage(utterance=number, text=text):
                self._open.pop((voice.number, number), None)
                return [voice.labelled(printable(text))]
            case Withdrawn(utterance=number):
                self._open.pop((voice.number, number), None)
            case Ready(resumed=False):
                return self.finish(voice)  # utterances of a lost session stay as they are
            case _:
                pass
        return []

    def finish(self, voice: Voice | None = None) -> list[str]:
        """Close all, or those of one voice; return what was committed of them."""
        ended = {
            key: caption
            for key, caption in self._open.items()
            if voice is None or key[0] == voice.number
        }
        for key in ended:
            del self._open[key]
        lines = [each.voice.labelled(printable(each.committed)) for each in ended.values()]
        return [line for line in lines if line]

    def _caption(self, voice: Voice, number: int) -> OpenCaption:
        return self._open.setdefault((voice.number, number), OpenCaption(voice))


class LiveText:
    """Captions as they form, on a terminal.

    Args:
        console: where to; standard output by default.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._open = OpenCaptions()
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._hint = "Connecting…"

    def __enter__(self) -> Self:
        self._live.start()
        self._redraw()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._scroll(self._open.finish())
        self._live.update("", refresh=True)
        self._live.stop()

    def show(self, event: SessionEvent, voice: Voice = _ONLY) -> None:
        """Redraw the open utterances; a final moves above them for good."""
        self._scroll(self._open.apply(event, voice))
        note = note_of(event)
        if note:
            self.note(voice.labelled(note))
        self._hint = _hint_after(event, self._hint)
        self._redraw()

    def note(self, sentence: str) -> None:
        """Write a dim line above the open utterances."""
        self._console.print(Text(printable(sentence), style="dim italic"))

    def _redraw(self) -> None:
        self._live.update(self._newest_lines(), refresh=True)

    def _scroll(self, lines: list[str]) -> None:
        for line in lines:
            self._console.print(Text(line))

    def _newest_lines(self) -> Text:
        """Wrap the open utterances, and keep as many lines as the terminal is high."""
        if not self._open.captions:
            return Text(self._hint, style="dim italic")
        text = Text()
        for caption in self._open.captions:
            text.append(caption.voice.prefix + printable(caption.committed))
            text.append(printable(caption.tail) + "\n", style="dim")
        lines = text.wrap(self._console, self._console.width)
        return Text("\n").join(lines[-max(1, self._console.height - 2) :])


class PlainLines:
    """One line per final, written through at once: for pipes and files.

    Args:
        out: for the captions.
        err: for everything else worth knowing.
    """

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out = out
        self._err = err
        self._open = OpenCaptions()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._write(self._open.finish())

    def show(self, event: SessionEvent, voice: Voice = _ONLY) -> None:
        """Write the line this event finishes, if any."""
        self._write(self._open.apply(event, voice))
        note = note_of(event)
        if note:
            self.note(voice.labelled(note))

    def note(self, sentence: str) -> None:
        """Write a line beside the captions."""
        print(printable(sentence), file=self._err, flush=True)

    def _write(self, lines: list[str]) -> None:
        for line in lines:
            print(line, file=self._out, flush=True)


class JsonLines(PlainLines):
    """Every message of the server as one line of JSON; our own notes go to ``err``.

    With several voices each line says which one it is from, in ``voice``.
    """

    def show(self, event: SessionEvent, voice: Voice = _ONLY) -> None:
        """Write the message."""
        if isinstance(event, Reconnecting | Withdrawn):
            super().show(event, voice)
            return
        if isinstance(event, Ready):  # with its token, a reader of the log could take over
            event = event.model_copy(update={"resume_token": "hidden"})
        line = encode(event)
        if voice.label:
            line = json.dumps({**json.loads(line), "voice": voice.label}, ensure_ascii=False)
        print(line, file=self._out, flush=True)


def open_display(out: TextIO, err: TextIO, *, jsonl: bool) -> Display:
    """Choose the display for where the captions go."""
    if jsonl:
        return JsonLines(out, err)
    if out.isatty():
        return LiveText(Console(file=out, highlight=False))
    return PlainLines(out, err)


def note_of(event: SessionEvent) -> str | None:
    """Put what is worth knowing besides the captions into a sentence."""
    match event:
        case Reconnecting():
            return f"{printable(event.reason)} Trying again in {event.delay:.1f} s."
        case GapMessage(reason="not_resumed") if event.to <= event.from_:
            return "The connection is back; up to about a second may be captioned twice."
        case GapMessage():
            return f"[{event.to - event.from_:.1f} s of audio not captioned: {event.reason}]"
        case ErrorMessage(fatal=False):  # a fatal one is raised, and said then
            return printable(event.message)
        case Ready(resumed=True):
            return "The connection is back; nothing is missing."
        case _:
            return None


def _hint_after(event: SessionEvent, hint: str) -> str:
    """What a terminal without any words says, so that waiting does not look like a fault."""
    match event:
        case Ready():
            return "Listening…"
        case UtteranceStartedMessage() | FinalMessage():
            return ""
        case _:
            return hint


def printable(text: str) -> str:
    """Leave out what could move a terminal's cursor."""
    return "".join(
        c if unicodedata.category(c)[0] != "C" or c in "\u200c\u200d" else " " for c in text
    )
