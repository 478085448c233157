"""What a look reads of a rollout's buckets, and the hash of all that it reads; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ratchet.kernel.canonical import content_hash
from ratchet.kernel.clock import EPOCH
from ratchet.kernel.ids import join_key
from ratchet.observe.rollout_buckets import merge
from ratchet.observe.watch import SHADOW
from ratchet.rollouts.metric import ERROR, METRICS, Metric
from ratchet.rollouts.metrics import Arm, Arms, by_place, total_of
from ratchet.rollouts.rules import Rules
from ratchet.rollouts.unknown import UNKNOWN
from ratchet.stats.moments import Ints
from ratchet.stats.quantiles import Histogram
from ratchet.stats.rollout_bucket import RolloutBucket, RolloutSums
from ratchet.stats.units import sum_units

_OF_SHADOWS = ("quality_w", "cost_wx")


@dataclass(frozen=True)
class Sums:
    """What each arm did in each step, as far as it is judged; `days` are the buckets' ids.

    `data` is the hash of the exact sums and of the units; `spent` what shadows cost. Units: USD.
    """

    arms: Arms
    days: tuple[str, ...]
    data: str
    spent: float

    def units(self, name: str) -> float:
        """Return how many distinct units an arm met, in all steps."""
        return sum_units(arm.units for (_, of), arm in self.arms.items() if of == name).count()

    def total(self, name: str, field: str) -> float:
        """Return a sum of an arm over all steps."""
        return sum(arm.total(field) for (_, of), arm in self.arms.items() if of == name)


def unknown_of(rules: Rules) -> dict[str, Metric]:
    """Return what must be known alike in both arms for all terms to be judged."""
    names = {name for term in rules.terms for name in term.about.rests_on}
    return {name: UNKNOWN[name] for name in UNKNOWN if name in names or name == "outcome"}


def read_sums(rules: Rules, buckets: Iterable[RolloutBucket], *, shadow: bool = False) -> Sums:
    """Return what buckets hold, the same whether they are of shards, hours or days."""
    read = list(buckets)
    asked = [term.about for term in rules.terms] + list(unknown_of(rules).values())
    beside = _OF_SHADOWS if shadow else ()
    fields = sorted({"exposures", "n", *beside, *(f for m in asked for f in m.fields)})
    exact = {
        place: {field: total_of(sums, field) for field in fields}
        for place, sums in _sums(read, codes=any(f.startswith(ERROR) for f in fields)).items()
    }
    units = {place: sum_units(b.units for b in group) for place, group in by_place(read).items()}
    told = {
        join_key(*place): {f: ",".join(map(str, values.tolist())) for f, values in sums.items()}
        | {"units": units[place].packed.hex()}
        for place, sums in exact.items()
    }
    arms = {
        place: Arm({f: v.astype(np.float64) for f, v in sums.items()}, units[place], Histogram())
        for place, sums in exact.items()
    }
    spent = _spent(exact) if shadow else 0.0
    days = sorted({(b.rollout, b.step, b.arm, f"{b.hour:%Y%m%d}") for b in read})
    return Sums(arms, tuple(join_key(*day) for day in days), content_hash(told), spent)


def _spent(exact: Mapping[tuple[int, str], Mapping[str, Ints]]) -> float:
    """Return what shadows cost, as far as it is known."""
    costs = (sums["cost_wx"].tolist() for (_, arm), sums in exact.items() if arm.startswith(SHADOW))
    return float(sum(map(sum, costs)) / METRICS["cost"].scale)


def _sums(
    buckets: Sequence[RolloutBucket], *, codes: bool
) -> dict[tuple[int, str], list[RolloutSums]]:
    """Return the sums of each step and arm.

    A day's bucket names no more error codes than an hour's, so where codes are judged they are
    first merged as the roll merges them.
    """
    if not codes:
        return {place: [b.sums for b in group] for place, group in by_place(buckets).items()}
    days = merge(merge(buckets, "hour", EPOCH), "day", EPOCH)
    return {place: [b.sums for b in group] for place, group in by_place(days).items()}
