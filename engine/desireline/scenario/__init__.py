"""Redesigns: typed changes, scenarios, and what they make of a model."""
