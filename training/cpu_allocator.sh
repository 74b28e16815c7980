# Sourced before training on a CPU. glibc's malloc unmaps big tensors after every operation, and the
# page faults cost five times the throughput; tcmalloc that never gives memory back avoids that
# (train.py gives free memory back itself above --max-memory).
tcmalloc=$(ldconfig -p 2>/dev/null | sed -n 's/.*libtcmalloc_minimal\.so\.4 .*=> //p' | head -n 1)
if [ -n "$tcmalloc" ]; then
  export LD_PRELOAD="$tcmalloc"
  export TCMALLOC_RELEASE_RATE=0
  export TCMALLOC_LARGE_ALLOC_REPORT_THRESHOLD=100000000000
else
  echo "libtcmalloc_minimal.so.4 is not installed (Debian: libtcmalloc-minimal4t64 or" \
    "libtcmalloc-minimal4): training will be several times slower." >&2
fi
export GOMP_SPINCOUNT=30000
