"""Where runs count: in which buckets, as long as a component's day has not too many versions."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from ratchet.kernel.clock import DAY
from ratchet.runs.run import Counted
from ratchet.runs.trend import buckets_query
from ratchet.stats.bucket import OTHER
from ratchet.stats.run_sums import RunBucket, run_bucket_key
from ratchet.store.port import Ref
from ratchet.store.transact import Transaction

MAX_VERSIONS = 20  # of a component, counted by name on one day; the rest is `other`


class Place(NamedTuple):
    """What one bucket of runs is about."""

    component: str
    version: str
    day: datetime

    @property
    def ref(self) -> Ref:
        """Where its bucket is."""
        return Ref(RunBucket.collection, run_bucket_key(*self))


def place_of(counted: Counted) -> Place:
    """Return where a run counts."""
    return Place(counted.component, counted.version, counted.day)


def placed(
    tx: Transaction, wanted: Sequence[Counted], present: Sequence[Counted | None]
) -> list[Counted]:
    """Return what some runs count, over the cap of their day as `other`; `present` is as of now.

    A run that stays with its component, version and day stays in its bucket. Shapes: equal.
    """
    moving = {
        place_of(new)
        for new, old in zip(wanted, present, strict=True)
        if old is None or place_of(new) != place_of(old)
    }
    over = _over(tx, sorted(moving))
    return [
        new.model_copy(update={"version": OTHER}) if place_of(new) in over else new
        for new in wanted
    ]


def _over(tx: Transaction, moving: Sequence[Place]) -> set[Place]:
    """Return the places without a bucket on days that have as many versions as are counted."""
    found = tx.fetch([place.ref for place in moving])
    new = [place for place, stored in zip(moving, found, strict=True) if stored is None]
    by_day: defaultdict[tuple[str, datetime], list[Place]] = defaultdict(list)
    for place in new:
        by_day[place.component, place.day].append(place)
    over: set[Place] = set()
    for (component, day), places in by_day.items():
        stored = tx.query(buckets_query(component, day, day + DAY))
        room = MAX_VERSIONS - sum(s.data.get("version") != OTHER for s in stored)
        over.update(places[max(0, room) :])
    return over
