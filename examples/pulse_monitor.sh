#!/bin/sh
# Captions of what this machine plays, a meeting for instance, through PulseAudio or PipeWire:
#   examples/pulse_monitor.sh [SERVER] [ROOM] [SOURCE]
# `livecaption stream --list-devices` names the sources; without one, what the default output plays
# is heard.
set -eu
exec livecaption stream "pulse:${3:-monitor}" --url "${1:-ws://localhost:8000}" --room "${2:-main}"
