"""Rollouts: who meets which version, what that shows, and what may be concluded from it."""
