"""Ratchet: a self-tuning policy loop over a document store."""
