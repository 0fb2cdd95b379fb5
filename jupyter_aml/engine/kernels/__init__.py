"""Kernels on compute targets: each a job that takes a place there, and is no run."""
