"""Other live-captioning servers, measured with our harness.

Each is installed from PyPI, pinned, into a virtual environment of its own outside this tree, and
spoken to in its own protocol. A driver is three things: a ``Peer`` (what to install, how to start),
a dialect (its messages), and a small program in ``servers/`` that starts it with a local model.
"""
