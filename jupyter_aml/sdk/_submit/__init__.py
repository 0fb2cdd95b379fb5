"""What the shell and the magics share to send a run."""
