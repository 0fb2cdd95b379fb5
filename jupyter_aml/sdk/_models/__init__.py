"""What stands behind SDK v1's Model."""
