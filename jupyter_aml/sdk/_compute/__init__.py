"""What the classes of compute targets share, and what magics and shell ask of targets."""
