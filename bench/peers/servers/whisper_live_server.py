"""Starts WhisperLive's server with a local model; runs in its environment, not in ours."""

import argparse

from whisper_live.server import TranscriptionServer

options = argparse.ArgumentParser()
options.add_argument("--model", required=True)
options.add_argument("--port", type=int, required=True)
options.add_argument("--threads", type=int, required=True)
options.add_argument("--serial", action="store_true", help="its default: one decode at a time")
chosen = options.parse_args()

TranscriptionServer().run(
    "127.0.0.1",
    port=chosen.port,
    backend="faster_whisper",
    faster_whisper_custom_model_path=chosen.model,
    single_model=True,
    max_clients=1000,
    max_connection_time=86_400,
    batch_enabled=not chosen.serial,
    # The benchmark decides how many streams there are: neither limit may turn one away.
    batch_max_queue_wait_s=1e6,
    batch_max_admissions_per_s=1e6,
)
