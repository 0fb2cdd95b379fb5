"""The parts of a run configuration, and its file."""
