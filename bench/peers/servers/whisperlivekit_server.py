"""Starts WhisperLiveKit with a local model; runs in its environment, not in ours."""

import argparse
import runpy
import sys

import faster_whisper

options = argparse.ArgumentParser()
options.add_argument("--model", required=True)
options.add_argument("--port", type=int, required=True)
options.add_argument("--threads", type=int, required=True)
options.add_argument("--confidence", action="store_true", help="its --confidence-validation")
chosen = options.parse_args()


class OnThreads(faster_whisper.WhisperModel):
    """It offers no option for these two; "auto" would choose int8 on this processor anyway."""

    def __init__(self, *args, **kwargs):
        kwargs.update(compute_type="int8", cpu_threads=chosen.threads)
        super().__init__(*args, **kwargs)


faster_whisper.WhisperModel = OnThreads
sys.argv = [
    "whisperlivekit-server",
    *("--host", "127.0.0.1", "--port", str(chosen.port)),
    *("--backend", "faster-whisper", "--backend-policy", "localagreement"),
    *("--model-path", chosen.model, "--language", "en", "--pcm-input"),
    # Its default warm-up file would be downloaded.
    *("--warmup-file", "", "--log-level", "WARNING"),
    *(["--confidence-validation"] if chosen.confidence else []),
]
runpy.run_module("whisperlivekit.basic_server", run_name="__main__")
