"""Insight: what is looked at all the time, and who is told."""
