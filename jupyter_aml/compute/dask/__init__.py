"""Runs on the workers of a Dask cluster that exists, or of one that is made by name."""
