"""Environments that are docker images."""
