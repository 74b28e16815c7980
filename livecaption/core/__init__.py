"""The pure part: streaming policy without clock, task, lock or I/O. Time is the sample index."""
