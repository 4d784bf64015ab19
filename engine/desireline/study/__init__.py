"""Batch what-if: scenarios x factors x replications, and what they say."""
