"""What any bytes may do to the part of a server that reads messages and audio, without a socket.

Each function returns whether its input was taken, refuses nothing itself, and raises when something
is wrong that is not the client's fault: that is what a fuzzer looks for.
"""

from __future__ import annotations

from collections.abc import Callable

from livecaption.core.config import SessionConfig
from livecaption.core.session import CaptionSession
from livecaption.detect.webrtc import new_detector
from livecaption.errors import ClientError, ProtocolError
from livecaption.protocol.client_messages import AudioFormat, Encoding
from livecaption.protocol.codec import Message, decode_publisher, decode_watcher, encode
from livecaption.server.audio_intake import AudioIntake

__all__ = ["DECODERS", "try_audio", "try_bytes", "try_text"]

Decode = Callable[[str], Message]

DECODERS: tuple[Decode, ...] = (decode_publisher, decode_watcher)
"""Everything that reads what a client wrote."""

_PLAIN: tuple[Encoding, ...] = ("pcm_s16le", "pcm_f32le", "mulaw", "alaw", "opus")
_RATES = (8_000, 11_025, 16_000, 44_100, 48_000)
_MOST_WORDS = 600
"""Characters of a complaint: one sentence."""


def try_text(text: str, decode: Decode = decode_publisher) -> bool:
    """Read a text frame; what is taken must survive being written and read again."""
    try:
        message = decode(text)
    except ProtocolError as refused:
        _check_complaint(str(refused))
        return False
    again = decode(encode(message))
    if again != message:
        raise AssertionError(f"{again!r} came back for {message!r}")
    return True


def try_bytes(data: bytes) -> None:
    """Give any bytes to every reader of text."""
    text = data.decode("utf-8", "replace")
    for decode in DECODERS:
        try_text(text, decode)


def try_audio(data: bytes) -> bool:
    """Take bytes for audio: the first three choose the format, the rest is cut into frames."""
    if len(data) < 4:
        return False
    kind, rate, cut = data[:3]
    audio = AudioFormat(
        encoding=_PLAIN[kind % len(_PLAIN)],
        sample_rate=_RATES[rate % len(_RATES)],
        channels=1 + (rate >> 7),
    )
    intake = AudioIntake(audio, max_speed=1.5)
    session = CaptionSession(SessionConfig(session="s_fuzz"), new_detector())
    taken = 0
    try:
        for at in range(3, len(data), cut + 1):
            try:
                samples = intake.take(data[at : at + cut + 1], at / 10)
            except ClientError as refused:
                _check_complaint(str(refused))
                continue
            taken += len(samples)
            session.receive_audio(samples)
        session.receive_eof("stop")
    finally:
        intake.close()
    if session.received != taken:
        raise AssertionError(f"{taken} samples were taken, {session.received} received")
    return taken > 0


def _check_complaint(sentence: str) -> None:
    sentence.encode()
    if "\n" in sentence or not 0 < len(sentence) <= _MOST_WORDS:
        raise AssertionError(f"this is not a sentence: {sentence!r}")
