"""Desireline measures how customers really travel a journey and rehearses redesigns of it."""

__version__ = "0.1.0"
