"""Canary gate: the challengers serve a part of the units, step by step."""

from ratchet.rollouts.gates.gate import Entered, Road
from ratchet.rollouts.profile import MIN_CANARY
from ratchet.rollouts.rollout import RolloutDraft, Shares


def enter(road: Road) -> Entered:
    """Begin a canary in the profile's steps; several challengers share each step's traffic."""
    draft = RolloutDraft(
        policy=road.champion.id,
        challengers=road.challengers,
        mode="canary",
        steps=tuple(_shares(road, step) for step in road.profile.steps),
        profile_name=road.profile_name,
        profile=road.profile,
    )
    return Entered("runs", draft=draft)


def _shares(road: Road, step: float) -> Shares:
    each = max(MIN_CANARY, step / len(road.challengers))
    return {challenger.arm: each for challenger in road.challengers}
