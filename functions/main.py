"""The deployed entry points, a list and nothing else."""
