"""Counting what happens, and showing it to Prometheus.

``meters`` is what the rest of the program writes into; it is plain Python. Only ``families``,
``gpu`` and ``exposition`` know the Prometheus client and NVIDIA's library.
"""
