"""A world in which everything is wrong at once that a rule can see."""

from typing import Literal

from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import DAY, HOUR, ManualClock
from ratchet.rollouts.override import override_rollout
from ratchet.store.port import Store
from tests.support.governed import ADA, KEYS, draft, lineage_of, weights
from tests.support.labelled import label, wrote
from tests.support.trials import begin, finish
from tests.support.watching import NOON, carded, looks, rewarded, waiting


def troubled(store: Store) -> None:
    """Bring every rule to speak, by looks from noon on."""
    reader = ConfigReader(store, ManualClock(NOON))
    lineage_of(store, 1)
    tries: list[tuple[float, Literal["ROLL_BACK", "PROMOTE"] | None]] = [
        (0.5, "ROLL_BACK"),
        (0.8, "PROMOTE"),  # gemini is at its floor
        (0.7, None),
    ]
    for share, decision in tries:
        new = draft(store, weights(share), now=NOON)
        tried = begin(store, arms={"new": new.key()}, now=NOON)
        if decision is not None:
            head = override_rollout(
                store, KEYS, reader, ADA, tried.id, decision, reason="so be it", now=NOON
            )
            if head.rollout:
                finish(store, head.rollout)  # the holdback
    names = (f"s{i}" for i in range(20))
    wrote(store, *(label(name, ts=NOON - 9 * DAY) for name in names))
    carded(store, NOON - 12 * HOUR, low=0.02)
    for hour in (0, 72, 73, 74):
        now = NOON + hour * HOUR
        rewarded(store, "router", 0.1, now=now)
        waiting(store, HOUR, now)
        looks(store, now, now + HOUR / 2)
