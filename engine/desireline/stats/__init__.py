"""Intervals, paired effects, simultaneous intervals: arrays in, records out."""
