"""The verbs of runs: submit, watch, read, compare, repeat."""
