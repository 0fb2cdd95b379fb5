"""Runs from their first row to their end: watched, moved on, finalized, removed."""
