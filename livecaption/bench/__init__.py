"""Measures a live-captioning server the way its users feel it.

Clips whose words and times are known are played at speaking speed over real WebSockets; what comes
back is scored. ``docs/benchmarks.md`` defines every figure. Servers of other projects are measured
with the same code: only a ``Dialect`` is theirs.
"""
