"""Roads: versions on their way, as a gate is handed them."""

from typing import Any

from ratchet.rollouts.gates.gate import Road
from ratchet.rollouts.road import open_road
from ratchet.rollouts.rollout import Challenger
from ratchet.store.port import Store
from tests.support.governed import KEYS, NOON, POLICY
from tests.support.turns import drafted, reader


def road_of(store: Store, *arms: str, **how: Any) -> Road:
    """Return the road of fresh drafts beside 1.0.0; each arm is called as its version is."""
    drafted(store, len(arms))
    challengers = [Challenger(arm=arm, version=f"{POLICY}@{arm}") for arm in arms]
    champion = f"{POLICY}@1.0.0"
    return open_road(store, KEYS, reader(store), champion, challengers, now=NOON, **how)
