"""What the numbers mean: the case table and the registry of measures, for real and simulated logs alike."""
