"""Environments as notebook kernels: their kernelspecs, how they start, and what runs."""
