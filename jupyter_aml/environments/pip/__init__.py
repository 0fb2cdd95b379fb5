"""Environments of Python packages alone, by uv."""
