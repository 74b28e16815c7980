#!/bin/sh
# Captions of what this machine plays: examples/pulse_monitor.sh [SINK] [URL] [ROOM]
# `pactl list short sinks` names the sinks; without one, the default sink is heard.
set -eu
sink="${1:-$(pactl get-default-sink)}"
parec --device="$sink.monitor" --format=s16le --rate=16000 --channels=1 --latency-msec=100 |
  livecaption stream - --url "${2:-ws://localhost:8000}" --room "${3:-main}"
