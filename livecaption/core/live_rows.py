"""The last rows of a room's captions, for a screen that shows plain text.

The rules are the overlay's (``static/js/caption/overlay-model.js``): the newest lines, one for each
utterance, until nothing new came for a while; lines that have gone that way do not come back when
speech begins again. Committed words only. Rows are filled like a typewriter's, so that a full row
never changes again.

Time is an argument; this module must not know files or messages.
"""

from __future__ import annotations

from dataclasses import dataclass

from livecaption.core.lines import clean, fill

__all__ = ["LiveRows"]

_LINES_KEPT = 20
"""More utterances than anybody shows rows."""


@dataclass(slots=True)
class _Line:
    session: str
    utterance: int
    speaker: str
    text: str = ""
    gone: int = 0
    """Characters of ``text`` that have been on the screen for long enough."""
    closed: bool = False


class LiveRows:
    """What stands on the screen at a time.

    Args:
        rows: rows at most.
        columns: width of a row.
        hold_s: how long the last text stays; 0 keeps it for ever.
    """

    def __init__(self, *, rows: int, columns: int, hold_s: float) -> None:
        self._rows = rows
        self._columns = columns
        self._hold_s = hold_s
        self._lines: list[_Line] = []
        self._changed_at = 0.0

    @property
    def quiet_at(self) -> float | None:
        """When the text will have stood long enough; None when nothing ends by itself."""
        return self._changed_at + self._hold_s if self._hold_s and self._lines else None

    def begin(self, session: str, utterance: int, speaker: str | None) -> None:
        """Make a line for an utterance. Without a line, nothing of it is shown."""
        later = (
            at
            for at, line in enumerate(self._lines)
            if line.session == session and line.utterance > utterance
        )
        at = next(later, len(self._lines))
        self._lines.insert(at, _Line(session, utterance, clean(speaker or "")))
        del self._lines[:-_LINES_KEPT]

    def append(self, session: str, utterance: int, text: str, now: float) -> None:
        """Add committed words to an utterance, as they are."""
        line = self._line(session, utterance)
        if line is None or line.closed or not text:
            return
        if self._is_quiet(now):
            self._lines = [each for each in self._lines if not each.closed]
            for each in self._lines:
                each.gone = len(each.text)
        line.text += text
        self._changed_at = now

    def close(self, session: str, utterance: int, text: str, now: float) -> None:
        """End an utterance; what is missing of its text is added. Shown text stands."""
        line = self._line(session, utterance)
        if line is None:
            return
        if text.startswith(line.text):
            self.append(session, utterance, text[len(line.text) :], now)
        line.closed = True

    def at(self, now: float) -> str:
        """Return the rows, with a line feed behind each; empty when it has been quiet for long."""
        if self._is_quiet(now):
            return ""
        rows: list[str] = []
        for line in self._lines:
            if text := clean(line.text[line.gone :]):
                label = f"{line.speaker}: " if line.speaker else ""
                rows += fill(label + text, self._columns)
        return "".join(f"{row}\n" for row in rows[-self._rows :])

    def _line(self, session: str, utterance: int) -> _Line | None:
        for line in reversed(self._lines):
            if (line.session, line.utterance) == (session, utterance):
                return line
        return None

    def _is_quiet(self, now: float) -> bool:
        return self.quiet_at is not None and now >= self.quiet_at
