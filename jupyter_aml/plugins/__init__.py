"""What other packages find of us by their entry points; it travels into runs and kernels."""
