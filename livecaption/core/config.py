"""What a session is told when it starts: one frozen object, parsed nowhere but in the shells."""

from __future__ import annotations

from dataclasses import dataclass, field

from livecaption.core.audio import SAMPLE_RATE
from livecaption.core.decode import Task
from livecaption.core.gate import GateConfig
from livecaption.core.policy import REALTIME, StreamingPolicy
from livecaption.core.screen import ScreenConfig
from livecaption.core.utterance import Speaking
from livecaption.core.wordlist import NO_WORDS, WordTable

__all__ = ["SessionConfig"]


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """All that a session is told when it starts; durations in samples."""

    session: str
    policy: StreamingPolicy = REALTIME
    gate: GateConfig = field(default_factory=GateConfig)
    screen: ScreenConfig = field(default_factory=ScreenConfig)
    pre_roll: int = int(0.3 * SAMPLE_RATE)
    """Audio kept before the onset: detectors miss soft first consonants."""
    speaking: Speaking = field(default_factory=Speaking)
    task: Task = "transcribe"
    partials: bool = True
    written: WordTable = NO_WORDS
    """What is written instead of some words, and which are masked."""
    previous_text: bool = True
    """Give the decoder committed text as context; some models do better without."""
    verify_speech: bool = True
    """Let the second detector veto utterances opened by noise."""
    confident: float = 0.5
    """Word probability above which the last partial stands as the closing hypothesis; above 0.5
    a word is certainly the decoder's first choice."""
