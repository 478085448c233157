"""Shadow gate: the challengers run beside the champion, and serve nobody."""

from ratchet.rollouts.gates.gate import Entered, Road
from ratchet.rollouts.rollout import RolloutDraft


def enter(road: Road) -> Entered:
    """Begin a shadow rollout, as the profile has it."""
    share = road.profile.shadow.share
    draft = RolloutDraft(
        policy=road.champion.id,
        challengers=road.challengers,
        mode="shadow",
        steps=({challenger.arm: share for challenger in road.challengers},),
        profile_name=road.profile_name,
        profile=road.profile,
    )
    return Entered("runs", draft=draft)
