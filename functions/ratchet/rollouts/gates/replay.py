"""Replay gate: what other weights would have earned on the log of what was drawn."""

from ratchet.rollouts.gates.gate import Entered, Road


def enter(road: Road) -> Entered:
    """Hold the one version's weights against the champion's, on the same log."""
    raise NotImplementedError(road)
