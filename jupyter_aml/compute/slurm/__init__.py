"""Runs jobs in a Slurm cluster, by the commands that its users have."""
