"""Watched: a rollout's watch with the reward configuration that it is pinned to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.observe.epochs import epoch_config
from ratchet.observe.reward import RewardConfig
from ratchet.observe.watch import ROLLOUTS, Watch
from ratchet.store.port import Ref, Store


@dataclass(frozen=True)
class Watched:
    """What counting the outcomes of one rollout takes."""

    watch: Watch
    config: RewardConfig


class RolloutReader:
    """Reads what a rollout fixed at its start, once in a run of a verb."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Watched | None] = {}
        self._configs: dict[int, RewardConfig] = {}

    def watched(self, ids: Iterable[str]) -> Mapping[str, Watched]:
        """Return the rollouts among some ids that exist and can be read."""
        wanted = sorted(set(ids))
        new = [i for i in wanted if i not in self._known]
        if new:
            found = self._store.get_many([Ref(ROLLOUTS, i) for i in new])
            for i, snapshot in zip(new, found, strict=True):
                self._known[i] = self._parse(snapshot.data) if snapshot else None
        return {i: known for i in wanted if (known := self._known[i]) is not None}

    def _parse(self, data: Mapping[str, object]) -> Watched | None:
        try:
            watch = Watch.parse(data.get("watch"))
            if watch.epoch not in self._configs:
                self._configs[watch.epoch] = epoch_config(self._store, watch.epoch)
        except (InvalidInput, NotFound):  # an alert says so, and what is of it counts in no bucket
            return None
        return Watched(watch, self._configs[watch.epoch])
