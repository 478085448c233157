"""Collecting: what arrives is kept as it came, and becomes an example or a dead letter."""
