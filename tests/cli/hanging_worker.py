"""``livecaption worker`` with an engine that never returns from a file, as in a broken driver.

Run as ``python -m tests.cli.hanging_worker``; settings come from the environment. It prints a line
when it hangs.
"""

from __future__ import annotations

import asyncio
import sys
import threading

from livecaption.cli.worker import until_told
from livecaption.core.file_transcript import FileOptions
from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.engine.scripted_files import ScriptedFiles
from livecaption.settings import load_settings


def _hang(options: FileOptions) -> None:
    sys.stdout.write("hanging\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    engine = ScriptedTranscriber(files=ScriptedFiles((), _hang))
    asyncio.run(until_told(load_settings(), engine, None))
