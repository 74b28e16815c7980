"""``livecaption serve`` with an engine that knows the talk by heart, in place of a model.

Run as ``python -m tests.faults.scripted_process SECONDS [hanging]``; settings come from the
environment. A hanging engine never returns from its first batch, as one in a broken driver.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Sequence

from livecaption.asgi import create_app
from livecaption.core.decode import DecodeRequest
from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.server.serving import LiveServer, bind
from livecaption.settings import load_settings
from tests.faults.talk import talk


def main() -> None:
    logging.basicConfig(level="INFO", stream=sys.stderr)
    logging.getLogger("uvicorn.error").setLevel("WARNING")
    settings = load_settings()
    _, words = talk(float(sys.argv[1]))
    engine = ScriptedTranscriber(words, _hang if "hanging" in sys.argv[2:] else None)
    LiveServer(create_app(settings, engine), settings).run(sockets=[bind(settings)])


def _hang(requests: Sequence[DecodeRequest]) -> None:
    threading.Event().wait()


if __name__ == "__main__":
    main()
