"""Work on files that nobody waits for: a durable queue, who works it off, and who is told.

What transcribes a file, and what carries its result out of the house, is handed in.
"""
