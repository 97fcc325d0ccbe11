"""A fictitious district for trying things out: its history, and a schedule that is always on."""
