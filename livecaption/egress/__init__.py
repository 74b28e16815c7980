"""Captions out to other services: YouTube and Zoom take them over HTTP.

::

    room events → sink → blocks (pure) → delivery → dialect (pure) ⇄ http → the service

What a service's address, numbers and times look like is its dialect's business alone; who waits,
tries again and gives up is the delivery's. Nothing here knows sockets of ours, rooms or settings.
"""
