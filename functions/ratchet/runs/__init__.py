"""Runs: orchestrated pieces of work, their composite loss, and what they teach."""
