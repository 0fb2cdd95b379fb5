"""Environments with conda packages."""
