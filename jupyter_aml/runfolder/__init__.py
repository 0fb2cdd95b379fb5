"""The layout of a run's folder, and how its records are written and read."""
