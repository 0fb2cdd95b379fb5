"""Rows to domain and back. The run folders are the truth; this is their index."""
