"""The calibrated description that both backends read: pure data in one readable file."""
