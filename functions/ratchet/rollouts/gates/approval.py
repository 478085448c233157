"""Approval gate: a person says yes or no."""

from ratchet.rollouts.gates.gate import Entered, Road


def enter(road: Road) -> Entered:
    """Ask; four eyes and how long a yes can be given are the approval's own."""
    return Entered("asks", (f"the gates of {road.champion.id} want an approval",))
