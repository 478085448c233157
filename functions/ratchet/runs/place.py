"""Where runs count: in which buckets, as long as a day has not too many components and versions."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from ratchet.kernel.clock import DAY, day_of
from ratchet.kernel.ids import shard_of
from ratchet.runs.run import Counted
from ratchet.runs.trend import buckets_query
from ratchet.stats.bucket import OTHER
from ratchet.stats.run_sums import RunBucket, run_bucket_key
from ratchet.store.port import Filter, Query, Ref, Store
from ratchet.store.transact import Transaction

MAX_VERSIONS = 20  # of a component, counted by name on one day; the rest is `other`
# Buckets of a shard that change on one day: a component that comes after them is `other`. Whoever
# names each run a component of its own would else make as many trends and cards.
MAX_BUCKETS = 1000


class Place(NamedTuple):
    """What one bucket of runs is about."""

    component: str
    version: str
    day: datetime

    @property
    def ref(self) -> Ref:
        """Where its bucket is."""
        return Ref(RunBucket.collection, run_bucket_key(*self))


class Room:
    """How many components more are counted by name today; asked of the store where one is new."""

    def __init__(self, store: Store, now: datetime, shards: int) -> None:
        self._store, self._now, self._shards = store, now, shards
        self._room: dict[int, int] = {}
        self._taken: defaultdict[int, set[tuple[str, datetime]]] = defaultdict(set)

    def takes(self, component: str, day: datetime) -> bool:
        """Say whether a component that has no bucket of a day gets one; asked again, the same."""
        shard = shard_of(component, self._shards)
        if shard not in self._room:
            today = Filter("updatedAt", ">=", day_of(self._now))
            query = Query(RunBucket.collection, (Filter("shard", "==", shard), today))
            self._room[shard] = MAX_BUCKETS - self._store.count(query)
        taken = self._taken[shard]
        if (component, day) not in taken and len(taken) < self._room[shard]:
            taken.add((component, day))
        return (component, day) in taken


def place_of(counted: Counted) -> Place:
    """Return where a run counts."""
    return Place(counted.component, counted.version, counted.day)


def placed(
    tx: Transaction, wanted: Sequence[Counted], present: Sequence[Counted | None], room: Room
) -> list[Counted]:
    """Return what some runs count, over the caps of their day as `other`; `present` is as of now.

    A run that stays with its component, version and day stays in its bucket. Shapes: equal.
    """
    moving = {
        place_of(new)
        for new, old in zip(wanted, present, strict=True)
        if old is None or place_of(new) != place_of(old)
    }
    over = _over(tx, sorted(moving), room)
    return [new.model_copy(update=over.get(place_of(new), {})) for new in wanted]


def _over(tx: Transaction, moving: Sequence[Place], room: Room) -> dict[Place, Mapping[str, str]]:
    """Return what is `other` of the places that get no bucket of their own."""
    found = tx.fetch([place.ref for place in moving])
    new = [place for place, stored in zip(moving, found, strict=True) if stored is None]
    by_day: defaultdict[tuple[str, datetime], list[Place]] = defaultdict(list)
    for place in new:
        by_day[place.component, place.day].append(place)
    over: dict[Place, Mapping[str, str]] = {}
    for (component, day), places in by_day.items():
        stored = tx.query(buckets_query(component, day, day + DAY))
        if not stored and component != OTHER and not room.takes(component, day):
            over |= {place: {"component": OTHER, "version": OTHER} for place in places}
            continue
        left = MAX_VERSIONS - sum(s.data.get("version") != OTHER for s in stored)
        over |= {place: {"version": OTHER} for place in places[max(0, left) :]}
    return over
