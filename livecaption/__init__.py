"""Self-hosted live captions: one Whisper model, many live streams."""

__version__ = "0.1.0"
