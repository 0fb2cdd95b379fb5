"""What travels into runs and kernels: which part of this package, and how it gets there."""
