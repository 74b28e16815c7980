"""``livecaption serve`` with an engine that knows the talk by heart, in place of a model.

Run as ``python -m tests.faults.scripted_process SECONDS``; settings come from the environment.
"""

from __future__ import annotations

import logging
import sys

from livecaption.asgi import create_app
from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.server.serving import LiveServer, bind
from livecaption.settings import load_settings
from tests.faults.talk import talk


def main() -> None:
    logging.basicConfig(level="INFO", stream=sys.stderr)
    logging.getLogger("uvicorn.error").setLevel("WARNING")
    settings = load_settings()
    _, words = talk(float(sys.argv[1]))
    LiveServer(create_app(settings, ScriptedTranscriber(words)), settings).run(
        sockets=[bind(settings)]
    )


if __name__ == "__main__":
    main()
