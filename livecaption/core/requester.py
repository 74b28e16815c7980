"""Writes decode requests: numbering, committed text as context, and the session's language.

The session owns language and prompt; every request carries them to the engine.
"""

from __future__ import annotations

from livecaption.core.audio import Samples
from livecaption.core.config import SessionConfig
from livecaption.core.decode import DecodeKind, DecodeRequest, DecodeResult
from livecaption.core.prompt import build_prompt
from livecaption.core.utterance import Speaking, Utterance

__all__ = ["Requester"]

_HISTORY_CHARS = 400
_SURE = 0.5
_SURE_AFTER_S = 2.0


class Requester:
    """Collects requests until they are drained."""

    def __init__(self, config: SessionConfig, detected: str | None = None) -> None:
        self._config = config
        self._detected = detected
        self._history = ""
        self._requests: list[DecodeRequest] = []
        self.made = 0
        """Requests written so far."""

    @property
    def detected(self) -> str | None:
        """The language detected and pinned; None until then."""
        return self._detected

    def language_of(self, speaking: Speaking) -> str | None:
        """Return the language given by the client, else the one detected; None until then."""
        return speaking.language or self._detected

    def drain(self) -> list[DecodeRequest]:
        """Hand out, once, the requests since the last call."""
        requests, self._requests = self._requests, []
        return requests

    def request(self, utterance: Utterance, kind: DecodeKind, audio: Samples) -> DecodeRequest:
        """Ask for a decode of ``audio``, int16, which starts at the utterance's window."""
        config = self._config
        self.made += 1
        request = DecodeRequest(
            session=config.session,
            number=self.made,
            utterance=utterance.number,
            kind=kind,
            start=utterance.window_start,
            audio=audio,
            previous_text=self._context(utterance) if config.previous_text else "",
            vocabulary=utterance.speaking.vocabulary,
            language=self.language_of(utterance.speaking),
            task=config.task,
            verify_speech=config.verify_speech and not utterance.is_speech,
        )
        self._requests.append(request)
        return request

    def remember(self, text: str) -> None:
        """Keep the text of an ended utterance as context for the next ones."""
        self._history = build_prompt(f"{self._history} {text}", _HISTORY_CHARS)

    def forget_language(self) -> None:
        """Detect the language anew."""
        self._detected = None

    def pin_language(self, result: DecodeResult) -> None:
        """Keep a detected language once it rests on enough audio; it is detected once only."""
        request = result.request
        if self._detected is not None or request.language is not None or not result.words:
            return
        enough = request.duration >= _SURE_AFTER_S and result.language_probability >= _SURE
        if enough or request.kind is DecodeKind.FINAL:
            self._detected = result.language

    def _context(self, utterance: Utterance) -> str:
        before = [w.text for w in utterance.committed if w.stop <= utterance.window_start]
        return build_prompt(self._history + "".join(before))
