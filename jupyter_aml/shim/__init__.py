"""The small process beside each run; it imports the standard library only, and little of it."""
