"""The journey over time: early warning, drift, scorecards, what changed between two periods, procedure."""
