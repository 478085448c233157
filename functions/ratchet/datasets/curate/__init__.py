"""Curation: how good, sure, different and rare an example is, and whether it is taken."""

CURATION = "1"  # another number makes another version of every dataset
FEATURES = 64
"""How many numbers the vector of an example has."""
