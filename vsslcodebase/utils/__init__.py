"""Helpers without a room of their own: collectives and precision."""
