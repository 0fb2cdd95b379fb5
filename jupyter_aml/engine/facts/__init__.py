"""What is recorded of a run without being asked: git, host, packages."""
