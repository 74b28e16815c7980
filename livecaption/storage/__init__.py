"""Keeps what was said: sessions, their events, and transcripts of rooms."""
