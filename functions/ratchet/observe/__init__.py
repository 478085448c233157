"""Observations come in, are scored once, and are rolled up into statistics."""
