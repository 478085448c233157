"""Heuristics: small models trained on labels, as plain numbers that a policy version carries."""
