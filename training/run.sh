#!/usr/bin/env bash
# From nothing to a model directory: sentences, speech, tokenizer, training, export, measurement.
#
#   training/run.sh                          two CPU cores, about two hours of training
#   SENTENCES=none training/run.sh           our own templates only: nothing is downloaded
#   DEVICE=cuda MINUTES=20 SHARDS=300 PROCESSES=16 WORKERS=12 training/run.sh
#
# Settings (environment): PYTHON, DATA (work folder), SENTENCES (a file, or "none"), OUT (model
# directory), DEVICE, MINUTES, SHARDS (hours of speech, roughly), UTTERANCES (per shard), PROCESSES,
# WORKERS, CLIPS (for the word error rate), CHECKS (of evaluate.py), TRAIN_OPTIONS (for train.py).
# What is already there is kept; delete DATA to start again.
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-python3}
DATA=${DATA:-training/data}
SENTENCES=${SENTENCES:-$DATA/metadata.csv}
OUT=${OUT:-$DATA/model/micro-en}
DEVICE=${DEVICE:-cpu}
MINUTES=${MINUTES:-120}
SHARDS=${SHARDS:-60}
UTTERANCES=${UTTERANCES:-1000}
PROCESSES=${PROCESSES:-2}
WORKERS=${WORKERS:-0}
CLIPS=${CLIPS:-300}
CHECKS=${CHECKS:-wer words silence prefixes modes}
TRAIN_OPTIONS=${TRAIN_OPTIONS:-}
export PYTHONUNBUFFERED=1

list=()
if [ "$SENTENCES" != none ]; then
  [ -f "$SENTENCES" ] || "$PYTHON" -m training.fetch_sentences --out "$SENTENCES"
  list=(--sentences "$SENTENCES")
fi

echo "== speech"
shards() { OMP_NUM_THREADS=1 "$PYTHON" -m training.make_shards --out "$DATA/shards" "${list[@]}" "$@"; }
shards --shards "$SHARDS" --utterances "$UTTERANCES" --seed 1 --processes "$PROCESSES"
shards --shards 1 --utterances "$((UTTERANCES * 2 / 5))" --seed 900 --processes 1 --held-out

echo "== tokenizer"
[ -f "$DATA/tokenizer.json" ] ||
  "$PYTHON" -m training.make_tokenizer --out "$DATA/tokenizer.json" "${list[@]}"

echo "== training"
(
  # shellcheck source=training/cpu_allocator.sh
  [ "$DEVICE" != cpu ] || . training/cpu_allocator.sh
  # shellcheck disable=SC2086  # TRAIN_OPTIONS holds several words
  "$PYTHON" -m training.train --work "$DATA/run" --shards "$DATA/shards/s*.npz" \
    --validation "$DATA/shards/dev_*.npz" --tokenizer "$DATA/tokenizer.json" \
    --device "$DEVICE" --minutes "$MINUTES" --workers "$WORKERS" $TRAIN_OPTIONS
)

echo "== export"
"$PYTHON" -m training.export --checkpoint "$DATA/run/last.pt" \
  --tokenizer "$DATA/tokenizer.json" --out "$OUT"

echo "== measurement"
written=$((CLIPS * 2 / 3))
[ "$SENTENCES" != none ] || written=0
[ -d "$DATA/clips" ] || "$PYTHON" -m training.make_clips single --out "$DATA/clips" \
  --written "$written" --conversational "$((CLIPS - written))" "${list[@]}"
# shellcheck disable=SC2086  # CHECKS holds several words
"$PYTHON" -m training.evaluate --model "$OUT" --clips "$DATA/clips" --most "$CLIPS" --checks $CHECKS
