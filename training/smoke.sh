#!/usr/bin/env bash
# A few minutes on one core: does the whole way still run? Templates only, a handful of utterances, a
# few steps, export, and loading in faster-whisper. The model it makes knows nothing.
#
#   PYTHON=path/to/venv/bin/python training/smoke.sh
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

export PYTHON OMP_NUM_THREADS=1
DATA=$work OUT=$work/model SENTENCES=none SHARDS=2 UTTERANCES=20 PROCESSES=2 CLIPS=3 \
  CHECKS="wer words" \
  TRAIN_OPTIONS="--steps 6 --threads 1 --warm-up 2 --d-model 64 --windows 0:150;0.5:300 --frames 0:600" \
  nice -n 19 training/run.sh

for name in model.bin config.json vocabulary.json tokenizer.json preprocessor_config.json livecaption.json; do
  [ -s "$work/model/$name" ] || { echo "export wrote no $name" >&2; exit 1; }
done

echo "== going on from a checkpoint, with composers in processes"
nice -n 19 "$PYTHON" -m training.train --work "$work/resumed" --resume "$work/run/last.pt" \
  --shards "$work/shards/s*.npz" --tokenizer "$work/tokenizer.json" --steps 9 --start-progress 0.7 \
  --workers 2 --threads 1 --windows 0:150 --frames 0:300
[ -s "$work/resumed/last.pt" ]

echo "== clips"
nice -n 19 "$PYTHON" -m training.make_clips script training/text/example_script.json --out "$work/clip"
[ -s "$work/clip.flac" ] && [ -s "$work/clip.json" ]
echo "smoke test passed"
