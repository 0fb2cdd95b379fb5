"""What the classes of SDK v1 share."""
