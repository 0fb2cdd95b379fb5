"""What Workspace is made of."""
