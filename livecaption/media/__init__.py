"""Whatever publishers and files hold, as the one signal the core takes: int16, 16 kHz, mono.

``stream`` converts while the bytes arrive (a publisher's socket); ``sources`` opens what the
command line names (a file, standard input, a URL, a capture device). Nothing here knows sessions,
sockets or captions.
"""
