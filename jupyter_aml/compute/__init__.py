"""Backends behind one protocol: what takes a job, shows how it fares and ends it."""
