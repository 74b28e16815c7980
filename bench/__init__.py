"""Benchmarks of this machine. ``python -m bench`` lists them; results go to ``bench/results``."""
