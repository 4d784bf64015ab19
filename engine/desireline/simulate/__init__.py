"""Simulation: the model lowered to a plan, the backends that run it, and what a run leaves."""
