"""Policies: immutable signed versions, the one active among them, and who asks for it."""
