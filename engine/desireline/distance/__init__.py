"""How far two logs are apart: one distance per module, each the same for a real log and for a run."""
