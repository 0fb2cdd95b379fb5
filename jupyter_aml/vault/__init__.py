"""Secrets of a workspace, encrypted at rest."""
