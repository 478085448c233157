"""Sampling of successes by unit, so that a kept observation stands for k of its kind."""

import hashlib

from ratchet.observe.observation import Observation


def kept(observation: Observation, identity: str, k: int) -> Observation | None:
    """Return the observation with its weight, or None where it is sampled out.

    One unit in k keeps all its successes; failures, timeouts and whatever belongs to a rollout or
    to a run, whose totals are of few, are always kept, and so is what was sampled before it came.
    """
    named = observation.rollout_id or observation.run_id
    if k == 1 or named or observation.outcome != "success" or observation.weight > 1:
        return observation
    name = observation.unit or identity
    digest = hashlib.blake2b(f"sample:{name}".encode(), digest_size=8).digest()
    if int.from_bytes(digest, "big") % k:
        return None
    return observation.model_copy(update={"weight": k})
