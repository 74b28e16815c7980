"""Whole files beside live work: decoded apart, transcribed in steps that never hurry a speaker.

``FileWork`` is the door. Nothing here knows HTTP, keys or stored jobs.
"""
