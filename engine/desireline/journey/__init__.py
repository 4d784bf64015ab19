"""What happened: variants, journey map, timing, process model."""
