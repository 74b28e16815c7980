"""Captions of a stream or file: RTMP, RTSP, HLS, http or a path.

python examples/stream_url.py ws://localhost:8000 main https://radio.example/live.m3u8
"""

from __future__ import annotations

import asyncio
import sys

from pcm_pipe import main

if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
