"""The wire protocol ``livecaption.v1`` as data: messages, their limits, text in and text out.

It does no I/O and owns no clock; ``docs/protocol/`` is the same contract for people and tools.
"""
