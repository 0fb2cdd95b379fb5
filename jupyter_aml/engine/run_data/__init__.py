"""The inputs and outputs of runs: kept, made ready before a run and taken in after it."""
